package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/audit/archived"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const auditArchiveLong = `archive reads every file of an archive by itself: every column and every value
of its tables, and every text. It finds what is not in the catalog, what is
left of an installation that was erased, and what is kept for longer than the
notice promises. It changes nothing.

Without --catalog it judges by the catalog that the archive was made with.
Rejected lines are not on the list: they are kept for operators to look at,
for --raw-days.

Exit codes: 0 nothing was found, 1 findings, 2 nothing could be judged.`

const auditArchiveExample = `  headcount audit archive archive
  headcount audit archive --catalog compreface --months 13 --raw-days 7 archive
  headcount audit archive --format json archive > audit.json`

func auditArchiveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "archive DIR",
		Short:   "Look for what an archive should not hold",
		Long:    auditArchiveLong,
		Example: auditArchiveExample,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("one archive is needed, and got %d; see %s --help", len(args), cmd.CommandPath())
			}
			return nil
		},
	}
	catalog := addCatalog(cmd, "the one of the archive")
	var rawDays, months positiveFlag
	cmd.Flags().Var(&rawDays, "raw-days", "days for which rejected lines are kept (default what the catalog promises)")
	cmd.Flags().Var(&months, "months", "months for which single installations are kept (default what the catalog promises)")
	format := addFormat(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r, err := archived.Audit(args[0], archived.Options{Schema: catalog.list, RawDays: int(rawDays), Months: int(months), Now: time.Now()})
		if err != nil {
			return usage("cannot judge: %v", err)
		}
		w := cmd.OutOrStdout()
		if format.value == "json" {
			err = export.Indented(w, r)
		} else {
			_, err = io.WriteString(w, terminal.Of(w).Facts(archivedFacts(args[0], r)))
		}
		if err == nil && len(r.Findings) > 0 {
			err = findings(len(r.Findings))
		}
		return err
	}
	return cmd
}

func archivedFacts(dir string, r *archived.Result) terminal.Facts {
	f := terminal.Facts{
		Title: fmt.Sprintf("Audit of the archive %s by the list of %s: %s", dir, r.Product, r.Verdict),
		Lines: []string{
			fmt.Sprintf("%s and %s were read", terminal.Count(int64(r.Files), "file", "files"), terminal.Count(r.Rows, "row", "rows")),
			fmt.Sprintf("nothing may be left of %s", terminal.Count(int64(r.Erased), "erased installation", "erased installations")),
			fmt.Sprintf("single installations are kept for %s, rejected lines for %s", terminal.Count(int64(r.Months), "month", "months"), terminal.Count(int64(r.RawDays), "day", "days")),
		},
	}
	f.Lines = append(f.Lines, r.Notes...)
	for _, x := range r.Findings {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%s: %s: %s (%s); proof: %s", x.Kind, x.File, x.What, terminal.Count(int64(x.Times), "time", "times"), x.Proof))
	}
	return f
}
