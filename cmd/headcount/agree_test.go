package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/export"
)

// A simulated fleet, in which everything goes wrong, from the Collector's
// files to every output: each names the same totals.
func TestOutputsAgree(t *testing.T) {
	history, archive := filepath.Join(t.TempDir(), "history"), filepath.Join(t.TempDir(), "archive")
	r := headcount("simulate", "--installations", "60", "--days", "40", "--end", "2026-11-25", "--seed", "5", "--out", history)
	if r.code != exitFine {
		t.Fatalf("simulate: got exit code %d and %q", r.code, r.stderr)
	}
	fine(t, "compact", "--archive", archive, "--catalog", "compreface", history)

	// As of the last day of all, so that no report of a wrong clock is left out.
	args := []string{"--archive", archive, "--as-of", "2099-12-31", "--window", "1000", "--format"}
	report := func(format string) string {
		return headcount(append(append([]string{"report"}, args...), format)...).stdout
	}
	var a answer.Answer
	if err := json.Unmarshal([]byte(report("json")), &a); err != nil {
		t.Fatal(err)
	}
	actions := map[string]int64{}
	for line := range strings.Lines(fine(t, "export", "--archive", archive, "actions")) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		actions[strings.Trim(fields[2], `"`)]++
	}
	csv, table := report("csv"), report("table")
	for _, c := range a.Counters {
		var values []string
		for _, v := range c.Labels {
			values = append(values, v)
		}
		if got := actions[export.ActionName(c.Name, values)]; got != c.Total || c.Total == 0 {
			t.Errorf("%s %v: got %d rows of actions, want the total %d", c.Name, c.Labels, got, c.Total)
		}
	}
	if n := strings.Count(csv, ",counters,"); n != 6*len(a.Counters) {
		t.Errorf("got %d rows of counters as CSV, want %d", n, 6*len(a.Counters))
	}
	if !strings.HasPrefix(table, "CompreFace: of ") {
		t.Errorf("got the table %.80q", table)
	}
}
