package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
)

// undecided is the first step.
func (d *demo) undecided(ctx context.Context) error {
	d.title("1. Not decided yet")
	fmt.Fprint(d.out, "The quickstart is the product. It does a day's work and is told to send a report now. No one has said yes or no.\n\n")
	if err := d.product(ctx, nil); err != nil {
		return err
	}
	arrived, err := size(d.file())
	if err != nil {
		return err
	}
	_, missing := os.Stat(d.state())
	kept := "none"
	if !errors.Is(missing, fs.ErrNotExist) {
		kept = "some"
	}
	fmt.Fprintf(d.out, "\nconnections opened: %d\nfiles and identifiers made: %s\nbytes at the Collector: %d\n", d.wire.count(), kept, arrived)
	if d.wire.count() != 0 || kept != "none" || arrived != 0 {
		return errors.New("something moved without consent")
	}
	return nil
}

// consented is the second step.
func (d *demo) consented(ctx context.Context) error {
	d.title("2. With consent: COMPREFACE_TELEMETRY=accept:1")
	fmt.Fprint(d.out, "The same day's work once more, and now a variable says yes to notice 1. The quickstart shows what it sends:\n\n")
	if err := d.product(ctx, []string{"COMPREFACE_TELEMETRY=accept:1"}, "-preview"); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nThe preview names the host %s: the demo's own forwarder, which counts connections and passes them to the Collector.\n", d.wire.address())
	fmt.Fprintf(d.out, "connections opened: %d\n", d.wire.count())
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

// size is how many bytes a file has; 0 where there is none.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
