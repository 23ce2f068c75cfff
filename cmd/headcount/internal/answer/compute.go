package answer

import (
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// DefaultWindow is the window of a report, in days.
const DefaultWindow = 28

// Compute answers from the tables, as of the end of a day, for a window of so
// many days (1 or more). view is the list in whose order the answer is; held
// is the list whose numbers the tables have.
func Compute(t *figures.Tables, held, view *schema.Schema, known Known, asOf day.Day, window int) *Answer {
	c := computer{t: t, asOf: asOf, window: day.Day(window)}
	a := &Answer{Product: view.Product, AsOf: asOf, WindowDays: window, WindowFrom: asOf - c.window + 1}
	a.Window = c.windowOf(c.window)
	a.Denominator = a.Window.Active
	w28 := c.windowOf(28)
	ever, second := c.ever()
	a.Installations = Installations{
		Active1d: c.active(asOf, 1), Active7d: c.active(asOf, 7), Active28d: w28.Active,
		New28d: w28.New, Returned28d: w28.Returned, Churned28d: w28.Churned,
		SeenOneDay: ever - second, Erased: known.Erased, Ever: ever,
	}
	a.Counters = c.counters(held, view, a.Denominator)
	a.Gauges = c.gauges(held, view, a.Denominator)
	a.Activity = c.activity()
	a.SizesOverTime = c.overTime(held, view)
	a.Cohorts = c.cohorts()
	a.Input, a.Health = c.input(known)
	a.Window.Before = c.before(a)
	a.Health.Findings = a.findings()
	return a
}

type computer struct {
	t      *figures.Tables
	asOf   day.Day
	window day.Day
}

// in is whether a day is one of the last n days to end.
func in(d, end, n day.Day) bool { return d <= end && d > end-n }

// active is how many installations had a report in the n days to end.
func (c *computer) active(end, n day.Day) (sum int64) {
	for _, p := range c.t.Pairs {
		if in(p.Day, end, n) && p.Before <= end-n {
			sum += p.N
		}
	}
	return sum
}

func (c *computer) windowOf(n day.Day) (w Window) {
	start := c.asOf - n // the last day before the window
	var stayed int64
	for _, p := range c.t.Pairs {
		if !in(p.Day, c.asOf, n) || p.Before > start {
			continue // not the first report in the window
		}
		w.Active += p.N
		switch {
		case p.Before == day.None:
			w.New += p.N
		case p.Before <= start-n:
			w.Returned += p.N
		default:
			stayed += p.N
		}
	}
	w.Churned = c.active(start, n) - stayed
	return w
}

// before is how many were active in the window before. It is not known where
// reports began later than that window.
func (c *computer) before(a *Answer) Maybe {
	if len(a.Activity) == 0 || a.Activity[0].Day > c.asOf-2*c.window+1 {
		return Maybe{}
	}
	return Maybe{c.active(c.asOf-c.window, c.window), true}
}

// ever is how many installations had a report, and how many had reports on
// two days or more.
func (c *computer) ever() (ever, second int64) {
	for _, p := range c.t.Pairs {
		if p.Day <= c.asOf {
			second += p.Second
			if p.Before == day.None {
				ever += p.N
			}
		}
	}
	return ever, second
}

// share is n of the denominator; nil, not known, where that is 0.
func share(n, denominator int64) *float64 {
	if denominator == 0 {
		return nil
	}
	s := float64(n) / float64(denominator)
	return &s
}
