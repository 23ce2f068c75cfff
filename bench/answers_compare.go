package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// answer is what is compared of report --format json.
type answer struct {
	Installations struct {
		Active int64 `json:"active_28d"`
		Ever   int64 `json:"ever"`
	} `json:"installations"`
	Counters []struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
		Total  int64             `json:"total"`
	} `json:"counters"`
	Gauges []struct {
		Name   string `json:"name"`
		Range  string `json:"range"`
		Things int64  `json:"things"`
	} `json:"gauges"`
	Input struct {
		Reports int64 `json:"reports"`
	} `json:"input"`
}

// plain is what programs/duckdb found in its own Parquet.
type plain struct {
	Reports       int64            `json:"reports"`
	Installations int64            `json:"installations"`
	Active        int64            `json:"active_28d"`
	Totals        map[string]int64 `json:"totals"`
	Things        map[string]int64 `json:"things"`
}

// compare returns how many figures of headcount and of DuckDB are equal. One
// that differs, or that only one of them has, is an error.
func compare(headcount, duckdb []byte) (int, error) {
	var ours answer
	var theirs plain
	if err := errors.Join(json.Unmarshal(headcount, &ours), json.Unmarshal(duckdb, &theirs)); err != nil {
		return 0, err
	}
	n, faults := 0, []error(nil)
	equal := func(what string, our, their int64) {
		n++
		if our != their {
			faults = append(faults, fmt.Errorf("%s: headcount says %d, and DuckDB %d", what, our, their))
		}
	}
	equal("reports", ours.Input.Reports, theirs.Reports)
	equal("installations", ours.Installations.Ever, theirs.Installations)
	equal("active installations", ours.Installations.Active, theirs.Active)
	for _, c := range ours.Counters {
		name := c.Name
		for key, value := range c.Labels { // one at most
			name += "{" + key + "=" + value + "}"
		}
		equal(name, c.Total, theirs.Totals[name])
	}
	for _, g := range ours.Gauges {
		name := g.Name + "|" + g.Range
		equal(name, g.Things, theirs.Things[name])
	}
	if len(theirs.Totals) != len(ours.Counters) || len(theirs.Things) != len(ours.Gauges) || n == 3 {
		faults = append(faults, fmt.Errorf("headcount has %d counters and %d ranges, and DuckDB %d and %d",
			len(ours.Counters), len(ours.Gauges), len(theirs.Totals), len(theirs.Things)))
	}
	return n, errors.Join(faults...)
}
