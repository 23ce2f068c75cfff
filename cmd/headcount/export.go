package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const exportLong = `export writes the two shapes in which statistics of this kind were saved as
single events: every value quoted, no header, in the order of installations
and, for each of them, of days.

actions: what was counted, a row each, from the growth of the totals:

"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","USER_CREATE"

  The time is the beginning of the report's day in UTC. A total that went
  back makes no rows. The face service's own names are USER_CREATE,
  APP_CREATE and the type of service before _CREATE. Any other name is the
  metric's without its first part, then the values of its labels, in upper
  case: affiliate.error with PAYOUT_FAILED is ERROR_PAYOUT_FAILED.

collections: the things of each range, a row each, once a day:

"2021-03-15 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","…","501-2000"

  The third value is a synthetic id. A report says how many there are in a
  range and not which, so the id is a hash of the installation, the metric,
  the range and a number in the range. It stays the same from day to day. It
  is not the id of a real collection, and two rows with the same id need not
  be of the same collection. The rows of one day are the things that
  headcount report --window 1 --as-of that day counts.

The identifier of an installation is pseudonymous data: keep what this
command writes as you keep the archive. headcount erase does not know it.

Reports that headcount prune removed are not exported; a note says so.

A report that would make more than --max-rows-per-report rows makes none. Such
reports and their rows are counted on the standard error.`

const exportExample = `  headcount export --archive archive actions --from 2026-11-01 --to 2026-11-30
  headcount export --archive archive collections --output collections.csv
  headcount export --archive archive actions | cut -d, -f3 | sort | uniq -c`

// exporters are what can be exported, by its word.
var exporters = map[string]func(context.Context, io.Writer, export.Source, export.Options) (export.Result, error){
	"actions":     export.Actions,
	"collections": export.Collections,
}

// An exportRequest is the command line of export.
type exportRequest struct {
	dir, file *string
	catalog   *catalogFlag
	from, to  *dateFlag
	maxRows   *countFlag
}

func exportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:       "export --archive DIR actions|collections",
		Short:     "Write actions or collections, a row each, as they used to be saved",
		Long:      exportLong,
		Example:   exportExample,
		ValidArgs: []string{"actions", "collections"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 && exporters[args[0]] != nil {
				return nil
			}
			return usage("export needs one of actions, collections, and got %q; see %s --help", strings.Join(args, " "), cmd.CommandPath())
		},
	}
	r := exportRequest{
		dir:     addArchive(cmd),
		catalog: addCatalog(cmd, "everything in the archive is exported"),
		from:    &dateFlag{day.None}, to: &dateFlag{day.None},
		maxRows: &countFlag{export.DefaultMaxRows, 1, math.MaxInt64},
		file:    addOutput(cmd),
	}
	cmd.Flags().Var(r.from, "from", "first day, as in 2026-11-01; without it, the first one")
	cmd.Flags().Var(r.to, "to", "last day; without it, the last one")
	cmd.Flags().Var(r.maxRows, "max-rows-per-report", "rows that one report may make")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return r.run(cmd, args[0])
	}
	return cmd
}

// options are what the command line asks for.
func (r exportRequest) options() (export.Options, error) {
	o := export.Options{View: r.catalog.list, From: day.First, To: day.Last, MaxRows: r.maxRows.value}
	if r.from.Day != day.None {
		o.From = r.from.Day
	}
	if r.to.Day != day.None {
		o.To = r.to.Day
	}
	if o.From > o.To {
		return o, usage("--from %s is after --to %s; exchange them", o.From, o.To)
	}
	return o, nil
}

func (r exportRequest) run(cmd *cobra.Command, what string) error {
	o, err := r.options()
	if err != nil {
		return err
	}
	a, err := archive.Open(*r.dir)
	if err != nil {
		return err
	}
	if _, err := r.catalog.viewOf(a); err != nil {
		return err
	}
	earlier, err := a.Earlier()
	if err != nil {
		return err
	}
	defer earlier.Close()
	o.Earlier = earlier.Totals
	before, err := reportsIn(cmd.Context(), a)
	if err != nil {
		return err
	}
	progress := progressOf(cmd.ErrOrStderr(), "writing", rows)
	if *r.file != "" || !terminal.Of(cmd.OutOrStdout()).Interactive {
		o.Progress = func(n int64) { progress.Update(n, 0) }
	}
	var result export.Result
	err = writeOutput(cmd, *r.file, 0o600, func(w io.Writer, _ terminal.Terminal) (err error) {
		result, err = exporters[what](cmd.Context(), w, a, o)
		return err
	})
	progress.Done()
	if err == nil {
		notes(cmd.ErrOrStderr(), o, result, before)
	}
	state := "the output ends in the middle"
	if *r.file != "" {
		state = *r.file + " is as it was"
	}
	return interrupted(cmd.Context(), err, state)
}

// notes says what was left out. before is how many reports there were.
func notes(w io.Writer, o export.Options, result export.Result, before int64) {
	if gone := before - result.Reports; gone > 0 {
		fmt.Fprintf(w, "headcount: note: %s left out, because headcount prune removed them\n",
			terminal.Count(gone, "report is", "reports are"))
	}
	if result.Left > 0 {
		fmt.Fprintf(w, "headcount: note: %s left out, of %s more than --max-rows-per-report %d allows in one\n",
			rows(result.LeftOut), terminal.Count(result.Left, "report that has", "reports that have"), o.MaxRows)
	}
}

// reportsIn is how many reports the answers are of: those that prune left as
// sums only are among them.
func reportsIn(ctx context.Context, a *archive.Archive) (n int64, err error) {
	tables, err := a.Tables(ctx)
	if err != nil {
		return 0, err
	}
	for _, d := range tables.Daily {
		n += d.Reports
	}
	return n, nil
}

func rows(n int64) string { return terminal.Count(n, "row", "rows") }
