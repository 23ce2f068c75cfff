package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// fleet is what the demo makes up, as arguments of headcount simulate.
var fleet = []string{"--installations", "200", "--days", "84", "--clean"}

// answered is the fourth step.
func (d *demo) answered(ctx context.Context) error {
	d.title("4. The answers")
	fmt.Fprintf(d.out, `So far there is one installation. The demo makes up more. The Collector stamps its own day on a report, so
a history cannot be sent to it: theirs is written into a file, in the Collector's format. Their reports of
today, %s, are sent through the Collector that runs here. The commands run in a directory that goes when the
demo ends; below is how to ask what stays.

`, d.day)
	if err := d.simulate(ctx); err != nil {
		return err
	}
	if err := d.shown(ctx, "compact", "--archive", archive, "history", collected); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "The report is as of today, %s, which is not over. Without --as-of it is as of yesterday.\n\n", d.day)
	if err := d.shown(ctx, "report", "--archive", archive, "--as-of", d.day); err != nil {
		return err
	}
	return d.check(ctx)
}

// historyLine is how many installations have a history.
var historyLine = regexp.MustCompile(`(?m)^[0-9,]+ reports? of ([0-9,]+) installations?`)

var sentLine = regexp.MustCompile(`(?m)^([0-9,]+) reports? sent`)

// simulate makes the fleet up, and waits until the Collector has written what
// was sent to it.
func (d *demo) simulate(ctx context.Context) error {
	args := append([]string{"simulate", "--end", d.day, "--out", "history", "--endpoint", "http://" + d.listen}, fleet...)
	d.line(args)
	out, err := d.command(ctx, args...)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out, out)
	found := sentLine.FindStringSubmatch(out)
	if found == nil {
		return fmt.Errorf("headcount simulate does not say how many reports it sent: %q", out)
	}
	past := historyLine.FindStringSubmatch(out)
	if past == nil {
		return fmt.Errorf("headcount simulate does not say how many installations have a history: %q", out)
	}
	d.past = past[1]
	sent, err := strconv.Atoi(found[1])
	if err != nil {
		return err
	}
	d.lines = 1 + sent // the first is the quickstart's
	return d.waitForLines(ctx, d.lines)
}

// keepAnswers leaves the page and the archive where they outlive the demo.
func (d *demo) keepAnswers(ctx context.Context) error {
	keep, err := filepath.Abs(d.keep)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(keep, 0o755); err != nil {
		return err
	}
	page := filepath.Join(keep, "answers.html")
	if _, err := d.command(ctx, "report", "--archive", archive, "--as-of", d.day, "--format", "html", "--output", page); err != nil {
		return err
	}
	if n, err := size(page); err != nil || n == 0 {
		return fmt.Errorf("%s has %d bytes (%v)", page, n, err)
	}
	copied := filepath.Join(keep, archive)
	if err := os.RemoveAll(copied); err != nil { // of an earlier demo
		return err
	}
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(d.work, archive))); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nThe answers as a page, to open in a browser:\n\n    %s\n\nThe same in the terminal:\n\n    cd %s\n    %s report --archive %s --as-of %s\n\nThe same live, with a choice of day and window:\n\n    %s serve --archive %s\n",
		filepath.Join(d.keep, "answers.html"), shell(d.keep), shell(d.binary), archive, d.day, shell(d.binary), archive)
	return nil
}

// shell writes a path as a shell reads it.
func shell(path string) string {
	if !strings.ContainsAny(path, " '\"$&()*;<>?[\\]`|~") {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
