package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// report is what the demo reads of headcount report --format json, and of
// the simulation's truth.json, which has the same keys.
type report struct {
	Installations map[string]int64 `json:"installations"`
	Counters      []struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels"`
		Total  int64             `json:"total"`
		New    int64             `json:"new_28d"`
		Users  int64             `json:"installations"`
	} `json:"counters"`
	Gauges []struct {
		Name   string `json:"name"`
		Range  string `json:"range"`
		Things int64  `json:"things"`
		Users  int64  `json:"installations"`
	} `json:"gauges"`
}

// figures are the answers, each under a name.
func (a *report) figures() map[string]int64 {
	f := map[string]int64{}
	for name, n := range a.Installations {
		f["installations "+name] = n
	}
	for _, c := range a.Counters {
		name := fmt.Sprint(c.Name, slices.Sorted(maps.Values(c.Labels)))
		f[name+" total"], f[name+" new"], f[name+" installations"] = c.Total, c.New, c.Users
	}
	for _, g := range a.Gauges {
		f[g.Name+" "+g.Range+" things"], f[g.Name+" "+g.Range+" installations"] = g.Things, g.Users
	}
	return f
}

// quickstart adds to the figures of the fleet what the quickstart reported:
// one of each action, and a collection in each of the expected ranges.
func quickstart(f map[string]int64) {
	for name := range f {
		switch {
		case strings.HasPrefix(name, "installations "):
			if !slices.Contains([]string{"returned_28d", "churned_28d", "erased"}, strings.TrimPrefix(name, "installations ")) {
				f[name]++
			}
		case strings.HasSuffix(name, "] total"), strings.HasSuffix(name, "] new"), strings.HasSuffix(name, "] installations"):
			f[name]++
		}
	}
	for _, r := range expectedRanges {
		f["compreface.collection.count "+r+" things"]++
		f["compreface.collection.count "+r+" installations"]++
	}
}

// check compares the answers with what the simulation counted while it made
// the fleet up.
func (d *demo) check(ctx context.Context) error {
	got, err := d.answers(ctx)
	if err != nil {
		return err
	}
	// The same fleet once more, today included and without a Collector.
	if _, err := d.command(ctx, append([]string{"simulate", "--end", d.day, "--out", "whole"}, fleet...)...); err != nil {
		return err
	}
	truth, err := os.ReadFile(filepath.Join(d.work, "whole", "truth.json"))
	if err != nil {
		return err
	}
	if d.truth, err = figuresOf(truth); err != nil {
		return err
	}
	made, want := d.truth["installations ever"], maps.Clone(d.truth)
	quickstart(want)
	if err := same(got, want); err != nil {
		return err
	}
	ever, active := got["installations ever"], got["installations active_28d"]
	fmt.Fprintf(d.out, "checked: each figure is what the simulation counted, and one installation more, the quickstart's.\n"+
		"Of %d made up, %s have a history and the others came today; with the quickstart's one that is %d ever: %d active in the last 28 days, %d not.\n",
		made, d.past, ever, active, ever-active)
	return nil
}

// answers are what headcount reports now.
func (d *demo) answers(ctx context.Context) (map[string]int64, error) {
	text, err := d.command(ctx, "report", "--archive", archive, "--as-of", d.day, "--format", "json")
	if err != nil {
		return nil, err
	}
	return figuresOf([]byte(text))
}

func figuresOf(text []byte) (map[string]int64, error) {
	var a report
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, fmt.Errorf("the answers are not as expected: %w", err)
	}
	return a.figures(), nil
}

func same(got, want map[string]int64) error {
	if len(want) == 0 || want["installations ever"] < 2 {
		return fmt.Errorf("there is nothing to compare with: %v", want)
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if n, ok := got[name]; !ok || n != want[name] {
			return fmt.Errorf("%s: got %d, want %d", name, n, want[name])
		}
	}
	return nil
}
