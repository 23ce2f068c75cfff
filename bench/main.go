package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func main() {
	testing.Init() // before the flags: the length of a turn is one of its
	o := options{}
	flag.IntVar(&o.rounds, "rounds", 200, "how many times each contender is measured")
	flag.DurationVar(&o.turn, "turn", 200*time.Microsecond, "how long each time")
	asJSON := flag.Bool("json", false, "print the record, not the tables")
	render := flag.Bool("render", false, "measure nothing: render the documents from the record")
	record := flag.String("record", "record.json", "where the record is kept; empty: nothing is written")
	docs := flag.String("docs", "../docs", "where performance.md and performance.svg are")
	flag.Parse()
	if err := run(o, *record, *docs, *asJSON, *render); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options, record, docs string, asJSON, render bool) error {
	var r Record
	var err error
	if render {
		r, err = load(record)
	} else {
		r, err = measure(o, func(line string) { fmt.Fprintln(os.Stderr, line) })
	}
	if err != nil {
		return err
	}
	if !render && record != "" {
		if err := save(record, r); err != nil {
			return err
		}
	}
	if record != "" {
		if err := document(docs, r); err != nil {
			return err
		}
	}
	if asJSON {
		data, err := r.json()
		if err == nil {
			_, err = os.Stdout.Write(data)
		}
		return err
	}
	_, err = fmt.Print(tables(r))
	return err
}

// measure takes every figure of a run.
func measure(o options, say func(string)) (Record, error) {
	dir, err := os.MkdirTemp("", "headcount-bench-")
	if err != nil {
		return Record{}, err
	}
	defer os.RemoveAll(dir)
	r := Record{Date: time.Now().UTC().Format("2006-01-02 15:04 MST"), Machine: machine(), Rounds: o.rounds, Turn: o.turn.String()}

	say(fmt.Sprintf("bench: what a call costs: %d rounds of %v", o.rounds, o.turn))
	if r.Calls, err = calls(contenders(), dir, o); err != nil {
		return r, err
	}
	say("bench: what is on the wire")
	if r.Wire, err = wire(filepath.Join(dir, "wire")); err != nil {
		return r, err
	}
	say("bench: how binaries grow (the first time they are compiled)")
	if r.Binaries, err = binaries(dir); err != nil {
		return r, err
	}
	say("bench: what a client holds while it is idle")
	if r.Footprints, err = footprints(dir, min(o.rounds, 30)); err != nil {
		return r, err
	}
	return r, nil
}
