// Demo shows the main job from end to end, with real parts: the quickstart
// as the product, and the Collector with the shipped configuration.
//
//  1. Nobody has decided: no request, no file, no identifier.
//  2. With consent: what will be sent, byte for byte, and that it is sent.
//  3. What the Collector wrote, in the shape in which CompreFace, the face
//     service that this design comes from, saved its statistics.
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
	"slices"
	"syscall"
	"time"
)

// demo is what one run works with.
type demo struct {
	collector, quickstart, config, events string
	listen                                string

	out  io.Writer
	work string // a temporary directory
	wire *forwarder
}

func main() {
	d := demo{out: os.Stdout}
	flag.StringVar(&d.collector, "collector", "", "the Collector's `binary`")
	flag.StringVar(&d.quickstart, "quickstart", "", "the quickstart's `binary`")
	flag.StringVar(&d.config, "config", "collector-config.yaml", "the Collector's configuration `file`")
	flag.StringVar(&d.events, "events", "examples/quickstart/events.csv", "saved events to replay, a CSV `file`")
	flag.StringVar(&d.listen, "listen", "127.0.0.1:4318", "the `address` that the Collector listens on")
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
	if d.work, err = os.MkdirTemp("", "headcount-demo-"); err != nil {
		return err
	}
	defer os.RemoveAll(d.work)
	stop, err := d.startCollector(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if d.wire, err = forward(d.listen); err != nil {
		return err
	}
	defer d.wire.close()
	for _, act := range []func(context.Context) error{d.undecided, d.consented, d.written} {
		if err := act(ctx); err != nil {
			if ctx.Err() != nil {
				return errors.New("interrupted; the Collector was stopped and nothing is left behind")
			}
			return err
		}
	}
	return nil
}

func (d *demo) state() string { return filepath.Join(d.work, "state") }
func (d *demo) file() string  { return filepath.Join(d.work, "usage.jsonl") }

func (d *demo) title(text string) { fmt.Fprintf(d.out, "\n== %s\n\n", text) }

func (d *demo) undecided(ctx context.Context) error {
	d.title("1. Nobody has decided")
	if err := d.product(ctx, nil); err != nil {
		return err
	}
	rows, err := readRows(d.file())
	if err != nil {
		return err
	}
	_, missing := os.Stat(d.state())
	kept := "none"
	if !errors.Is(missing, os.ErrNotExist) {
		kept = "some"
	}
	fmt.Fprintf(d.out, "\nconnections opened: %d\nfiles and identifiers made: %s\nrows at the Collector: %d\n", d.wire.count(), kept, len(rows))
	if d.wire.count() != 0 || kept != "none" || len(rows) != 0 {
		return errors.New("something moved without consent")
	}
	return nil
}

func (d *demo) consented(ctx context.Context) error {
	d.title("2. With consent: COMPREFACE_TELEMETRY=accept:1")
	if err := d.product(ctx, []string{"COMPREFACE_TELEMETRY=accept:1"}, "-preview"); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nconnections opened: %d\n", d.wire.count())
	if d.wire.count() != 1 {
		return fmt.Errorf("%d connections for one report", d.wire.count())
	}
	return nil
}

// product runs the quickstart with the saved examples as its day's work. Its
// environment is empty but for what is given, so that no variable of this
// terminal decides.
func (d *demo) product(ctx context.Context, environment []string, flags ...string) error {
	args := append([]string{"-endpoint", "http://" + d.wire.address(), "-dir", d.state(),
		"-events", d.events, "-faces", "700,0,5,300", "-now"}, flags...)
	c := exec.CommandContext(ctx, d.quickstart, args...)
	c.Env = append([]string{"PATH=/usr/bin:/bin"}, environment...)
	c.Stdout, c.Stderr = d.out, d.out
	if err := c.Run(); err != nil {
		return fmt.Errorf("quickstart: %w", err)
	}
	return nil
}

// expected is what the saved examples and the four collections come to.
var expected = []string{
	"USER_CREATE", "APP_CREATE", "FACE_DETECTION_CREATE", "FACE_RECOGNITION_CREATE", "FACE_VERIFICATION_CREATE",
	"0", "1-10", "201-500", "501-2000",
}

func (d *demo) written(ctx context.Context) error {
	d.title("3. What the Collector wrote")
	deadline := time.Now().Add(patience)
	var rows []row
	for len(rows) == 0 {
		var err error
		if rows, err = readRows(d.file()); err != nil {
			return err
		}
		if len(rows) == 0 && time.Now().After(deadline) {
			return errors.New("the report was taken, but the Collector wrote nothing")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
	// The Collector keeps no order among the points of one statistic.
	slices.SortStableFunc(rows, func(a, b row) int { return slices.Index(expected, a.what) - slices.Index(expected, b.what) })
	var got []string
	for _, r := range rows {
		fmt.Fprintln(d.out, r)
		got = append(got, r.what)
	}
	if !slices.Equal(got, expected) {
		return fmt.Errorf("the Collector wrote %q, not %q", got, expected)
	}
	fmt.Fprintf(d.out, "\n%d rows, as in the saved examples: one user, one application, three services, and collections of 0, 5, 300 and 700 faces.\n", len(rows))
	return nil
}
