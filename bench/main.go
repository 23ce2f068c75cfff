package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const usage = `Measures what the library costs an application, beside its peers, and rewrites
docs/performance.md and docs/performance.svg. Nothing leaves the machine.

	go run . [flags]        in the directory bench, with GOWORK=off; or make bench

`

func main() {
	if len(os.Args) > 1 && os.Args[1] == "answers" {
		if err := answersMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	// The flags of package testing stay out of the way of ours: the length of a
	// turn is one of them, and set in the program.
	testing.Init()
	_ = flag.CommandLine.Parse(nil)
	o := options{}
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage); flags.PrintDefaults() }
	flags.IntVar(&o.rounds, "rounds", 200, "how many times each contender is measured")
	flags.DurationVar(&o.turn, "turn", 200*time.Microsecond, "how long each time")
	asJSON := flags.Bool("json", false, "print the record, not the tables")
	render := flags.Bool("render", false, "measure nothing: render the documents from the record")
	record := flags.String("record", "record.json", "the `file` of the record; empty: neither it nor the documents are written")
	docs := flags.String("docs", "../docs", "the `directory` of performance.md and performance.svg")
	_ = flags.Parse(os.Args[1:]) // which ends the program on an error
	if flags.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "bench: %q is not a flag\n", flags.Arg(0))
		flags.Usage()
		os.Exit(2)
	}
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
