// Demo shows the main job from end to end, with real parts: the quickstart
// as the product, the Collector with the shipped configuration, and the
// vendor's command headcount.
//
//  1. Not decided yet: no request, no file, no identifier.
//  2. With consent: what will be sent, byte for byte, and that it is sent.
//  3. What the Collector wrote, in the shape in which CompreFace, the face
//     service that this design comes from, saved its statistics.
//  4. The answers: a small fleet gets a history, its reports of today go
//     through the same Collector, and headcount says how many there are.
//  5. A no, and a request to erase: headcount carries it out, and what the
//     installation sent is in no file and in no figure.
//
// Each step is checked; the exit code is 1 when one does not hold.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// demo is what one run works with.
type demo struct {
	collector, quickstart, headcount, config, events string

	listen string
	keep   string // where the answers stay

	out  io.Writer
	work string // a temporary directory
	wire *forwarder
	day  string // today, in UTC
	stop func() // of the Collector that runs

	guid  string           // of the quickstart's installation
	past  string           // how many of the fleet have a history
	lines int              // in the Collector's file
	truth map[string]int64 // what the simulation counted while it made the fleet up

	binary string // headcount, which runs in the temporary directory
}

func main() {
	d := demo{out: os.Stdout}
	flag.StringVar(&d.collector, "collector", "", "the Collector's `binary`; needed")
	flag.StringVar(&d.quickstart, "quickstart", "", "the quickstart's `binary`; needed")
	flag.StringVar(&d.headcount, "headcount", "", "the `binary` of the vendor's command; needed")
	flag.StringVar(&d.config, "config", "collector-config.yaml", "the Collector's configuration `file`")
	flag.StringVar(&d.events, "events", "examples/quickstart/events.csv", "saved events to replay, a CSV `file`")
	flag.StringVar(&d.listen, "listen", "127.0.0.1:4318", "the `address` that the Collector listens on")
	flag.StringVar(&d.keep, "keep", ".cache/answers", "the `directory` in which the answers stay")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "demo shows the main job with real parts, from consent to the answers and an erasure, and checks each step.\n"+
			"make demo builds the parts and starts it. The exit code is 1 when something does not hold.\n\nFlags:")
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := d.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func (d *demo) run(ctx context.Context) (err error) {
	if d.collector == "" || d.quickstart == "" || d.headcount == "" {
		return errors.New("-collector, -quickstart and -headcount are needed: make demo builds them and names them")
	}
	if d.work, err = os.MkdirTemp("", "headcount-demo-"); err != nil {
		return err
	}
	defer os.RemoveAll(d.work)
	if d.binary, err = exec.LookPath(d.headcount); err == nil {
		d.binary, err = filepath.Abs(d.binary)
	}
	if err != nil {
		return err
	}
	if err := d.waitForOneDay(ctx); err != nil {
		return d.interrupted(ctx, err)
	}
	if err := os.Mkdir(filepath.Join(d.work, collected), 0o755); err != nil {
		return err
	}
	if err := d.startCollector(ctx); err != nil {
		return err
	}
	defer func() { d.stop() }() // of the one that runs then
	if d.wire, err = forward(d.listen); err != nil {
		return err
	}
	defer d.wire.close()
	for _, act := range []func(context.Context) error{d.undecided, d.consented, d.written, d.answered, d.erased, d.keepAnswers} {
		if err := act(ctx); err != nil {
			return d.interrupted(ctx, err)
		}
	}
	return nil
}

// interrupted is what is said of an error after Ctrl-C.
func (d *demo) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.New("interrupted; the Collector was stopped and nothing is left behind")
	}
	return err
}

// shortDay is how near to midnight the demo does not begin: the Collector
// stamps its own day, and the whole demo is to be of one.
const shortDay = 2 * time.Minute

// waitForOneDay waits until the demo can be of one day.
func (d *demo) waitForOneDay(ctx context.Context) error {
	now := time.Now()
	if wait := untilNextDay(now); wait > 0 {
		fmt.Fprintf(d.out, "waiting for midnight in UTC, %s: all reports of the demo are to be of one day\n", wait.Round(time.Second))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		now = now.Add(wait)
	}
	d.day = now.UTC().Format(time.DateOnly)
	return nil
}

// untilNextDay is how long it is to midnight in UTC, where that is near, and
// otherwise 0.
func untilNextDay(now time.Time) time.Duration {
	const day = 24 * time.Hour
	if left := now.Truncate(day).Add(day).Sub(now); left < shortDay {
		return left
	}
	return 0
}

// What is in the temporary directory, in which headcount runs.
const (
	collected = "collected" // the Collector's file, and those that were rotated
	archive   = "archive"
	state     = "state" // the product's
)

func (d *demo) state() string { return filepath.Join(d.work, state) }
func (d *demo) file() string  { return filepath.Join(d.work, collected, "usage.jsonl") }

func (d *demo) title(text string) { fmt.Fprintf(d.out, "\n== %s\n\n", text) }
