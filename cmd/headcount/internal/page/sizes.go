package page

import (
	"fmt"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
)

// sizes is what is known of one range gauge.
type sizes struct {
	Title, Code, Text string
	One, More         string
	Total             string
	Sentence          string
	Missing           string // installations that did not report it
	Unknown           bool
	Things            []bar
	Largest           []bar
	Columns           []column
	Over              over
}

// ranges is the table of a distribution.
type ranges struct {
	What, Head string
	Bars       []bar
}

func newRanges(what string, bars []bar) ranges { return ranges{what, capital(what), bars} }

func lastOf(bars []bar) int { return len(bars) - 1 }

// A column is a bar of the small chart on the first screen.
type column struct {
	X, W   string // percent
	Y, H   int    // pixels
	Title  string
	Median bool
}

// over is the shares of the ranges over time, stacked.
type over struct {
	Layers   []layer // smallest range first
	X        []mark
	Rows     [][]string // newest first
	Head     []string
	Sentence string
}

// A layer is one range of a stack.
type layer struct{ Path, Opacity, Title, Text, Now string }

const (
	stackHeight  = 240
	stackBelow   = stackHeight - 26
	columnHeight = 96
)

// mostSizes bounds the range gauges on the page.
const mostSizes = 4

func (k *maker) sizes() (list []sizes, more string) {
	left := int64(0)
	for i := 0; i < len(k.Gauges); {
		j := i
		for j < len(k.Gauges) && k.Gauges[j].Name == k.Gauges[i].Name {
			j++
		}
		if len(list) < mostSizes {
			list = append(list, k.size(k.Gauges[i:j]))
		} else {
			left++
		}
		i = j
	}
	if left > 0 {
		more = count(left) + plural(left, " more is", " more are") + " in the tables only."
	}
	return list, more
}

func (k *maker) size(ranges []answer.Gauge) sizes {
	m := k.metric(ranges[0].Name)
	s := sizes{Code: clip(m.Name), Text: m.Description}
	s.One, s.More = things(m)
	s.Title = capital(s.More)
	var values, largest []int64
	var labels []string
	var total, all int64
	for _, g := range ranges {
		values, largest, labels = append(values, g.Things), append(largest, g.Largest), append(labels, g.Range)
		total, all = total+g.Things, all+g.Largest
	}
	known := ranges[0].Known
	s.Unknown = known == 0
	s.Total, s.Sentence = count(total), sentenceOfSizes(s.One, s.More, labels, values)
	if s.Unknown {
		s.Total, s.Sentence = notKnown, "No installation reported this in the window."
	}
	if n := k.Denominator - known; n > 0 && known > 0 {
		s.Missing = fmt.Sprintf("%s of them %s not report this: their %s are not known.", count(n), plural(n, "does", "do"), s.More)
	}
	s.Things = rangeBars(labels, values, total, s.Unknown)
	s.Largest = rangeBars(labels, largest, k.Denominator, s.Unknown)
	s.Columns = columns(labels, values)
	s.Over = k.over(m.Name, s.More)
	return s
}

// rangeBars are the rows of a distribution: the longest bar is the commonest
// range.
func rangeBars(labels []string, values []int64, of int64, unknown bool) (list []bar) {
	median, has := typical(values)
	var most int64
	for _, v := range values {
		most = max(most, v)
	}
	for i, v := range values {
		b := bar{Text: rangeText(labels[i]), Values: []string{count(v), percent(v, of)}, Width: "0", Unknown: unknown, Median: has && i == median}
		if unknown {
			b.Values = []string{notKnown, ""}
		} else if most > 0 {
			b.Width = width(float64(v) / float64(most))
		}
		list = append(list, b)
	}
	return list
}

func columns(labels []string, values []int64) (list []column) {
	var most, total int64
	for _, v := range values {
		most, total = max(most, v), total+v
	}
	median, has := typical(values)
	for i, v := range values {
		wide := 100 / float64(len(values))
		c := column{X: coordinate(float64(i)*wide + wide*.08), W: coordinate(wide * .84), Median: has && i == median,
			Title: fmt.Sprintf("%s: %s, %s", rangeText(labels[i]), count(v), percent(v, total))}
		if most > 0 {
			c.H = int(float64(columnHeight) * float64(v) / float64(most))
		}
		if v > 0 {
			c.H = max(c.H, 2)
		}
		c.Y = columnHeight - c.H
		list = append(list, c)
	}
	return list
}

// over stacks the shares of the ranges. A day on which nothing is known is a
// gap.
func (k *maker) over(name, more string) (o over) {
	var points []answer.Sizes
	for _, p := range k.SizesOverTime {
		if p.Name == name && len(p.Ranges) > 0 && len(p.Things) == len(p.Ranges) {
			points = append(points, p)
		}
	}
	if len(points) < 2 {
		return over{}
	}
	last := points[len(points)-1]
	o.X = dates(points[0].Day, last.Day)
	for r := range last.Ranges {
		l := layer{Path: layerPath(points, r), Text: rangeText(last.Ranges[r]), Opacity: coordinateOf(0.12 + 0.88*float64(r)/float64(max(len(last.Ranges)-1, 1)))}
		l.Now = percent(last.Things[r], sum(last.Things))
		l.Title = fmt.Sprintf("%s: %s of %s on %s, %s on %s", l.Text, percent(points[0].Things[r], sum(points[0].Things)), more, brief(points[0].Day), l.Now, brief(last.Day))
		o.Layers = append(o.Layers, l)
	}
	o.rows(points)
	return o
}

func coordinateOf(v float64) string { return strings.TrimPrefix(fmt.Sprintf("%.2f", v), "0") }

func sum(values []int64) (n int64) {
	for _, v := range values {
		n += v
	}
	return n
}

// layerPath is the outline of one range: along its top, and back along the
// top of the ranges below it.
func layerPath(points []answer.Sizes, r int) string {
	var path strings.Builder
	for from := 0; from < len(points); {
		to := from
		for to < len(points) && sum(points[to].Things) > 0 {
			to++
		}
		if to > from {
			path.WriteString(outline(points, from, to, r))
		}
		from = to + 1
	}
	return path.String()
}

func outline(points []answer.Sizes, from, to, r int) string {
	var l line
	height := func(i, upTo int) float64 {
		p := points[i]
		return stackBelow - (stackBelow-4)*float64(sum(p.Things[:upTo]))/float64(sum(p.Things))
	}
	for i := from; i < to; i++ {
		l.to(at(i, len(points)), height(i, r+1))
	}
	for i := to - 1; i >= from; i-- {
		l.to(at(i, len(points)), height(i, r))
	}
	return l.String() + "Z"
}

// rows are the table behind the stack: at most a year of weeks, one of every
// four where there are more than fourteen.
func (o *over) rows(points []answer.Sizes) {
	o.Head = append(o.Head, "Day")
	for _, r := range points[len(points)-1].Ranges {
		o.Head = append(o.Head, rangeText(r))
	}
	thin(len(points), 14, func(i int) {
		row := []string{points[i].Day.String()}
		for _, v := range points[i].Things {
			if points[i].Known == 0 {
				row = append(row, notKnown)
				continue
			}
			row = append(row, count(v))
		}
		o.Rows = append([][]string{row}, o.Rows...)
	})
}
