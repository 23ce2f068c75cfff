package answer

import (
	"cmp"
	"slices"

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

// each calls do for every series of the metrics of a kind that the view
// lists, with its number in the tables, or -1 where they do not have it.
func each(held, view *schema.Schema, kind schema.Kind, do func(metric int, s schema.Series, number int)) {
	order := make([]int, len(view.Series))
	for i := range order {
		order[i] = i
	}
	if view.Open { // as learnt from the data: by name, ranges by their numbers
		slices.SortFunc(order, func(i, j int) int { return compareSeries(view, view.Series[i], view.Series[j]) })
	}
	for _, i := range order {
		s := view.Series[i]
		m := view.Metrics[s.Metric]
		if m.Kind != kind {
			continue
		}
		number, ok := held.Number(m.Name, s.Values)
		if !ok {
			number = -1
		}
		do(s.Metric, s, number)
	}
}

func compareSeries(of *schema.Schema, a, b schema.Series) int {
	if by := cmp.Compare(of.Metrics[a.Metric].Name, of.Metrics[b.Metric].Name); by != 0 {
		return by
	}
	for i := range a.Values {
		by := cmp.Or(cmp.Compare(schema.RangeStart(a.Values[i]), schema.RangeStart(b.Values[i])), cmp.Compare(a.Values[i], b.Values[i]))
		if by != 0 {
			return by
		}
	}
	return 0
}

// at is a value of a table by number; 0 where the table does not have it.
func at(values []int64, number int) int64 {
	if number < 0 || number >= len(values) {
		return 0
	}
	return values[number]
}

// add adds values to a total, which grows to hold them.
func add(total []int64, values []int64, sign int64) []int64 {
	for len(total) < len(values) {
		total = append(total, 0)
	}
	for i, v := range values {
		total[i] += sign * v
	}
	return total
}

// sums adds what holds as of each of some days, which ascend, for
// installations seen in the n days to it. It looks at each span once: a span
// holds from the first day not before From to the last one whose n days reach
// back to Of.
func sums(spans []figures.Span, ends []day.Day, n day.Day) [][]int64 {
	totals := make([][]int64, len(ends)+1)
	for _, s := range spans {
		from, _ := slices.BinarySearch(ends, s.From)
		to, _ := slices.BinarySearch(ends, s.Of+n)
		if from < to {
			totals[from] = add(totals[from], s.Values, 1)
			totals[to] = add(totals[to], s.Values, -1)
		}
	}
	for i := 1; i < len(ends); i++ {
		totals[i] = add(totals[i], totals[i-1], 1)
	}
	return totals[:len(ends)]
}

// sum is sums as of one day.
func sum(spans []figures.Span, end, n day.Day) []int64 {
	return sums(spans, []day.Day{end}, n)[0]
}

func (c *computer) counters(held, view *schema.Schema, denominator int64) []Counter {
	var total, in28, inWindow, users []int64
	for _, d := range c.t.Daily {
		if d.Day > c.asOf {
			continue
		}
		total, users = add(total, d.Growth, 1), add(users, d.Users, 1)
		if in(d.Day, c.asOf, 28) {
			in28 = add(in28, d.Growth, 1)
		}
		if in(d.Day, c.asOf, c.window) {
			inWindow = add(inWindow, d.Growth, 1)
		}
	}
	uses := sum(c.t.Uses, c.asOf, c.window)
	list := []Counter{}
	each(held, view, schema.Counter, func(metric int, s schema.Series, number int) {
		m := view.Metrics[metric]
		labels := map[string]string{}
		for i, v := range s.Values {
			labels[m.Attributes[i].Key] = v
		}
		list = append(list, Counter{Name: m.Name, Labels: labels, Total: at(total, number), New28d: at(in28, number), New: at(inWindow, number),
			Installations: at(users, number), Active: at(uses, number), Share: share(at(uses, number), denominator)})
	})
	return list
}

// sizes returns what a range gauge's series has of one kind.
func sizes(values []int64, number, kind int) int64 {
	if number < 0 {
		return 0
	}
	return at(values, number*figures.SizeWidth+kind)
}

func (c *computer) gauges(held, view *schema.Schema, denominator int64) []Gauge {
	now, known := sum(c.t.Sizes, c.asOf, c.window), sum(c.t.Known, c.asOf, c.window)
	list := []Gauge{}
	each(held, view, schema.RangeGauge, func(metric int, s schema.Series, number int) {
		name := view.Metrics[metric].Name
		g := Gauge{Name: name, Range: s.Values[0], Known: knownOf(held, known, name),
			Things:        sizes(now, number, figures.Things),
			Installations: sizes(now, number, figures.Installations), Largest: sizes(now, number, figures.Largest)}
		if g.Known > 0 {
			g.Share = share(g.Installations, denominator)
		}
		list = append(list, g)
	})
	return list
}

func knownOf(held *schema.Schema, known []int64, metric string) int64 {
	if i, ok := held.Metric([]byte(metric)); ok {
		return at(known, i)
	}
	return 0
}

// activity finds every day's figures in one pass: a pair counts from the day
// on which no earlier report is left in the window to the last day on which
// its own is.
func (c *computer) activity() []Activity {
	list := []Activity{}
	if len(c.t.Pairs) == 0 {
		return list
	}
	first := c.asOf + 1
	for _, p := range c.t.Pairs {
		first = min(first, p.Day)
	}
	n := int(c.asOf - first + 1)
	if n <= 0 {
		return list
	}
	list = make([]Activity, n)
	change := make([]int64, n+1)
	for _, w := range []day.Day{1, 7, 28} {
		clear(change)
		for _, p := range c.t.Pairs {
			from := p.Day
			if p.Before != day.None {
				from = max(from, p.Before+w)
			}
			if to := p.Day + w; from < to && from <= c.asOf {
				change[from-first] += p.N
				change[min(to-first, day.Day(n))] -= p.N
			}
		}
		var now int64
		for i := range list {
			now += change[i]
			switch w {
			case 1:
				list[i].Active1d = now
			case 7:
				list[i].Active7d = now
			case 28:
				list[i].Active28d = now
			}
		}
	}
	for i := range list {
		list[i].Day = first + day.Day(i)
	}
	for _, p := range c.t.Pairs {
		if p.Before == day.None && p.Day <= c.asOf {
			list[p.Day-first].New += p.N
		}
	}
	return list
}

// maxPoints bounds the points of SizesOverTime, which are a week apart.
const maxPoints = 53

// points are the days of SizesOverTime, which ascend.
func (c *computer) points() (ends []day.Day) {
	first := c.asOf + 1
	for _, d := range c.t.Daily {
		first = min(first, d.Day)
	}
	for end := c.asOf; end >= first && len(ends) < maxPoints; end -= 7 {
		ends = append(ends, end)
	}
	slices.Reverse(ends)
	return ends
}

func (c *computer) overTime(held, view *schema.Schema) []Sizes {
	list := []Sizes{}
	ends := c.points()
	now, known := sums(c.t.Sizes, ends, c.window), sums(c.t.Known, ends, c.window)
	last := -1
	each(held, view, schema.RangeGauge, func(metric int, s schema.Series, number int) {
		if metric != last {
			last = metric
			name := view.Metrics[metric].Name
			for i, end := range ends {
				list = append(list, Sizes{Name: name, Day: end, Known: knownOf(held, known[i], name)})
			}
		}
		for i, now := range now {
			p := &list[len(list)-len(ends)+i]
			p.Ranges = append(p.Ranges, s.Values[0])
			p.Things = append(p.Things, sizes(now, number, figures.Things))
			p.Installations = append(p.Installations, sizes(now, number, figures.Installations))
			p.Largest = append(p.Largest, sizes(now, number, figures.Largest))
		}
	})
	return list
}

func (c *computer) cohorts() []Cohort {
	last := (c.asOf + 1).Week() - 7 // the last complete week
	byWeek := map[day.Day]*Cohort{}
	list := []Cohort{}
	for _, x := range c.t.Cohorts {
		if x.Week > last {
			continue
		}
		h := byWeek[x.First]
		if h == nil {
			h = &Cohort{Week: x.First, Active: make([]int64, (last-x.First)/7+1)}
			byWeek[x.First] = h
		}
		h.Active[(x.Week-x.First)/7] += x.N
	}
	for _, h := range byWeek {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b Cohort) int { return cmp.Compare(a.Week, b.Week) })
	return list
}

// torn are the kinds that do not parse; every other kind is refused.
var torn = map[string]bool{Torn: true, Foreign: true}

func (c *computer) input(known Known) (in Input, h Health) {
	h = Health{Kinds: known.Kinds, LateErased: known.LateErased, Pending: known.Pending, Days: []DayHealth{}}
	if h.Kinds == nil {
		h.Kinds = map[string]int64{}
	}
	for kind, n := range h.Kinds {
		if torn[kind] {
			in.Torn += n
		} else {
			in.Refused += n
		}
	}
	byDay := map[day.Day]DayHealth{}
	newest := day.None
	for _, d := range c.t.Daily {
		if d.Day > c.asOf { // perhaps of a clock that is ahead: it must not hide that nothing new comes
			h.LaterThanAsOf += d.Reports
			continue
		}
		newest = max(newest, d.Day)
		in.Reports += d.Reports
		in.Duplicates += d.Duplicates
		in.WentBack += d.WentBack
		x := byDay[d.Day]
		byDay[d.Day] = DayHealth{d.Day, x.Reports + d.Reports, x.Duplicates + d.Duplicates, x.WentBack + d.WentBack}
	}
	if newest != day.None {
		age := int64(c.asOf - newest)
		h.NewestReport, h.AgeDays = &newest, &age
	}
	for d := c.asOf - 27; d <= c.asOf; d++ {
		x := byDay[d]
		x.Day = d
		h.Days = append(h.Days, x)
	}
	return in, h
}
