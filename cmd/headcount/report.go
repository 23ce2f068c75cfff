package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/page"
	"headcount.example/cmd/headcount/internal/schema"
	"headcount.example/cmd/headcount/internal/terminal"
)

// clock tells the time; tests set it.
var clock = time.Now

// maxWindow bounds --window, in days.
const maxWindow = 1000

const reportLong = `report answers how many installations are active, whether they grow or not,
what is popular, how large things are, and how healthy the input is.

All figures are as of the end of a day in UTC. The default is yesterday, the
last day that is complete. What is later does not exist in the answer. The
window is the days that end with that day, and shares are of the
installations that opted in and reported in it. What is not known is said to
be not known, and never shown as 0.

--format json has the whole answer. The same input gives the same bytes, once
the day is over.
--format csv has it in long form, one figure a row, with these columns:

` + export.ColumnsHelp

const reportExample = `  headcount report --archive archive
  headcount report --archive archive --as-of 2026-11-25 --window 7
  headcount report --archive archive --format html --output report.html
  headcount report --archive archive --format json | jq .installations
  headcount report --store clickhouse://answers@ch.example:8123/headcount`

// An answerWriter writes an answer in one format.
type answerWriter func(io.Writer, terminal.Terminal, *answer.Answer, *schema.Schema) error

var reportFormats = map[string]answerWriter{
	"table": func(w io.Writer, t terminal.Terminal, a *answer.Answer, list *schema.Schema) error {
		return terminal.Report(w, t, a, list)
	},
	"json": func(w io.Writer, _ terminal.Terminal, a *answer.Answer, _ *schema.Schema) error {
		return export.JSON(w, a)
	},
	"csv": func(w io.Writer, _ terminal.Terminal, a *answer.Answer, _ *schema.Schema) error {
		return export.CSV(w, a)
	},
	"html": func(w io.Writer, _ terminal.Terminal, a *answer.Answer, list *schema.Schema) error {
		return page.Write(w, a, page.Options{List: list})
	},
}

func reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "report (--archive DIR | --store URL)",
		Short:   "Answer how many, growing or not, what is popular, how large",
		Long:    reportLong,
		Example: reportExample,
		Args:    noArguments,
	}
	from := addPlace(cmd)
	catalog := addCatalog(cmd, "the one that the archive was compacted with, or the names in the data")
	asOf := &dateFlag{day.None}
	window := &countFlag{answer.DefaultWindow, 1, maxWindow}
	cmd.Flags().Var(asOf, "as-of", "day of the report, as in 2026-11-25; without it, yesterday in UTC")
	cmd.Flags().Var(window, "window", fmt.Sprintf("days of the window, 1 to %d", maxWindow))
	format := addFormat(cmd, "table", "json", "csv", "html")
	file := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		on := asOf.Day
		if on == day.None {
			on = lastCompleteDay(clock())
		}
		read, err := from.load(cmd.Context(), catalog)
		if err != nil {
			return err
		}
		a := read.answer(on, int(window.value))
		a.AsKnownOn(day.Of(clock()))
		write := reportFormats[format.value]
		err = writeOutput(cmd, *file, 0o644, func(w io.Writer, t terminal.Terminal) error { return write(w, t, a, read.list) })
		if err == nil {
			reportNotes(cmd.ErrOrStderr(), a, day.Of(clock()), format.value != "table" || *file != "")
		}
		return err
	}
	return cmd
}

// reportNotes says what a reader of the answer must know. That the newest
// report is old is said where the answer itself is not on the terminal.
func reportNotes(w io.Writer, a *answer.Answer, today day.Day, elsewhere bool) {
	notes := []string{a.NotOver(today)}
	if elsewhere {
		notes = append(notes, a.Stale())
	}
	for _, note := range notes {
		if note != "" {
			fmt.Fprintf(w, "headcount: note: %s\n", note)
		}
	}
}
