package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const compactLong = `compact reads the Collector's files into an archive of Parquet files, which it
makes where there is none. A directory stands for the files in it.

It remembers how far it has read each file: the next run reads what is new,
also of the file that the Collector writes now, and a rotated file is not
read twice. It never moves, renames or edits a file of the Collector. Gzip
files are read too.

What is not a report of the catalog is counted by kind and kept in
rejected.jsonl in the archive. It is never silent, and fatal only where a new
archive's catalog fits not one of 10 or more reports: then it is the wrong one.

A crash or an interrupt leaves the archive as it was. Two at once on one
archive are refused, and so is root on the archive of another user.

Give each Collector a file of its own: two Collectors that write to one file
lose reports. Do not remove or move the file that a Collector writes to: it
goes on into the removed file.`

const compactExample = `  headcount compact --archive archive --catalog compreface /var/lib/otelcol
  headcount compact --archive archive usage.jsonl usage-2026-11-20*.jsonl.gz
  headcount compact --archive archive --format json /var/lib/otelcol`

func compactCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "compact --archive DIR FILE|DIR…",
		Short:   "Read the Collector's files into the archive",
		Long:    compactLong,
		Example: compactExample,
		Args:    someFiles,
	}
	dir := addArchive(cmd)
	catalog := addCatalog(cmd, "the one of the last time, or the names in the data")
	format := addFormat(cmd, "table", "json", "csv")
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		done, err := compact(cmd, *dir, archive.CompactOptions{Files: files, Catalog: catalog.name})
		if err != nil {
			return err
		}
		return compactFormats[format.value](cmd.OutOrStdout(), *dir, done)
	}
	return cmd
}

func someFiles(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return nil
	}
	return usage("%s needs the Collector's files or their directory; see %s --help", cmd.CommandPath(), cmd.CommandPath())
}

// compact compacts with progress.
func compact(cmd *cobra.Command, dir string, o archive.CompactOptions) (*archive.Compacted, error) {
	progress := progressOf(cmd.ErrOrStderr(), "compact", terminal.Bytes)
	o.Progress = progress.Update
	done, err := archive.Compact(cmd.Context(), dir, o)
	progress.Done()
	return done, interrupted(cmd.Context(), err, "the archive is as it was")
}

// compactFormats write what a compaction did.
var compactFormats = map[string]func(w io.Writer, dir string, c *archive.Compacted) error{
	"table": compactTable,
	"json":  compactJSON,
	"csv":   compactCSV,
}

// list is a list that is [] in JSON when it is empty.
func list(s []string) []string { return append([]string{}, s...) }

func compactJSON(w io.Writer, _ string, c *archive.Compacted) error {
	all := *c
	all.Months, all.Warnings = list(c.Months), list(c.Warnings)
	return export.Indented(w, all)
}

func compactTable(w io.Writer, dir string, c *archive.Compacted) error {
	f := terminal.Facts{
		Title: fmt.Sprintf("Read %s of %s, %d of them unchanged", terminal.Bytes(c.Bytes), terminal.Count(int64(c.Files), "file", "files"), c.Unchanged),
		Lines: []string{fmt.Sprintf("%s new in %s", terminal.Count(c.Reports, "report", "reports"), dir)},
		Kinds: c.Kinds, KindsOf: "Not taken, kept in " + filepath.Join(dir, "rejected.jsonl") + ":",
		Warnings: c.Warnings,
	}
	if c.Renamed > 0 {
		f.Lines = append(f.Lines, terminal.Count(int64(c.Renamed), "file", "files")+" known under another name")
	}
	if n := len(c.Months); n > 0 {
		span := c.Months[0]
		if n > 1 {
			span += " to " + c.Months[n-1]
		}
		f.Lines = append(f.Lines, fmt.Sprintf("%s written: %s", terminal.Count(int64(n), "month", "months"), span))
	}
	if c.Erasures > 0 {
		f.Lines = append(f.Lines, terminal.Count(c.Erasures, "request", "requests")+" to erase, which headcount erase carries out")
	}
	if c.LateErased > 0 {
		f.Lines = append(f.Lines, terminal.Count(c.LateErased, "report", "reports")+" of erased installations kept out")
	}
	_, err := io.WriteString(w, terminal.Of(w).Facts(f))
	return err
}

// compactCSV has the columns figure, kind and value.
func compactCSV(w io.Writer, _ string, c *archive.Compacted) error {
	rows := [][]string{
		{"figure", "kind", "value"},
		{"files", "", strconv.Itoa(c.Files)},
		{"unchanged", "", strconv.Itoa(c.Unchanged)},
		{"renamed", "", strconv.Itoa(c.Renamed)},
		{"bytes", "", strconv.FormatInt(c.Bytes, 10)},
		{"reports", "", strconv.FormatInt(c.Reports, 10)},
		{"erasures", "", strconv.FormatInt(c.Erasures, 10)},
		{"late_erased", "", strconv.FormatInt(c.LateErased, 10)},
	}
	for _, kind := range slices.Sorted(maps.Keys(c.Kinds)) {
		rows = append(rows, []string{"kinds", kind, strconv.FormatInt(c.Kinds[kind], 10)})
	}
	return csv.NewWriter(w).WriteAll(rows)
}
