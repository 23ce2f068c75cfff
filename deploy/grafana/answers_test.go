package main

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
)

const day = "2026-11-25"

// An answer is what of headcount report --format json the panels show.
type answer struct {
	Installations struct {
		Active1d    int64 `json:"active_1d"`
		Active7d    int64 `json:"active_7d"`
		Active28d   int64 `json:"active_28d"`
		New28d      int64 `json:"new_28d"`
		Returned28d int64 `json:"returned_28d"`
		Churned28d  int64 `json:"churned_28d"`
		SeenOneDay  int64 `json:"seen_one_day"`
		Erased      int64
		Ever        int64
	}
	Counters []struct {
		Name          string
		Labels        map[string]string
		Total         int64
		New28d        int64 `json:"new_28d"`
		Installations int64
		Active        int64
	}
	Gauges []struct {
		Range         string
		Things        int64
		Installations int64
	}
	Activity []struct {
		Day       string
		Active1d  int64 `json:"active_1d"`
		Active7d  int64 `json:"active_7d"`
		Active28d int64 `json:"active_28d"`
		New       int64
	}
	Cohorts []struct {
		Week   string
		Active []int64
	}
	Health struct {
		AgeDays    int64 `json:"age_days"`
		Kinds      map[string]int64
		LateErased int64 `json:"late_erased"`
		Pending    int64 `json:"pending_erasures"`
		Days       []struct {
			Day                 string
			Reports, Duplicates int64
		}
	}
}

// Every panel returns what headcount report says of the same store, as of two
// days, before and after the requests to erase are carried out.
func TestPanels(t *testing.T) {
	e := startEngine(t)
	headcount := build(t, "../../cmd/headcount", ".")
	out := t.TempDir()
	run(t, headcount, "simulate", "--installations", "250", "--days", "100", "--seed", "3", "--end", day, "--out", out)
	e.load(t, filepath.Join(out, "usage.jsonl"))
	// What the rendered list would have kept out is counted by the store.
	e.do(t, `INSERT INTO headcount.otel_metrics_sum (ResourceAttributes, MetricName, TimeUnix, Value) VALUES (map('install_guid', 'no'), 'compreface.user.created', '2026-11-24', 1)`)
	store := "clickhouse://" + e.address + "/headcount"
	compare(t, e, headcount, store, day)
	compare(t, e, headcount, store, "2026-11-08")
	run(t, headcount, "erase", "--store", store)
	compare(t, e, headcount, store, day)
}

// compare compares all panels as of a day.
func compare(t *testing.T, e *engine, headcount, store, on string) {
	t.Helper()
	var a answer
	if err := json.Unmarshal(run(t, headcount, "report", "--store", store, "--as-of", on, "--format", "json"), &a); err != nil {
		t.Fatal(err)
	}
	i, duplicates := a.Installations, int64(0)
	for _, d := range a.Health.Days {
		duplicates += d.Duplicates
	}
	if i.Erased == 0 || on == day && (i.New28d == 0 || i.Churned28d == 0 || i.Returned28d == 0 || duplicates == 0 || a.Health.LateErased == 0) {
		t.Errorf("as of %s: this fleet tests too little: %+v, %d duplicates, %d reports after an erasure", on, i, duplicates, a.Health.LateErased)
	}
	want := wanted(a)
	shown := panels(t)
	if len(shown) != len(want) {
		t.Errorf("got %d panels, want %d", len(shown), len(want))
	}
	for title, sql := range shown {
		got := e.table(t, strings.ReplaceAll(sql, "${as_of}", on))
		if w := want[title]; len(w) < 2 || !slices.EqualFunc(got, w, slices.Equal) {
			t.Errorf("%s as of %s:\ngot  %v\nwant %v", title, on, got, w)
		}
	}
}

// panels are the questions of the committed dashboards, by the titles of their
// panels.
func panels(t *testing.T) map[string]string {
	t.Helper()
	list := map[string]string{}
	for _, name := range []string{"installations.json", "pipeline.json"} {
		var board struct {
			Panels []struct {
				Title   string
				Targets []struct{ RawSQL string }
			}
		}
		text, err := os.ReadFile(filepath.Join("dashboards", name))
		if err == nil {
			err = json.Unmarshal(text, &board)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range board.Panels {
			list[p.Title] = p.Targets[0].RawSQL
		}
	}
	return list
}

// wanted are the tables that the panels show, of an answer.
func wanted(a answer) map[string][][]string {
	i, h := a.Installations, a.Health
	w := map[string][][]string{
		"Installations": {{"active_1d", "active_7d", "active_28d", "new_28d", "returned_28d", "churned_28d", "seen_one_day", "ever"},
			words(i.Active1d, i.Active7d, i.Active28d, i.New28d, i.Returned28d, i.Churned28d, i.SeenOneDay, i.Ever)},
		"State":                           {{"age_days", "pending_erasures", "erased", "late_erased"}, words(h.AgeDays, h.Pending, i.Erased, h.LateErased)},
		"Active installations":            {{"day", "active_1d", "active_7d", "active_28d"}},
		"Growth":                          {{"day", "new"}},
		"Popularity":                      {{"series", "total", "new_28d", "installations", "active"}},
		"Sizes: Face collections by size": {{"range", "things", "installations"}},
		"Retention":                       {{"week", "weeks_later", "installations"}},
		"Reports a day":                   {{"day", "reports", "duplicates"}},
		"Refused":                         {{"kind", "points"}},
	}
	add := func(title string, values ...any) { w[title] = append(w[title], words(values...)) }
	for _, d := range a.Activity {
		add("Active installations", d.Day, d.Active1d, d.Active7d, d.Active28d)
		if d.New > 0 {
			add("Growth", d.Day, d.New)
		}
	}
	for _, c := range a.Counters {
		name := c.Name
		for k, v := range c.Labels { // this catalog has one at most
			name += "{" + k + "=" + v + "}"
		}
		add("Popularity", name, c.Total, c.New28d, c.Installations, c.Active)
	}
	for _, g := range a.Gauges {
		add("Sizes: Face collections by size", g.Range, g.Things, g.Installations)
	}
	for _, c := range a.Cohorts {
		for n, active := range c.Active {
			if active > 0 {
				add("Retention", c.Week, n, active)
			}
		}
	}
	for _, d := range h.Days {
		if d.Reports > 0 {
			add("Reports a day", d.Day, d.Reports, d.Duplicates)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(h.Kinds)) {
		add("Refused", kind, h.Kinds[kind])
	}
	return w
}

// Each alarm is silent over a sound store, and rings over its fault.
func TestAlarms(t *testing.T) {
	e := startEngine(t)
	ask := func(uid string) string {
		for _, a := range alarms(compreface.Catalog) {
			if a.uid == uid {
				sql := strings.ReplaceAll(a.sql, today, "toDate('2026-11-26')")
				rows := e.table(t, sql)
				if len(rows) != 2 || len(rows[1]) != 1 {
					t.Fatalf("%s: got %v, want one number", uid, rows)
				}
				return rows[1][0]
			}
		}
		t.Fatalf("there is no alarm %s", uid)
		return ""
	}
	want := func(uid, number string) {
		t.Helper()
		if got := ask(uid); got != number {
			t.Errorf("%s: got %s, want %s", uid, got, number)
		}
	}
	insert := func(guid, metric, labels, at string, value int) {
		t.Helper()
		e.do(t, `INSERT INTO headcount.otel_metrics_sum (ResourceAttributes, MetricName, Attributes, TimeUnix, StartTimeUnix, Value) VALUES (map('install_guid', '`+
			guid+`'), '`+metric+`', map(`+labels+`), '`+at+`', '`+at+`', `+number(int64(value))+`)`)
	}
	const a, b = "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a01", "0b8e5d4e-3a5c-4c0a-9d31-5f6f1c1f0a02"
	insert(a, "compreface.user.created", "", "2026-11-20", 3)
	want("headcount-nothing-arrives", "6")
	want("headcount-series-is-zero", "4")
	for _, kind := range []string{"DETECTION", "RECOGNITION", "VERIFICATION"} {
		insert(a, "compreface.service.created", "'compreface.service.type', 'FACE_"+kind+"'", "2026-11-25", 1)
	}
	insert(a, "compreface.application.created", "", "2026-11-25", 1)
	want("headcount-nothing-arrives", "1")
	want("headcount-series-is-zero", "0")
	want("headcount-refused", "0")
	insert("no", "compreface.user.created", "", "2026-11-25", 1)
	want("headcount-refused", "1")
	want("headcount-erasure-waits", "0")
	insert(b, "headcount.erasure.requested", "", "2026-11-25", 1)
	want("headcount-erasure-waits", "0")
	insert(a, "headcount.erasure.requested", "", "2026-11-23", 1)
	want("headcount-erasure-waits", "1")
}

func run(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	c := exec.Command(program, args...)
	var problems strings.Builder
	c.Stderr = &problems
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", c, err, problems.String())
	}
	return out
}
