package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/clickhouse"
	"headcount.example/cmd/headcount/internal/schema"
	"headcount.example/cmd/headcount/internal/terminal"
)

// A place is where the reports are: an archive or a store.
type place struct{ archive, store *string }

// addPlace adds --archive and --store, of which a command needs one.
func addPlace(cmd *cobra.Command) place {
	p := place{
		archive: cmd.Flags().String("archive", "", "directory of the archive (this or --store is needed)"),
		store:   cmd.Flags().String("store", "", "address of ClickHouse, as in clickhouse://user@host:8123/headcount; its password is in "+clickhouse.PasswordVariable),
	}
	_ = cmd.MarkFlagDirname("archive")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case *p.archive == "" && *p.store == "":
			return usage("--archive DIR is needed, or --store clickhouse://…: where the reports are; see %s --help", cmd.CommandPath())
		case *p.archive != "" && *p.store != "":
			return usage("--archive %s and --store %s are two places: give one of them", *p.archive, clickhouse.Hidden(*p.store))
		}
		return nil
	}
	return p
}

// load reads what answers are computed from.
func (p place) load(ctx context.Context, catalog *catalogFlag) (*source, error) {
	if *p.store == "" {
		return load(ctx, *p.archive, catalog)
	}
	s, err := clickhouse.Open(ctx, *p.store)
	if err != nil {
		return nil, err
	}
	list, err := catalog.view("store "+s.Name(), s.View())
	if err != nil {
		return nil, err
	}
	known, err := s.Known(ctx)
	if err != nil {
		return nil, err
	}
	tables, err := s.Tables(ctx)
	if err != nil {
		return nil, err
	}
	return &source{tables, s.Schema(), list, known}, nil
}

// erase carries out the requests to erase.
func (p place) erase(ctx context.Context, o archive.EraseOptions) (*archive.Receipt, error) {
	if *p.store == "" {
		return archive.Erase(ctx, *p.archive, o)
	}
	if len(o.Files) > 0 || o.Closed {
		return nil, usage("--store %s has no files of a Collector: leave out %q and --closed", clickhouse.Hidden(*p.store), o.Files)
	}
	s, err := clickhouse.Open(ctx, *p.store)
	if err != nil {
		return nil, err
	}
	return s.Erase(ctx, o.Now)
}

// prune removes what is older than it should be kept.
func (p place) prune(ctx context.Context, o archive.PruneOptions) (*archive.Pruned, error) {
	if *p.store == "" {
		return archive.Prune(ctx, *p.archive, o)
	}
	if len(o.Files) > 0 || o.RawDays > 0 {
		return nil, usage("--store %s has no files of a Collector: leave out %q and --raw-days", clickhouse.Hidden(*p.store), o.Files)
	}
	s, err := clickhouse.Open(ctx, *p.store)
	if err != nil {
		return nil, err
	}
	return s.Prune(ctx, o)
}

// viewOf is the catalog in whose order the answers of an archive are.
func (c *catalogFlag) viewOf(a *archive.Archive) (*schema.Schema, error) {
	return c.view("archive "+a.Dir(), a.View())
}

const tablesLong = `tables prints the tables and views that ClickHouse needs for the reports of a
catalog, as SQL. Run it with clickhouse-client; it can be run again, also after
a change of the catalog. docs/clickhouse.md has the rest: users and rights, and
the configuration of the Collector.`

const tablesExample = `  headcount tables --catalog compreface | clickhouse-client --multiquery
  headcount tables --catalog own.json --output schema.sql`

func tablesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tables --catalog NAME|FILE",
		Short:   "Print the tables of ClickHouse for a catalog",
		Long:    tablesLong,
		Example: tablesExample,
		Args:    noArguments,
	}
	catalog := &catalogFlag{}
	cmd.Flags().Var(catalog, "catalog", "catalog: a shipped one, or a JSON file of one (needed)")
	file := addOutput(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if catalog.list == nil {
			return usage("--catalog is needed: the tables have a column for each of its series; see headcount tables --help")
		}
		ddl, err := clickhouse.DDL(catalog.list)
		if err != nil {
			return fmt.Errorf("catalog %s: %w", catalog.name, err)
		}
		return writeOutput(cmd, *file, 0o644, func(w io.Writer, _ terminal.Terminal) error {
			_, err := w.Write(ddl)
			return err
		})
	}
	return cmd
}
