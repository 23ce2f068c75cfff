package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// Answers are what is compared with headcount's.
type Answers struct {
	Reports       int64            `json:"reports"`
	Installations int64            `json:"installations"`
	Active        int64            `json:"active_28d"` // to the newest day
	Totals        map[string]int64 `json:"totals"`     // by counter series: the sum of the largest totals
	Things        map[string]int64 `json:"things"`     // by range: the sum over the newest report with ranges of each active one
}

func (a *Answers) print(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(a)
}

// check computes them plainly, with one question for each.
func check(ctx context.Context, db *sql.DB, list []column, file string) (*Answers, error) {
	a := &Answers{Totals: map[string]int64{}, Things: map[string]int64{}}
	from := "read_parquet(" + quote(file) + ")"
	row := db.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*), count(DISTINCT install_guid),
		count(DISTINCT install_guid) FILTER (day > (SELECT max(day) FROM %[1]s) - 28) FROM %[1]s`, from))
	if err := row.Scan(&a.Reports, &a.Installations, &a.Active); err != nil {
		return nil, err
	}
	var ranges []string
	for _, c := range list {
		if !c.counter {
			ranges = append(ranges, name(c.name))
		}
	}
	largest := fmt.Sprintf("SELECT install_guid, max(COLUMNS(* EXCLUDE (install_guid, day))) FROM %s GROUP BY install_guid", from)
	newest := fmt.Sprintf(`SELECT * FROM %[1]s WHERE day > (SELECT max(day) FROM %[1]s) - 28 AND coalesce(%[2]s) IS NOT NULL
		QUALIFY row_number() OVER (PARTITION BY install_guid ORDER BY day DESC) = 1`, from, strings.Join(ranges, ", "))
	if err := sums(ctx, db, list, true, largest, a.Totals); err != nil {
		return nil, err
	}
	return a, sums(ctx, db, list, false, newest, a.Things)
}

func sums(ctx context.Context, db *sql.DB, list []column, counters bool, from string, into map[string]int64) error {
	var names, ask []string
	for _, c := range list {
		if c.counter == counters {
			names, ask = append(names, c.name), append(ask, "coalesce(sum("+name(c.name)+"), 0)::BIGINT")
		}
	}
	values := make([]int64, len(names))
	to := make([]any, len(names))
	for i := range values {
		to[i] = &values[i]
	}
	if err := db.QueryRowContext(ctx, "SELECT "+strings.Join(ask, ", ")+" FROM ("+from+")").Scan(to...); err != nil {
		return err
	}
	for i, n := range names {
		into[n] = values[i]
	}
	return nil
}
