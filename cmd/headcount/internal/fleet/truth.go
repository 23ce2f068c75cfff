package fleet

import (
	"math/bits"
	"slices"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// A Truth is the true answer about a fleet as of its last day that was
// written, for a window of 28 days. It has the JSON keys of [answer.Answer]
// that a fleet can know while it is made.
type Truth struct {
	Product       string               `json:"product"`
	AsOf          day.Day              `json:"as_of"`
	WindowDays    int                  `json:"window_days"`
	WindowFrom    day.Day              `json:"window_from"`
	Denominator   int64                `json:"denominator"`
	Installations answer.Installations `json:"installations"`
	Counters      []answer.Counter     `json:"counters"`
	Gauges        []answer.Gauge       `json:"gauges"`
	Activity      []answer.Activity    `json:"activity"`
	Cohorts       []answer.Cohort      `json:"cohorts"`
	Input         answer.Input         `json:"input"`
}

const window = 28

// Bits of tally.seen: bit 0 is the newest day.
const (
	in1, in7, inWindow = 1<<1 - 1, 1<<7 - 1, 1<<window - 1
	beforeWindow       = inWindow << window
)

// A tally is what is kept of an identifier.
type tally struct {
	seen  uint64 // days with a report, of the last 64
	first int32
	days  int32
}

// A count counts a fleet's events. It knows beforehand who will ask to erase,
// and counts nothing of them.
type count struct {
	f       *fleet
	last    int32 // day of the truth
	tallies []tally
	best    []uint32  // by identifier and counter: the largest total
	sized   []uint32  // by identifier and range gauge: who reported it last
	sizedOn []int32   // and when; -1: never
	weeks   [][]int64 // by week of the first report, and week
	truth   *Truth
}

func newCount(f *fleet, last day.Day) *count {
	n := f.o.Installations
	c := &count{f: f, last: int32(last - f.o.first()), tallies: make([]tally, n), best: make([]uint32, n*len(f.counters)),
		sized: make([]uint32, n*len(f.gauges)), sizedOn: make([]int32, n*len(f.gauges))}
	for i := range c.sizedOn {
		c.sizedOn[i] = -1
	}
	c.weeks = make([][]int64, c.week(c.last)+1)
	for i := range c.weeks {
		c.weeks[i] = make([]int64, len(c.weeks)-i)
	}
	c.truth = &Truth{Product: f.o.Schema.Product, AsOf: last, WindowDays: window, WindowFrom: last - window + 1,
		Counters: make([]answer.Counter, len(f.counters)), Gauges: []answer.Gauge{}, Activity: []answer.Activity{}, Cohorts: []answer.Cohort{}}
	return c
}

// week numbers the weeks from the one of the first day.
func (c *count) week(on int32) int {
	first := c.f.o.first()
	return int((first+day.Day(on)).Week()-first.Week()) / 7
}

// erased is whether an identifier's request to erase is in what is written.
func (c *count) erased(of int) bool { return c.f.machines[of].erase <= c.last }

func (c *count) event(e *event) {
	if e.erase {
		c.truth.Installations.Erased++
		return
	}
	if c.erased(e.of) {
		return
	}
	t, on := &c.tallies[e.of], int32(e.day-c.f.o.first())
	c.truth.Input.Reports++
	if t.seen&1 != 0 {
		c.truth.Input.Duplicates++
	} else {
		c.present(t, on)
	}
	c.counters(e, on)
	for g, series := range c.f.gauges {
		if slices.ContainsFunc(series, func(s int) bool { return e.values[s] != schema.Absent }) {
			at := e.of*len(c.f.gauges) + g
			c.sized[at], c.sizedOn[at] = uint32(e.machine), on
		}
	}
}

// present counts the first report of a day.
func (c *count) present(t *tally, on int32) {
	if t.days == 0 {
		t.first = on
		c.truth.Installations.Ever++
	}
	today := c.f.o.first() + day.Day(on)
	thisWeek := uint64(1)<<(today-today.Week()+1) - 1
	if t.seen&thisWeek == 0 {
		first := c.week(t.first)
		c.weeks[first][c.week(on)-first]++
	}
	t.seen |= 1
	t.days++
}

func (c *count) counters(e *event, on int32) {
	back := false
	for n, s := range c.f.counters {
		best, v := &c.best[e.of*len(c.f.counters)+n], e.values[s]
		counter := &c.truth.Counters[n]
		switch {
		case v == schema.Absent:
		case v < int64(*best):
			back = true
		case v > int64(*best):
			if *best == 0 {
				counter.Installations++
			}
			grown := v - int64(*best)
			counter.Total += grown
			if on > c.last-window {
				counter.New28d += grown
			}
			*best = uint32(v)
		}
	}
	if back {
		c.truth.Input.WentBack++
	}
}

// endDay looks at every identifier, and turns the page.
func (c *count) endDay(d day.Day) {
	a := answer.Activity{Day: d}
	on := int32(d - c.f.o.first())
	for i := range c.tallies {
		t := &c.tallies[i]
		if t.days == 0 {
			continue
		}
		a.Active1d += int64(t.seen & in1)
		a.Active7d += int64(bit(t.seen & in7))
		a.Active28d += int64(bit(t.seen & inWindow))
		if t.first == on {
			a.New++
		}
		if on < c.last {
			t.seen <<= 1
		}
	}
	if len(c.truth.Activity) > 0 || a.New > 0 {
		c.truth.Activity = append(c.truth.Activity, a)
	}
}

// bit is 1 where there is one.
func bit(of uint64) int { return min(bits.OnesCount64(of), 1) }
