package answer

import (
	"cmp"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

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
	shareThings(list)
	return list
}

// shareThings fills in the shares of the things of each metric.
func shareThings(list []Gauge) {
	all := map[string]int64{}
	for _, g := range list {
		all[g.Name] += g.Things
	}
	for i := range list {
		if g := &list[i]; g.Known > 0 {
			g.ShareOfThings = share(g.Things, all[g.Name])
		}
	}
}

func knownOf(held *schema.Schema, known []int64, metric string) int64 {
	if i, ok := held.Metric([]byte(metric)); ok {
		return at(known, i)
	}
	return 0
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
