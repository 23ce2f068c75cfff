package figures

import (
	"cmp"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
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
