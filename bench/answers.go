package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

const answersUsage = `Measures the vendor's command beside DuckDB, as whole processes, and rewrites its
part of docs/performance.md. It takes about a quarter of an hour and
25 GB for temporary files, in TMPDIR.

	go run . answers [flags]    in the directory bench, with GOWORK=off; or make bench-answers

`

// answersOptions say how large a run is.
type answersOptions struct {
	small, smallDays int   // installations and days of the fleet that both read
	large, largeDays int   // of the one that only headcount reads
	slice            int64 // bytes of the large one that are on the disk at a time
	rounds           int   // how often what is short is measured
}

var (
	whole = answersOptions{small: 100_000, smallDays: 30, large: 1_000_000, largeDays: 60, slice: 8 << 30, rounds: 5}
	brief = answersOptions{small: 5_000, smallDays: 30, large: 20_000, largeDays: 60, slice: 500 << 20, rounds: 3}
)

// answersMain is the program's other command.
func answersMain(args []string) error {
	flags := flag.NewFlagSet("bench answers", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(flags.Output(), answersUsage); flags.PrintDefaults() }
	short := flags.Bool("short", false, "a twentieth of the reports; nothing is written")
	render := flags.Bool("render", false, "measure nothing: render the document from the record")
	record := flags.String("record", "answers.json", "the `file` of the record")
	docs := flags.String("docs", "../docs", "the `directory` of performance.md")
	_ = flags.Parse(args) // which ends the program on an error
	if flags.NArg() > 0 {
		return fmt.Errorf("answers: %q is not a flag", flags.Arg(0))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var a Answers
	var err error
	switch {
	case *render:
		err = loadJSON(*record, &a)
	case *short:
		a, err = measureAnswers(ctx, brief, say)
	default:
		if a, err = measureAnswers(ctx, whole, say); err == nil {
			err = saveJSON(*record, a)
		}
	}
	if err != nil {
		return err
	}
	if !*short {
		if err := answersDocument(*docs, a); err != nil {
			return err
		}
	}
	_, err = fmt.Print(answersTables(a))
	return err
}

func say(line string) { fmt.Fprintln(os.Stderr, line) }

// Answers is everything that one run measured of the vendor's half.
type Answers struct {
	Date     string    `json:"date"`
	Machine  Machine   `json:"machine"`
	Parse    Parse     `json:"parse"`
	Months   []Compact `json:"months"` // the small fleet: in one month, and over two
	DuckDB   Spent     `json:"duckdb"` // the first of Months, read by DuckDB
	Report   []Spent   `json:"report"` // of the small fleet; each run
	HTML     []Spent   `json:"html"`   // the page
	Page     int64     `json:"page"`   // its bytes
	Erase    Erase     `json:"erase"`
	Large    Large     `json:"large"`
	Compared int       `json:"compared"` // figures that are equal to DuckDB's
}

// A Compact is a fleet and what it took to compact it, with one thread.
type Compact struct {
	What          string  `json:"what"`
	Installations int     `json:"installations"`
	Days          int     `json:"days"`
	Reports       int64   `json:"reports"`
	Bytes         int64   `json:"bytes"`   // of JSON
	Archive       int64   `json:"archive"` // bytes
	Runs          []Spent `json:"runs"`    // each into an archive of its own
}

// An Erase is what a request of one installation takes.
type Erase struct {
	Request Spent `json:"request"` // compact of the request
	Archive Spent `json:"archive"` // erase, the archive alone
	Raw     Spent `json:"raw"`     // erase, once more, with the Collector's file
}

// A Large is a fleet that is compacted in slices.
type Large struct {
	Compact         // Runs are the slices
	Report  []Spent `json:"report"`
	HTML    []Spent `json:"html"`
	More    Compact `json:"more"` // one more day
}

// A rig is a run while it is measured.
type rig struct {
	ctx       context.Context
	dir       string
	o         answersOptions
	headcount string
	duckdb    string
	say       func(string)
}

// measureAnswers takes every figure of a run.
func measureAnswers(ctx context.Context, o answersOptions, say func(string)) (a Answers, err error) {
	a = Answers{Date: time.Now().UTC().Format("2006-01-02 15:04 MST"), Machine: machine()}
	dir, err := os.MkdirTemp("", "headcount-answers-")
	if err != nil {
		return a, err
	}
	defer os.RemoveAll(dir)
	r := &rig{ctx: ctx, dir: dir, o: o, headcount: filepath.Join(dir, "headcount"), duckdb: filepath.Join(dir, "duckdb"), say: say}
	for _, step := range []struct {
		what string
		do   func(*Answers) error
	}{
		{"building headcount and the peer", r.build},
		{"the parser alone", r.parse},
		{"one month", r.month},
		{"the answers", r.answers},
		{"DuckDB", r.peer},
		{"one request to erase", r.erase},
		{"two months", r.months},
		{"the large fleet, in slices", r.large},
	} {
		say("bench: " + step.what)
		if err := step.do(&a); err != nil {
			return a, fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return a, nil
}
