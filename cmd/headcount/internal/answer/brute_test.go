package answer

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// start is a Wednesday.
var start, _ = day.Parse("2026-07-01")

// tiny is a list with two counters and two range gauges.
func tiny(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.Parse([]byte(`{"product":"Tiny","metrics":[{"name":"a","kind":"counter"},{"name":"b","kind":"counter","attributes":[{"key":"k","values":["x","y"]}]},
		{"name":"c","kind":"range_gauge","attributes":[{"key":"r","values":["0","1-10","11+"]}]},{"name":"d","kind":"range_gauge","attributes":[{"key":"r","values":["0","1+"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A history is the reports of each installation, in the order of days.
type history [][]schema.Report

// tables counts a history month by month, as the archive does.
func (h history) tables(s *schema.Schema) *figures.Tables {
	months := map[day.Day]bool{}
	for _, i := range h {
		for _, r := range i {
			months[r.Day.Month()] = true
		}
	}
	all, states := &figures.Tables{}, make([]figures.Installation, len(h))
	var order []day.Day
	for m := range months {
		order = append(order, m)
	}
	slices.Sort(order)
	for _, month := range order {
		b := figures.NewBuilder(s, month)
		for n, i := range h {
			for _, r := range i {
				if r.Day.Month() == month {
					b.Add(&states[n], &r)
				}
			}
		}
		all.Append(b.Tables())
	}
	return all
}

// on makes a history of installations that report on these days, counted from
// start, with a total of 1.
func on(installations ...[]int) (h history) {
	for _, days := range installations {
		var i []schema.Report
		for _, d := range days {
			i = append(i, schema.Report{Day: start + day.Day(d), Values: []int64{1}})
		}
		h = append(h, i)
	}
	return h
}

// Each definition at, below and above the edges of its window of 10 days that
// ends on day 100.
func TestDefinitions(t *testing.T) {
	s := tiny(t)
	for name, test := range map[string]struct {
		days []int
		want Window
	}{
		"last day":                           {[]int{100}, Window{Active: 1, New: 1}},
		"a day after":                        {[]int{101}, Window{}},
		"first day of the window":            {[]int{91}, Window{Active: 1, New: 1}},
		"the day before the window":          {[]int{90}, Window{Churned: 1}},
		"first day of the window before":     {[]int{81}, Window{Churned: 1}},
		"the day before that":                {[]int{80}, Window{}},
		"stayed":                             {[]int{90, 91}, Window{Active: 1}},
		"stayed, at the far edges":           {[]int{81, 100}, Window{Active: 1}},
		"returned":                           {[]int{80, 91}, Window{Active: 1, Returned: 1}},
		"returned after long":                {[]int{0, 100}, Window{Active: 1, Returned: 1}},
		"not returned, with one between":     {[]int{0, 81, 100}, Window{Active: 1}},
		"returned once in the window":        {[]int{0, 91, 95, 100}, Window{Active: 1, Returned: 1}},
		"new, reports often":                 {[]int{91, 92, 93, 100}, Window{Active: 1, New: 1}},
		"churned, and back after the window": {[]int{85, 101}, Window{Churned: 1}},
		"long gone":                          {[]int{0, 5, 79}, Window{}},
	} {
		t.Run(name, func(t *testing.T) {
			a := Compute(on(test.days).tables(s), s, s, Known{}, start+100, 10)
			a.Window.Before = Maybe{} // TestWindowBefore
			if a.Window != test.want || a.Denominator != test.want.Active {
				t.Errorf("got %+v of %d, want %+v", a.Window, a.Denominator, test.want)
			}
		})
	}
}

func TestSeenOnOneDay(t *testing.T) {
	s := tiny(t)
	h := on([]int{3}, []int{3, 3, 3}, []int{3, 4}, []int{9}, []int{1, 2, 3, 4})
	for asOf, want := range map[int][2]int64{0: {0, 0}, 1: {1, 1}, 2: {1, 0}, 3: {4, 3}, 4: {4, 2}, 8: {4, 2}, 9: {5, 3}} {
		a := Compute(h.tables(s), s, s, Known{}, start+day.Day(asOf), 28)
		if got := [2]int64{a.Installations.Ever, a.Installations.SeenOneDay}; got != want {
			t.Errorf("as of day %d: got %v ever and on one day, want %v", asOf, got, want)
		}
	}
}

// Before the first report, and in an empty archive, figures are 0 and shares
// are not known.
func TestNothing(t *testing.T) {
	s := tiny(t)
	for name, h := range map[string]history{"empty": nil, "later": on([]int{50}, []int{60, 61})} {
		for _, asOf := range []day.Day{start, start + 49, day.First, 0} {
			for _, window := range []int{1, 28, 1000} {
				a := Compute(h.tables(s), s, s, Known{}, asOf, window)
				if a.Installations != (Installations{}) || a.Window != (Window{}) || a.Denominator != 0 || len(a.Activity) != 0 || len(a.Cohorts) != 0 {
					t.Errorf("%s, as of %s: got %+v", name, asOf, a)
				}
				if len(a.Counters) != 3 || len(a.Gauges) != 5 || len(a.Health.Days) != 28 {
					t.Errorf("%s: got %d counters, %d gauges, %d days, want all of the list", name, len(a.Counters), len(a.Gauges), len(a.Health.Days))
				}
				for _, c := range a.Counters {
					if c.Share != nil || c.Total != 0 {
						t.Errorf("%s: got %+v, want no share", name, c)
					}
				}
				for _, g := range a.Gauges {
					if g.Share != nil || g.Known != 0 {
						t.Errorf("%s: got %+v, want no share", name, g)
					}
				}
				text, err := json.Marshal(a)
				if err != nil || bytes.Contains(bytes.ReplaceAll(text, []byte(`"newest_report":null,"age_days":null`), nil), []byte(`:null,"labels"`)) || name == "empty" && !bytes.Contains(text, []byte(`"newest_report":null`)) {
					t.Errorf("%s: got %s, %v", name, text, err)
				}
			}
		}
	}
}

// Without a list, series are in the order of names, and ranges in that of
// their numbers.
func TestOrderWithoutAList(t *testing.T) {
	s := schema.New()
	for _, x := range []struct{ name, value string }{{"z", "11-50"}, {"a", ""}, {"z", "1000001+"}, {"z", "0"}, {"m", "B"}, {"z", "1-10"}, {"m", "A"}, {"b", "51+"}, {"b", "1-50"}} {
		kind, keys, values := schema.Counter, []string(nil), []string(nil)
		if x.value != "" {
			keys, values = []string{"k"}, []string{x.value}
		}
		if x.name == "z" || x.name == "b" {
			kind = schema.RangeGauge
		}
		if _, ok := s.Learn(x.name, kind, "", keys, values); !ok {
			t.Fatalf("%v is not learnt", x)
		}
	}
	a := Compute(&figures.Tables{Daily: []figures.Daily{{Day: start}}}, s, s, Known{}, start, 7)
	var counters, gauges, times []string
	for _, c := range a.Counters {
		counters = append(counters, c.Name+c.Labels["k"])
	}
	for _, g := range a.Gauges {
		gauges = append(gauges, g.Name+g.Range)
	}
	for _, o := range a.SizesOverTime {
		times = append(times, fmt.Sprint(o.Name, o.Ranges))
	}
	for got, want := range map[string]string{fmt.Sprint(counters): "[a mA mB]", fmt.Sprint(gauges): "[b1-50 b51+ z0 z1-10 z11-50 z1000001+]", fmt.Sprint(times): "[b[1-50 51+] z[0 1-10 11-50 1000001+]]"} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// random makes a small history.
func random(rng *rand.Rand, s *schema.Schema) (h history) {
	span := 1 + rng.IntN(150)
	for range 1 + rng.IntN(7) {
		var i []schema.Report
		for range 1 + rng.IntN(12) {
			r := schema.Report{Day: start + day.Day(rng.IntN(span))}
			for range rng.IntN(len(s.Series) + 1) {
				r.Values = append(r.Values, rng.Int64N(5)-1)
			}
			i = append(i, r)
		}
		slices.SortStableFunc(i, func(a, b schema.Report) int { return cmp.Compare(a.Day, b.Day) })
		h = append(h, i)
	}
	return h
}

// What is computed from the tables is what one counts by looking at every
// report, for small random histories, any day and any window.
func TestAgainstCountingByHand(t *testing.T) {
	s := tiny(t)
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 9))
		h := random(rng, s)
		tables := h.tables(s)
		for range 6 {
			asOf, window := start+day.Day(rng.IntN(180)-10), 1+rng.IntN(60)
			if rng.IntN(8) == 0 {
				window = 1000
			}
			a := Compute(tables, s, s, Known{}, asOf, window)
			what := fmt.Sprintf("seed %d, as of %s, %d days", seed, asOf, window)
			checkWindow(t, what, h, a)
			checkSeries(t, what, h, s, a)
		}
	}
}

// active is whether there is a report on the days after from, to to.
func active(i []schema.Report, from, to day.Day) bool {
	return slices.ContainsFunc(i, func(r schema.Report) bool { return r.Day > from && r.Day <= to })
}

func checkWindow(t *testing.T, what string, h history, a *Answer) {
	t.Helper()
	var want Window
	n := day.Day(a.WindowDays)
	var ever, reports int64
	for _, i := range h {
		if i[0].Day <= a.AsOf-2*n+1 {
			want.Before.Known = true
		}
		now, before, first := active(i, a.AsOf-n, a.AsOf), active(i, a.AsOf-2*n, a.AsOf-n), i[0].Day
		for _, r := range i {
			if r.Day <= a.AsOf {
				reports++
			}
		}
		if first <= a.AsOf {
			ever++
		}
		switch {
		case now && first > a.AsOf-n:
			want.New++
		case now && !before:
			want.Returned++
		case !now && before:
			want.Churned++
		}
		if now {
			want.Active++
		}
		if before {
			want.Before.N++
		}
	}
	if !want.Before.Known {
		want.Before.N = 0
	}
	if a.Window != want || a.Installations.Ever != ever || a.Input.Reports != reports {
		t.Errorf("%s: got %+v, %d ever, %d reports, want %+v, %d, %d", what, a.Window, a.Installations.Ever, a.Input.Reports, want, ever, reports)
	}
	for _, x := range a.Activity {
		var one, seven, many int64
		for _, i := range h {
			for days, n := range map[day.Day]*int64{1: &one, 7: &seven, 28: &many} {
				if active(i, x.Day-days, x.Day) {
					*n++
				}
			}
		}
		if x.Active1d != one || x.Active7d != seven || x.Active28d != many {
			t.Errorf("%s: %s: got %+v, want %d, %d, %d", what, x.Day, x, one, seven, many)
		}
	}
}

func checkSeries(t *testing.T, what string, h history, s *schema.Schema, a *Answer) {
	t.Helper()
	n := day.Day(a.WindowDays)
	largest := func(i []schema.Report, series int, to day.Day) (most int64) {
		for _, r := range i {
			if r.Day <= to {
				most = max(most, r.Value(series))
			}
		}
		return most
	}
	for series, c := range a.Counters {
		want := Counter{Name: c.Name, Labels: c.Labels, Share: c.Share}
		for _, i := range h {
			total := largest(i, series, a.AsOf)
			want.Total += total
			want.New28d += total - largest(i, series, a.AsOf-28)
			want.New += total - largest(i, series, a.AsOf-n)
			if total > 0 {
				want.Installations++
				if active(i, a.AsOf-n, a.AsOf) {
					want.Active++
				}
			}
		}
		if fmt.Sprint(c) != fmt.Sprint(want) {
			t.Errorf("%s: got %+v, want %+v", what, c, want)
		}
	}
	for at, g := range a.Gauges {
		series := 3 + at
		of := []int{3, 4, 5}
		if at > 2 {
			of = []int{6, 7}
		}
		want := Gauge{Name: g.Name, Range: g.Range, Share: g.Share, ShareOfThings: g.ShareOfThings}
		for _, i := range h {
			var newest *schema.Report
			for k := range i {
				if r := &i[k]; r.Day <= a.AsOf && r.Day > a.AsOf-n && slices.ContainsFunc(of, func(x int) bool { return r.Value(x) != schema.Absent }) {
					newest = r
				}
			}
			if newest == nil {
				continue
			}
			want.Known++
			if v := newest.Value(series); v > 0 {
				want.Things += v
				want.Installations++
				if !slices.ContainsFunc(of, func(x int) bool { return x > series && newest.Value(x) > 0 }) {
					want.Largest++
				}
			}
		}
		if fmt.Sprint(g) != fmt.Sprint(want) {
			t.Errorf("%s: got %+v, want %+v", what, g, want)
		}
	}
}
