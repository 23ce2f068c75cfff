package answer

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
)

// The window before is known from the day on which reports reach back to its
// first day.
func TestWindowBefore(t *testing.T) {
	s := tiny(t)
	for name, test := range map[string]struct {
		days []int
		want Maybe
	}{
		"no report":                   {nil, Maybe{}},
		"in the window only":          {[]int{91}, Maybe{}},
		"second day of it":            {[]int{82}, Maybe{}},
		"first day of it":             {[]int{81}, Maybe{1, true}},
		"the day before it":           {[]int{80}, Maybe{0, true}},
		"in both":                     {[]int{81, 85, 100}, Maybe{1, true}},
		"the day before, and the end": {[]int{80, 90}, Maybe{1, true}},
	} {
		a := Compute(on(test.days).tables(s), s, s, Known{}, start+100, 10)
		if a.Window.Before != test.want {
			t.Errorf("%s: got %v, want %v", name, a.Window.Before, test.want)
		}
	}
}

func TestMaybe(t *testing.T) {
	for want, m := range map[string]Maybe{"null": {}, "0": {0, true}, "-7": {-7, true}} {
		data, err := json.Marshal(m)
		if err != nil || string(data) != want {
			t.Errorf("got %s, %v, want %s", data, err, want)
		}
		got := Maybe{9, true}
		if err := json.Unmarshal(data, &got); err != nil || got != m {
			t.Errorf("%s: got %v back, %v", want, got, err)
		}
	}
	if err := json.Unmarshal([]byte(`"x"`), &Maybe{}); err == nil {
		t.Error("a text is read as a number")
	}
}

func TestShareOfThings(t *testing.T) {
	s := tiny(t)
	tables := &figures.Tables{Pairs: []figures.Pair{{Day: start, Before: day.None, N: 4}}, Daily: []figures.Daily{{Day: start, Reports: 4}},
		Known: []figures.Span{{From: start, Of: start, Values: []int64{0, 0, 2, 1}}},
		Sizes: []figures.Span{{From: start, Of: start, Values: make([]int64, len(s.Series)*figures.SizeWidth)}}}
	n, _ := s.Number("c", []string{"0"})
	tables.Sizes[0].Values[n*figures.SizeWidth+figures.Things] = 1
	n, _ = s.Number("c", []string{"11+"})
	tables.Sizes[0].Values[n*figures.SizeWidth+figures.Things] = 3
	var got []string
	for _, g := range Compute(tables, s, s, Known{}, start, 7).Gauges {
		data, err := json.Marshal(g.ShareOfThings)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, g.Name+" "+g.Range+" "+string(data))
	}
	if want := []string{"c 0 0.25", "c 1-10 0", "c 11+ 0.75", "d 0 null", "d 1+ null"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// healthy is an answer without a finding.
func healthy() *Answer {
	newest, age := start, int64(0)
	a := &Answer{AsOf: start, Installations: Installations{Active28d: 10}, Activity: []Activity{{Day: start - 60}},
		Input: Input{Reports: 1000}, Health: Health{NewestReport: &newest, AgeDays: &age}}
	for d := start - 27; d <= start; d++ {
		a.Health.Days = append(a.Health.Days, DayHealth{Day: d, Reports: 30})
	}
	return a
}

func TestFindings(t *testing.T) {
	aged := func(a *Answer, back int64) {
		newest := a.AsOf - day.Day(back)
		a.Health.NewestReport, a.Health.AgeDays = &newest, &back
	}
	first := start + 5
	for _, test := range []struct {
		name   string
		change func(*Answer)
		want   string // empty for fine
	}{
		{"fine", func(*Answer) {}, ""},
		{"two days old", func(a *Answer) { aged(a, 2) }, ""},
		{"three days old", func(a *Answer) { aged(a, 3) }, "the newest report is of 2026-06-28, 3 days before 2026-07-01"},
		{"no report", func(a *Answer) { a.Health.NewestReport = nil }, "the archive has no report"},
		{"only reports of the erased", func(a *Answer) { a.Health.NewestReport, a.Installations.Erased = nil, 1 }, "no report counts: 1 installation asked to be erased, and no other one has a report"},
		{"all reports are later", func(a *Answer) {
			a.Health.NewestReport, a.Health.FirstReport, a.Health.LaterThanAsOf = nil, &first, 4400
		},
			"no report is of 2026-07-01 or earlier, and 4,400 are later, the first of 2026-07-06: choose a later day"},
		{"torn, 1 %", func(a *Answer) { a.Input = Input{Reports: 99, Torn: 1} }, ""},
		{"torn, 2 %", func(a *Answer) { a.Input = Input{Reports: 98, Torn: 2} }, "more than 1 % of what was read is unreadable"},
		{"torn, few of the later ones", func(a *Answer) { a.Input, a.Health.LaterThanAsOf = Input{Reports: 98, Torn: 2}, 900 }, ""},
		{"refused, 2 %", func(a *Answer) { a.Input = Input{Reports: 98, Refused: 2} }, "more than 1 % of the reports are not as the catalog says"},
		{"refused, few of the later ones", func(a *Answer) { a.Input, a.Health.LaterThanAsOf = Input{Reports: 98, Refused: 2}, 100 }, ""},
		{"a silent day", func(a *Answer) { a.Health.Days[10].Reports = 0 }, "1 day of the last 28 without any report"},
		{"a silent day of a small fleet", func(a *Answer) { a.Health.Days[10].Reports, a.Installations.Active28d = 0, 9 }, ""},
		{"one erasure", func(a *Answer) { a.Health.Pending = 1 }, "1 request to erase waits for headcount erase"},
		{"two erasures", func(a *Answer) { a.Health.Pending = 2 }, "2 requests to erase wait for headcount erase"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := healthy()
			test.change(a)
			a.Health.Findings = a.findings()
			verdict := "fine"
			if test.want != "" {
				verdict = "1 thing to look at"
			}
			if got := strings.Join(a.Health.Findings, "\n"); !strings.HasPrefix(got, test.want) || a.Health.Verdict() != verdict {
				t.Errorf("got %q, %s; want %q, %s", got, a.Health.Verdict(), test.want, verdict)
			}
		})
	}
}

func TestNotOver(t *testing.T) {
	for before, want := range map[day.Day]string{
		1: "", 0: "2026-07-01 is not over; reports up to it can still come, and the last day that is complete is 2026-06-30",
		-3: "2026-07-01 is not over; reports up to it can still come, and the last day that is complete is 2026-06-27",
	} {
		a := healthy()
		a.AsKnownOn(start + before)
		if got := strings.Join(a.Health.Findings, "\n"); got != want {
			t.Errorf("%d days after: got %q, want %q", before, got, want)
		}
	}
}

// Compute says what is wrong, and of which day the first report is.
func TestComputeFinds(t *testing.T) {
	s := tiny(t)
	h := on([]int{50}, []int{60})
	for asOf, want := range map[int]string{
		0:  "no report is of 2026-07-01 or earlier, and 2 are later, the first of 2026-08-20: choose a later day",
		60: "",
	} {
		a := Compute(h.tables(s), s, s, Known{}, start+day.Day(asOf), 7)
		if got := strings.Join(a.Health.Findings, "\n"); got != want || a.Health.FirstReport == nil || *a.Health.FirstReport != start+50 {
			t.Errorf("as of day %d: got %q, first %v; want %q", asOf, got, a.Health.FirstReport, want)
		}
	}
}
