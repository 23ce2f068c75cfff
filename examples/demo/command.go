package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// command runs headcount, in the demo's temporary directory, and returns its
// output.
func (d *demo) command(ctx context.Context, args ...string) (string, error) {
	var out, said bytes.Buffer
	c := exec.CommandContext(ctx, d.binary, args...)
	c.Dir, c.Stdout, c.Stderr = d.work, &out, &said
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("headcount %s: %w: %s", args[0], err, said.String())
	}
	return out.String(), nil
}

// shown prints a command line of headcount and runs it. What it says goes
// straight to the terminal, where it is in colour.
func (d *demo) shown(ctx context.Context, args ...string) error {
	d.line(args)
	c := exec.CommandContext(ctx, d.binary, args...)
	c.Dir, c.Stdout, c.Stderr = d.work, d.out, d.out
	if err := c.Run(); err != nil {
		return fmt.Errorf("headcount %s: %w", args[0], err)
	}
	fmt.Fprintln(d.out)
	return nil
}

func (d *demo) line(args []string) {
	fmt.Fprintf(d.out, "$ headcount %s\n", strings.Join(args, " "))
}
