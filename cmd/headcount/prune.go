package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const pruneLong = `prune removes what is older than it should be kept:

  rotated files of the Collector, of those given, that were compacted to the
  end and whose first report is --raw-days old;
  what was rejected, after the same time;
  what the archive holds of single installations, in months older than
  --months. Of these months the sums stay: answers stay the same.

Without the two flags it keeps what the notice promises, as the catalog of the
archive has it (report_days and figure_days). The file that a Collector writes
is never removed: rotate it more often than that. A warning names each file
that is kept and has older reports.

With --store it removes the reports of these months, keeps their sums, and
sums up every month that is over, so that the next answer reads the current
one alone. Run it each day.

A file that a Collector may write is never removed. What is kept, and why, is
said. --dry-run says what would be removed and removes nothing.`

const pruneExample = `  headcount prune --archive archive --dry-run /var/lib/otelcol
  headcount prune --archive archive /var/lib/otelcol
  headcount prune --archive archive --raw-days 7 --months 13 /var/lib/otelcol
  headcount prune --store clickhouse://erase@ch.example:8123/headcount`

func pruneCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "prune (--archive DIR [FILE|DIR…] | --store URL)",
		Short:   "Remove what is older than it should be kept",
		Long:    pruneLong,
		Example: pruneExample,
	}
	from := addPlace(cmd)
	var rawDays, months positiveFlag
	cmd.Flags().Var(&rawDays, "raw-days", fmt.Sprintf("days for which the Collector's files are kept (default what the catalog promises, else %d)", archive.DefaultRawDays))
	cmd.Flags().Var(&months, "months", fmt.Sprintf("months for which single installations are kept (default what the catalog promises, else %d)", archive.DefaultMonths))
	dryRun := cmd.Flags().Bool("dry-run", false, "only say what would be removed")
	format := addFormat(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		done, err := from.prune(cmd.Context(), archive.PruneOptions{
			Files: files, RawDays: int(rawDays), Months: int(months), DryRun: *dryRun, Now: time.Now(),
		})
		if err != nil {
			return interrupted(cmd.Context(), err, "run headcount prune again: it finishes what is left")
		}
		w := cmd.OutOrStdout()
		if format.value == "json" {
			return export.Indented(w, prunedJSON{*dryRun, done})
		}
		_, err = io.WriteString(w, terminal.Of(w).Facts(pruneFacts(done, *dryRun)))
		return err
	}
	return cmd
}

// A positiveFlag is a whole number, 1 or more. What is more than can be counted
// is as much as can be.
type positiveFlag int32

func (p *positiveFlag) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || n < 1 {
		return fmt.Errorf("%q is not a whole number of 1 or more", text)
	}
	*p = positiveFlag(min(n, math.MaxInt32))
	return nil
}

func (p *positiveFlag) String() string {
	if *p == 0 {
		return "" // not given
	}
	return strconv.Itoa(int(*p))
}

// Type is the word for the value in --help.
func (p *positiveFlag) Type() string { return "N" }

// A prunedJSON is archive.Pruned for other programs.
type prunedJSON struct {
	DryRun bool `json:"dry_run"`
	*archive.Pruned
}

func pruneFacts(p *archive.Pruned, dryRun bool) terminal.Facts {
	f := terminal.Facts{Title: "Removed"}
	if dryRun {
		f.Title = "Would be removed (dry run)"
	}
	f.Lines = append(f.Lines, fmt.Sprintf("%s of single installations in the archive, %s",
		terminal.Count(int64(len(p.Months)), "month", "months"), terminal.Count(p.Installations, "installation", "installations")))
	for _, m := range p.Months {
		f.Lines = append(f.Lines, "- "+m)
	}
	if p.Rejected > 0 {
		f.Lines = append(f.Lines, terminal.Count(p.Rejected, "line", "lines")+" of rejected.jsonl")
	}
	f.Lines = append(f.Lines, terminal.Count(int64(len(p.RawFiles)), "file", "files")+" of the Collector")
	for _, file := range p.RawFiles {
		f.Lines = append(f.Lines, "- "+file)
	}
	for _, k := range p.Kept {
		f.Lines = append(f.Lines, "kept: "+k)
	}
	for _, file := range p.Overdue {
		f.Warnings = append(f.Warnings, file+" holds reports for longer than is promised: rotate it each week (docs/operators.md#rotate-now), and run compact, erase and prune then")
	}
	return f
}
