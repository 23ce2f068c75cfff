// Package figures states what counts as what, once. Everything that the
// command answers is a sum over the tables of this package.
//
// # The truth
//
//   - A day is a day in UTC, as the Collector stamped it.
//   - Reports of an installation are taken in the order of their days, and
//     within a day in the order in which they were read.
//   - Counter: the total of a series is the largest that the installation has
//     reported so far. What is new in a window is the total at its end less
//     the total before it. A value below an earlier one (a restored backup, a
//     clone) is counted as "went back" and subtracts nothing.
//   - Range gauge: the newest report that has the metric holds. A range that
//     it does not have is 0.
//   - Active in a window: at least one report in it.
//   - What is erased is in nothing.
//
// # How
//
// Each report is seen once, after those before it, with the state of its
// installation. What it adds to the tables depends on the past alone, so a
// table of one month never changes when the next month is added, and the
// tables of several months add up. A question about any day and any window
// is then a sum over small tables:
//
//   - Of the reports of an installation in a window, exactly one has no
//     other in the window before it. So the number of active installations
//     is the number of active days in the window whose previous active day
//     (Pair.Before) is before it.
//   - A figure that lasts until the next report (the ranges, and which
//     counters an installation uses) is added with the day of its report,
//     and taken away with the same day once the next one replaces it.
package figures

import (
	"cmp"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// An Installation is what is known of one installation after its reports so
// far. The zero value is one without a report.
type Installation struct {
	Days   int32     // days with a report
	First  day.Day   // of these the first
	Last   day.Day   // and the last
	Totals []int64   // by series: the largest value so far of a counter, 0 before the first
	Ranges []int64   // by series: the value of a range in the newest report that has its metric
	Seen   []day.Day // by metric: the day of that report; day.None before the first
}

// Daily is what happened on one day.
type Daily struct {
	Day        day.Day
	Reports    int64
	Duplicates int64   // reports of an installation that had one on this day
	WentBack   int64   // reports with a counter below an earlier value
	Growth     []int64 // by series: how much the totals grew
	Users      []int64 // by series: for how many installations the total left 0
}

// A Pair counts the installations that had a report on Day and, before it,
// the last one on Before.
type Pair struct {
	Day    day.Day
	Before day.Day // day.None where there was none
	N      int64
	Second int64 // of N, those with exactly one active day before
}

// A Span is a signed change of the installations that a figure holds for: it
// counts from day From on, for windows that reach back to day Of.
type Span struct {
	From, Of day.Day
	Values   []int64
}

// A Cohort counts the installations whose first report was in the week First
// and that had one in the week Week. Weeks are given by their Mondays.
type Cohort struct {
	First, Week day.Day
	N           int64
}

// Tables are the figures of a month, or the sum of several.
type Tables struct {
	Daily   []Daily
	Pairs   []Pair
	Uses    []Span // Values by series: installations whose total is above 0
	Sizes   []Span // Values: SizeWidth for each series: things, installations, largest
	Known   []Span // Values by metric: installations that reported it at all
	Cohorts []Cohort
}

// What Sizes holds of each series of a range gauge.
const (
	Things        = iota // things in the range
	Installations        // installations with at least one thing in it
	Largest              // installations whose largest thing is in it
	SizeWidth
)

// A Builder makes the tables of consecutive days from reports. It is not safe
// for concurrent use.
type Builder struct {
	schema  *schema.Schema
	gauges  [][]int // by metric: the series of a range gauge; nil for counters
	daily   map[day.Day]*Daily
	today   *Daily // the last one asked for
	pairs   spans  // N and Second
	uses    spans
	sizes   spans
	known   spans
	cohorts map[[2]day.Day]int64
}

// NewBuilder returns an empty builder for reports by this schema, which must
// not grow while it is used. It is fastest for the days of the month that
// begins with first.
func NewBuilder(s *schema.Schema, first day.Day) *Builder {
	b := &Builder{schema: s, daily: map[day.Day]*Daily{}, cohorts: map[[2]day.Day]int64{}, gauges: make([][]int, len(s.Metrics))}
	for _, t := range []*spans{&b.pairs, &b.uses, &b.sizes, &b.known} {
		t.first = first
	}
	b.pairs.width = 2
	for i, series := range s.Series {
		if s.Metrics[series.Metric].Kind == schema.RangeGauge {
			b.gauges[series.Metric] = append(b.gauges[series.Metric], i)
		}
	}
	for _, series := range b.gauges {
		slices.SortStableFunc(series, func(a, c int) int {
			return cmp.Compare(schema.RangeStart(s.Series[a].Values[0]), schema.RangeStart(s.Series[c].Values[0]))
		})
	}
	b.uses.width, b.sizes.width, b.known.width = len(s.Series), SizeWidth*len(s.Series), len(s.Metrics)
	return b
}

// Grow makes room in the state of an installation for every series of the
// schema.
func (b *Builder) Grow(i *Installation) {
	for len(i.Totals) < len(b.schema.Series) {
		i.Totals, i.Ranges = append(i.Totals, 0), append(i.Ranges, 0)
	}
	for len(i.Seen) < len(b.schema.Metrics) {
		i.Seen = append(i.Seen, day.None)
	}
}

// Add counts the next report of an installation and brings its state up to
// date. The report must not be before the installation's last day, and not a
// request to erase.
func (b *Builder) Add(i *Installation, r *schema.Report) {
	b.Grow(i)
	d := b.day(r.Day)
	d.Reports++
	again := i.Days > 0 && i.Last == r.Day
	if again {
		d.Duplicates++
	} else {
		b.active(i, r.Day)
	}
	b.use(i, r, d, again)
	for metric, series := range b.gauges {
		if series != nil {
			b.size(i, r, metric, series)
		}
	}
	if !again {
		if i.Days == 0 {
			i.First = r.Day
		}
		i.Days++
		i.Last = r.Day
	}
}

func (b *Builder) day(of day.Day) *Daily {
	if b.today != nil && b.today.Day == of {
		return b.today
	}
	d := b.daily[of]
	if d == nil {
		d = &Daily{Day: of, Growth: make([]int64, len(b.schema.Series)), Users: make([]int64, len(b.schema.Series))}
		b.daily[of] = d
	}
	b.today = d
	return d
}

// active counts a day on which an installation has its first report.
func (b *Builder) active(i *Installation, on day.Day) {
	before := day.None
	if i.Days > 0 {
		before = i.Last
	}
	p := b.pairs.at(on, before)
	p[0]++
	if i.Days == 1 {
		p[1]++
	}
	switch {
	case i.Days == 0:
		b.cohorts[[2]day.Day{on.Week(), on.Week()}]++
	case i.Last.Week() != on.Week():
		b.cohorts[[2]day.Day{i.First.Week(), on.Week()}]++
	}
}

// use counts the counters of a report.
func (b *Builder) use(i *Installation, r *schema.Report, d *Daily, again bool) {
	var before []int64
	if i.Days > 0 {
		before = b.uses.at(r.Day, i.Last)
	}
	now := b.uses.at(r.Day, r.Day)
	back := false
	for s := range i.Totals {
		if b.schema.Metrics[b.schema.Series[s].Metric].Kind != schema.Counter {
			continue
		}
		if before != nil && i.Totals[s] > 0 {
			before[s]--
		}
		switch v := r.Value(s); {
		case v == schema.Absent:
		case v < i.Totals[s]:
			back = true
		case v > i.Totals[s]:
			d.Growth[s] += v - i.Totals[s]
			if i.Totals[s] == 0 {
				d.Users[s]++
			}
			i.Totals[s] = v
		}
		if i.Totals[s] > 0 {
			now[s]++
		}
	}
	if back {
		d.WentBack++
	}
}

// size counts a range gauge of a report.
func (b *Builder) size(i *Installation, r *schema.Report, metric int, series []int) {
	has := false
	for _, s := range series {
		has = has || r.Value(s) != schema.Absent
	}
	if !has {
		return
	}
	if of := i.Seen[metric]; of != day.None {
		sizesOf(b.sizes.at(r.Day, of), series, i.Ranges, -1)
		b.known.at(r.Day, of)[metric]--
	}
	for _, s := range series {
		i.Ranges[s] = max(r.Value(s), 0)
	}
	sizesOf(b.sizes.at(r.Day, r.Day), series, i.Ranges, 1)
	b.known.at(r.Day, r.Day)[metric]++
	i.Seen[metric] = r.Day
}

func sizesOf(values []int64, series []int, ranges []int64, sign int64) {
	largest := -1
	for _, s := range series {
		if ranges[s] > 0 {
			values[s*SizeWidth+Things] += sign * ranges[s]
			values[s*SizeWidth+Installations] += sign
			largest = s
		}
	}
	if largest >= 0 {
		values[largest*SizeWidth+Largest] += sign
	}
}

// reach is how many days back a span may go without a map.
const reach = 64

// spans collects values by two days: the first of a month, the second not
// after it.
type spans struct {
	width int
	first day.Day
	near  [31][reach][]int64 // by days since first, and days back
	far   map[[2]day.Day][]int64
}

func (s *spans) at(from, of day.Day) []int64 {
	if n, back := from-s.first, int64(from)-int64(of); n >= 0 && n < 31 && back >= 0 && back < reach {
		v := &s.near[n][back]
		if *v == nil {
			*v = make([]int64, s.width)
		}
		return *v
	}
	v := s.far[[2]day.Day{from, of}]
	if v == nil {
		if s.far == nil {
			s.far = map[[2]day.Day][]int64{}
		}
		v = make([]int64, s.width)
		s.far[[2]day.Day{from, of}] = v
	}
	return v
}

// list returns what is not all zeros, in the order of days.
func (s *spans) list() (list []Span) {
	add := func(from, of day.Day, values []int64) {
		if slices.ContainsFunc(values, func(v int64) bool { return v != 0 }) {
			list = append(list, Span{from, of, values})
		}
	}
	for n := range s.near {
		for back, values := range s.near[n] {
			add(s.first+day.Day(n), s.first+day.Day(n-back), values)
		}
	}
	for days, values := range s.far {
		add(days[0], days[1], values)
	}
	slices.SortFunc(list, func(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Of, b.Of)) })
	return list
}

// Tables returns what was counted, in the order of days.
func (b *Builder) Tables() *Tables {
	t := &Tables{Uses: b.uses.list(), Sizes: b.sizes.list(), Known: b.known.list()}
	for _, d := range b.daily {
		t.Daily = append(t.Daily, *d)
	}
	slices.SortFunc(t.Daily, func(a, b Daily) int { return cmp.Compare(a.Day, b.Day) })
	for _, p := range b.pairs.list() {
		t.Pairs = append(t.Pairs, Pair{p.From, p.Of, p.Values[0], p.Values[1]})
	}
	for days, n := range b.cohorts {
		t.Cohorts = append(t.Cohorts, Cohort{days[0], days[1], n})
	}
	slices.SortFunc(t.Cohorts, func(a, b Cohort) int { return cmp.Or(cmp.Compare(a.Week, b.Week), cmp.Compare(a.First, b.First)) })
	return t
}

// Append adds the tables of another month.
func (t *Tables) Append(o *Tables) {
	t.Daily = append(t.Daily, o.Daily...)
	t.Pairs = append(t.Pairs, o.Pairs...)
	t.Uses = append(t.Uses, o.Uses...)
	t.Sizes = append(t.Sizes, o.Sizes...)
	t.Known = append(t.Known, o.Known...)
	t.Cohorts = append(t.Cohorts, o.Cohorts...)
}
