package answer

import (
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
)

// The week that ends with AsOf, a Sunday, is complete; a day before it is not.
func TestLastWeek(t *testing.T) {
	first := start.Week()
	tables := &figures.Tables{Cohorts: []figures.Cohort{{First: first, Week: first, N: 3}, {First: first, Week: first + 7, N: 2}, {First: first + 7, Week: first + 7, N: 1}}}
	for _, test := range []struct {
		asOf          day.Day
		cohorts, last int
	}{{first + 5, 0, 0}, {first + 6, 1, 1}, {first + 7, 1, 1}, {first + 12, 1, 1}, {first + 13, 2, 2}, {first + 14, 2, 2}} {
		s := tiny(t)
		a := Compute(tables, s, s, Known{}, test.asOf, 7)
		if got := len(a.Cohorts); got != test.cohorts {
			t.Errorf("%s: got %d cohorts, want %d", test.asOf, got, test.cohorts)
		} else if got > 0 && len(a.Cohorts[0].Active) != test.last {
			t.Errorf("%s: got %v, want %d weeks", test.asOf, a.Cohorts[0].Active, test.last)
		}
	}
}

// Sizes over time are of a year of weeks at the most, the last one to AsOf.
func TestPoints(t *testing.T) {
	const year = 52 * 7
	for history, want := range map[day.Day]int{0: 1, 6: 1, 7: 2, year - 1: 52, year: 53, year + 7: 53, 10 * year: 53} {
		c := computer{t: &figures.Tables{Daily: []figures.Daily{{Day: start - history}}}, asOf: start}
		ends := c.points()
		if len(ends) != want || ends[len(ends)-1] != start || ends[0] != start-7*day.Day(want-1) {
			t.Errorf("%d days: got %d points, %v, want %d", history, len(ends), ends, want)
		}
	}
	c := computer{t: &figures.Tables{}, asOf: start}
	if ends := c.points(); len(ends) != 0 {
		t.Errorf("no reports: got %v", ends)
	}
}

// A share of what no installation reported is not known, and not 0.
func TestShareOfWhatIsNotKnown(t *testing.T) {
	s := tiny(t)
	tables := &figures.Tables{Pairs: []figures.Pair{{Day: start, Before: day.None, N: 4}}, Daily: []figures.Daily{{Day: start, Reports: 4}},
		Known: []figures.Span{{From: start, Of: start, Values: []int64{0, 0, 2, 0}}}}
	for _, g := range Compute(tables, s, s, Known{}, start, 7).Gauges {
		switch {
		case g.Name == "c" && (g.Known != 2 || g.Share == nil || *g.Share != 0):
			t.Errorf("got %+v, want 2 that know it and a share of 0", g)
		case g.Name == "d" && (g.Known != 0 || g.Share != nil):
			t.Errorf("got %+v, want a share that is not known", g)
		}
	}
	for _, c := range Compute(&figures.Tables{}, s, s, Known{}, start, 7).Counters {
		if c.Share != nil {
			t.Errorf("without a report: got %+v, want a share that is not known", c)
		}
	}
}
