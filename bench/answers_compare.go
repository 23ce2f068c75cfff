package main

import (
	"encoding/json"
	"errors"
	"fmt"
)

// compare compares what report --format json says with what DuckDB found in
// its own Parquet, and returns how many figures are equal. One that differs is
// an error.
func compare(ours, theirs []byte) (int, error) {
	var answer struct {
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
	var peer struct {
		Reports       int64            `json:"reports"`
		Installations int64            `json:"installations"`
		Active        int64            `json:"active_28d"`
		Totals        map[string]int64 `json:"totals"`
		Things        map[string]int64 `json:"things"`
	}
	if err := errors.Join(json.Unmarshal(ours, &answer), json.Unmarshal(theirs, &peer)); err != nil {
		return 0, err
	}
	n, faults := 0, []error(nil)
	equal := func(what string, our, their int64) {
		n++
		if our != their {
			faults = append(faults, fmt.Errorf("%s: headcount says %d, and DuckDB %d", what, our, their))
		}
	}
	equal("reports", answer.Input.Reports, peer.Reports)
	equal("installations", answer.Installations.Ever, peer.Installations)
	equal("active installations", answer.Installations.Active, peer.Active)
	for _, c := range answer.Counters {
		name := c.Name
		for key, value := range c.Labels { // one at most
			name += "{" + key + "=" + value + "}"
		}
		equal(name, c.Total, peer.Totals[name])
	}
	for _, g := range answer.Gauges {
		name := g.Name + "|" + g.Range
		equal(name, g.Things, peer.Things[name])
	}
	if len(peer.Totals) != len(answer.Counters) || len(peer.Things) != len(answer.Gauges) || n == 3 {
		faults = append(faults, fmt.Errorf("headcount has %d counters and %d ranges, and DuckDB %d and %d",
			len(answer.Counters), len(answer.Gauges), len(peer.Totals), len(peer.Things)))
	}
	return n, errors.Join(faults...)
}
