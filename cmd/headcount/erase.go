package main

import (
	"io"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/terminal"
)

const eraseLong = `erase carries out every request to erase that compact met. It rewrites the
archive and the Collector's files that are given, so that nothing of an erased
identifier is left in them. Reports of it that come later stay out: the
archive keeps a keyed hash of the identifier, and not the identifier.

It prints a receipt: when, how many requests, reports and files, and no
identifier. The receipt is kept in the archive too. It counts the files that
compact has read and no erase has searched: give them, or their directory.

The file that a Collector writes now is never edited. What must go from it
goes when it is rotated and erase runs again; the receipt says so. A file
found in a directory is taken for one that is written, unless its name is that
of a rotated file. --closed says that no Collector writes to any of them.

With --store it removes every row of the installation from every table, and
waits until that is done.

What was exported or copied before is not known here: erase it there too.`

const eraseExample = `  headcount erase --archive archive /var/lib/otelcol
  headcount erase --archive archive --format json old.jsonl > receipt.json
  headcount erase --archive archive --closed old/usage.jsonl
  headcount erase --store clickhouse://erase@ch.example:8123/headcount`

func eraseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "erase (--archive DIR [FILE|DIR…] | --store URL)",
		Short:   "Carry out the requests to erase",
		Long:    eraseLong,
		Example: eraseExample,
	}
	from := addPlace(cmd)
	closed := cmd.Flags().Bool("closed", false, "no Collector writes to the files any more")
	format := addFormat(cmd, "table", "json")
	cmd.RunE = func(cmd *cobra.Command, files []string) error {
		stderr := cmd.ErrOrStderr()
		progress := terminal.NewProgress(stderr, terminal.Of(stderr), "erase", terminal.Bytes, time.Now)
		receipt, err := from.erase(cmd.Context(), archive.EraseOptions{
			Files: files, Closed: *closed, Now: time.Now(), Progress: progress.Update,
		})
		progress.Done()
		if err != nil {
			return interrupted(cmd.Context(), err, "run headcount erase again: it finishes what is left")
		}
		w := cmd.OutOrStdout()
		if format.value == "json" {
			return export.Indented(w, receipt)
		}
		_, err = io.WriteString(w, terminal.Of(w).Facts(receiptFacts(receipt)))
		return err
	}
	return cmd
}
