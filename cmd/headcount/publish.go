package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/clickhouse"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/publish"
	"headcount.example/cmd/headcount/internal/schema"
	"headcount.example/cmd/headcount/internal/terminal"
)

const publishLong = `publish writes what may be shown to the world: index.html, stats.json with
stats.schema.json, and badge.svg. Other files in the directory stay.

Every figure is a number of installations. Figures below 10 are hidden, and
further ones from which a hidden one could be computed. The others are
rounded to 10. A figure that was published before is renewed only when 10
installations or more changed their part in it. docs/publishing.md says why,
and what this does not protect against.

What was published is recorded in publish.json in the archive. Keep it as
long as the archive: the rules compare with it. The page of a day that was
published is written again from the record with --as-of and that day.

A page comes once in --period days at most; before that the exit code is 1.
Without a catalog only the numbers of installations are published, because
the other names come from the data.`

const publishExample = `  headcount publish --archive archive --out public
  headcount publish --archive archive --out public --as-of 2026-11-25
  headcount publish --archive archive --out look --preview
  headcount publish --store clickhouse://answers@ch.example --record published --out public`

// A publishRequest is the command line of publish.
type publishRequest struct {
	place
	out     *string
	catalog *catalogFlag
	asOf    *dateFlag
	period  *countFlag
	preview *bool
	record  *string
}

func publishCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "publish (--archive DIR | --store URL) --out DIR",
		Short:   "Write the page and the badge that may be shown to the world",
		Long:    publishLong,
		Example: publishExample,
		Args:    noArguments,
	}
	r := publishRequest{
		place:   addPlace(cmd),
		record:  cmd.Flags().String("record", "", "with --store: directory that keeps publish.json, the record of what was published"),
		out:     cmd.Flags().String("out", "", "directory of the page; it is made where it does not exist (needed)"),
		catalog: addCatalog(cmd, "the catalog of the archive"),
		asOf:    &dateFlag{day.None},
		period:  &countFlag{publish.DefaultPeriod, publish.LeastPeriod, 3660},
		preview: cmd.Flags().Bool("preview", false, "write a page marked as a preview, and record nothing"),
	}
	_ = cmd.MarkFlagDirname("out")
	cmd.Flags().Var(r.asOf, "as-of", "last day that counts, a complete one; without it, yesterday in UTC")
	cmd.Flags().Var(r.period, "period", "days from one page to the next")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return r.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
	}
	return cmd
}

func (r publishRequest) run(ctx context.Context, stdout, stderr io.Writer) error {
	if *r.out == "" {
		return usage("--out DIR is needed: the directory of the page; see headcount publish --help")
	}
	if err := noArchive("out", *r.out); err != nil {
		return err
	}
	from, view, err := r.source(ctx)
	if err != nil {
		return err
	}
	record := *r.archive
	if *r.store != "" {
		record = *r.record
	}
	progress := progressOf(stderr, "reading", reports)
	result, err := publish.Publish(ctx, &watched{from, progress}, publish.Options{
		Archive: record, Out: *r.out, View: view, AsOf: r.asOf.Day,
		Today: day.Of(time.Now()), Period: int(r.period.value), Preview: *r.preview,
	})
	progress.Done()
	if err != nil {
		return interrupted(ctx, err, "nothing was published")
	}
	if w := result.Warning(); w != "" {
		fmt.Fprintf(stderr, "headcount: warning: %s\n", w)
	}
	fmt.Fprintf(stdout, "%s: %s\n", filepath.Join(*r.out, "index.html"), result)
	return nil
}

// source opens the place of the reports, and says in whose order answers are.
func (r publishRequest) source(ctx context.Context) (publish.Source, *schema.Schema, error) {
	if *r.store != "" {
		if *r.record == "" {
			return nil, nil, usage("--record DIR is needed with --store: the directory that keeps the record of what was published; see headcount publish --help")
		}
		s, err := clickhouse.Open(ctx, *r.store)
		if err != nil {
			return nil, nil, err
		}
		view, err := r.catalog.view("store "+s.Name(), s.View())
		return s, view, err
	}
	a, err := archive.Open(*r.archive)
	if err != nil {
		return nil, nil, err
	}
	view, err := r.catalog.viewOf(a)
	return a, view, err
}

func reports(n int64) string { return terminal.Count(n, "report", "reports") }

// watched shows how many reports have been read.
type watched struct {
	publish.Source
	progress *terminal.Progress
}

func (w *watched) Reports(ctx context.Context, do func(*schema.Report) error) error {
	n := int64(0)
	return w.Source.Reports(ctx, func(r *schema.Report) error {
		if n++; n%4096 == 0 {
			w.progress.Update(n, 0)
		}
		return do(r)
	})
}
