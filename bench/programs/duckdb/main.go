// Command duckdb is the peer of headcount compact: DuckDB's own reader of
// JSON makes the same wide, sorted Parquet of the Collector's files.
//
//	duckdb convert OUT.parquet FILE…   read, sort and write, with one thread
//	duckdb check IN.parquet            print the answers as JSON
package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	_ "github.com/duckdb/duckdb-go/v2"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) < 2 {
		return errors.New("usage: duckdb convert OUT FILE… | check IN")
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, set := range []string{"SET threads = 1", "SET preserve_insertion_order = false", "SET temp_directory = " + quote(args[1]+".tmp")} {
		if _, err := db.ExecContext(ctx, set); err != nil {
			return err
		}
	}
	list := series()
	switch args[0] {
	case "convert":
		_, err := db.ExecContext(ctx, convert(list, args[1], args[2:]))
		return err
	case "check":
		a, err := check(ctx, db, list, args[1])
		if err != nil {
			return err
		}
		return a.print(os.Stdout)
	}
	return fmt.Errorf("%q is not known; known are convert and check", args[0])
}
