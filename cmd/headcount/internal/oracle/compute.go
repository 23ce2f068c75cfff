package oracle

import (
	"slices"
)

// Compute reads the Collector's files, in this order, and answers as of the
// end of a day for a window of so many days.
func Compute(files []string, catalogJSON []byte, asOf string, window int) (*Result, error) {
	l, err := readList(catalogJSON)
	if err != nil {
		return nil, err
	}
	until, err := parseDay(asOf)
	if err != nil {
		return nil, err
	}
	in := &input{list: l, reports: map[string][]report{}, erased: map[string]bool{}}
	for _, path := range files {
		if err := in.readFile(path); err != nil {
			return nil, err
		}
	}
	c := &computer{list: l, asOf: until, window: window}
	for guid, reports := range in.reports {
		if in.erased[guid] {
			continue
		}
		i := installation{}
		for _, r := range reports {
			if r.day <= until { // what is later does not exist
				i = append(i, r)
			}
		}
		if len(i) == 0 {
			continue
		}
		slices.SortStableFunc(i, func(a, b report) int { return a.day - b.day })
		c.ever = append(c.ever, i)
	}
	return c.result(in), nil
}

// An installation is its reports, by day, and within a day by the order of
// the files.
type installation []report

// between is whether there is a report on the days from to to.
func (i installation) between(from, to int) bool {
	for _, r := range i {
		if r.day >= from && r.day <= to {
			return true
		}
	}
	return false
}

func (i installation) first() int { return i[0].day }

// total is the largest value of a series up to and with a day.
func (i installation) total(series int, to int) int64 {
	var largest int64
	for _, r := range i {
		if v := r.values[series]; r.day <= to && v > largest {
			largest = v
		}
	}
	return largest
}

// newest is the newest report on the days from to to that has a metric.
func (i installation) newest(name string, from, to int) *report {
	var newest *report
	for n := range i {
		if r := &i[n]; r.day >= from && r.day <= to && r.names[name] {
			newest = r
		}
	}
	return newest
}

type computer struct {
	list   *list
	asOf   int
	window int
	ever   []installation
}

func (c *computer) result(in *input) *Result {
	r := &Result{
		Product: c.list.Product, AsOf: text(c.asOf), WindowDays: c.window, WindowFrom: text(c.asOf - c.window + 1),
		Window: c.windowOf(c.window), Counters: c.counters(), Gauges: c.gauges(c.asOf),
		Activity: c.activity(), Cohorts: c.cohorts(), compute: c,
	}
	r.Denominator = r.Window.Active
	w := c.windowOf(28)
	r.Installations = Installations{
		Active1d: c.active(c.asOf, 1), Active7d: c.active(c.asOf, 7), Active28d: c.active(c.asOf, 28),
		New28d: w.New, Returned28d: w.Returned, Churned28d: w.Churned,
		SeenOneDay: c.seenOneDay(), Erased: int64(len(in.erased)), Ever: int64(len(c.ever)),
	}
	r.Input = c.input()
	r.Input.Torn, r.Input.Refused = in.torn, in.refused
	return r
}

func (c *computer) active(end, days int) (n int64) {
	for _, i := range c.ever {
		if i.between(end-days+1, end) {
			n++
		}
	}
	return n
}

func (c *computer) windowOf(days int) (w Window) {
	from := c.asOf - days + 1
	for _, i := range c.ever {
		in, before := i.between(from, c.asOf), i.between(from-days, from-1)
		if in {
			w.Active++
		}
		if i.first() >= from {
			w.New++
		}
		if in && i.first() < from && !before {
			w.Returned++
		}
		if before && !in {
			w.Churned++
		}
	}
	return w
}

func (c *computer) seenOneDay() (n int64) {
	for _, i := range c.ever {
		if i[0].day == i[len(i)-1].day {
			n++
		}
	}
	return n
}

func (c *computer) input() (in Input) {
	for _, i := range c.ever {
		for n, r := range i {
			in.Reports++
			if n > 0 && i[n-1].day == r.day {
				in.Duplicates++
			}
			if c.wentBack(i[:n], r) {
				in.WentBack++
			}
		}
	}
	return in
}

// wentBack is whether a counter of a report is below an earlier one.
func (c *computer) wentBack(earlier installation, r report) bool {
	for _, m := range c.list.Metrics {
		if m.Kind != "counter" {
			continue
		}
		for _, s := range m.series {
			if v := r.values[s.number]; v != absent && v < earlier.total(s.number, r.day) {
				return true
			}
		}
	}
	return false
}
