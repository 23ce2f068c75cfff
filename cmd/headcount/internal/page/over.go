package page

import (
	"fmt"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
)

// over is the shares of the ranges over time, stacked.
type over struct {
	Layers []layer // smallest range first
	X      []mark
	Rows   [][]string // newest first
	Head   []string
}

// A layer is one range of a stack.
type layer struct{ Path, Opacity, Title, Text, Now string }

// The height of the stack, and where its bottom is, in pixels.
const (
	stackHeight = 240
	stackBelow  = stackHeight - 26
)

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

// mostOver bounds the rows of the table behind the stack.
const mostOver = 14

// rows are the table behind the stack: every week, or one of every few.
func (o *over) rows(points []answer.Sizes) {
	o.Head = append(o.Head, "Day")
	for _, r := range points[len(points)-1].Ranges {
		o.Head = append(o.Head, rangeText(r))
	}
	thin(len(points), mostOver, func(i int) {
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
