package page

import (
	"math"
	"strconv"
	"strings"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

// Charts are as wide as the page allows and have a fixed height: places
// across are in percent or thousandths, places down in pixels, so text keeps
// its size on every screen.
const across = 1000

// A mark is a place on an axis.
type mark struct {
	Y      int    // on the vertical axis, in pixels
	X      string // on the horizontal one, in percent
	Anchor string // of the text
	Text   string
	Second bool // left out on a narrow screen
}

// step is a round distance (1, 2, 5, 10, …) of which at most n reach most.
func step(most float64, n int) float64 {
	if most <= float64(n) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(most/float64(n))))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m == 2.5 && unit < 10 {
			continue // whole numbers only
		}
		if m*unit*float64(n) >= most {
			return m * unit
		}
	}
	return 10 * unit
}

// A scale places numbers from 0 to top between two heights in pixels.
type scale struct {
	top          float64
	above, below float64
	step         float64
}

func newScale(most int64, above, below float64) scale {
	s := scale{above: above, below: below, step: step(float64(most), 4)}
	s.top = max(s.step, math.Ceil(float64(most)/s.step)*s.step)
	return s
}

func (s scale) y(v float64) float64 { return s.below - (s.below-s.above)*v/s.top }

func (s scale) marks() (list []mark) {
	for i := 0; float64(i)*s.step <= s.top*1.001; i++ {
		v := float64(i) * s.step
		list = append(list, mark{Y: int(math.Round(s.y(v))), Text: short(v)})
	}
	return list
}

// A line collects the points of a path. Its zero value is empty.
type line struct{ b strings.Builder }

func (l *line) to(x, y float64) {
	if l.b.Len() == 0 {
		l.b.WriteByte('M')
	} else {
		l.b.WriteByte('L')
	}
	l.b.WriteString(coordinate(x) + " " + coordinate(y))
}

func (l *line) String() string { return l.b.String() }

func coordinate(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// at is where number i of n is across, in thousandths; one alone is at the end.
func at(i, n int) float64 {
	if n < 2 {
		return across
	}
	return across * float64(i) / float64(n-1)
}

// most is how many dates an axis shows.
const mostDates = 7

// dates marks the days of an axis from first to last: days, or the first days
// of months.
func dates(first, last day.Day) (list []mark) {
	span := last - first
	add := func(d day.Day, layout string) {
		m := mark{X: "100", Anchor: "end", Text: d.Time().Format(layout), Second: len(list)%2 == 1}
		if span > 0 {
			m.place(100 * float64(d-first) / float64(span))
		}
		list = append(list, m)
	}
	if span <= 70 {
		distance := max(1, (span+mostDates-1)/(mostDates-1))
		for d := last; d >= first; d -= distance {
			add(d, "2 Jan")
		}
		return list
	}
	every := monthsBetween(first, last)
	for d := first.NextMonth(); d <= last; d = d.NextMonth() {
		number := d.Time().Year()*12 + int(d.Time().Month()) - 1
		switch {
		case number%every != 0:
		case d.Time().Month() == time.January || every >= 12:
			add(d, "2006")
		default:
			add(d, "Jan")
		}
	}
	return list
}

// place puts a mark at a part of the axis, in percent. At an end the text is
// inside.
func (m *mark) place(x float64) {
	m.X, m.Anchor = coordinate(x), "middle"
	switch {
	case x < 4:
		m.Anchor = "start"
	case x > 96:
		m.Anchor = "end"
	}
}

// monthsBetween is how many months are from one date of an axis to the next.
func monthsBetween(first, last day.Day) int {
	months := 0
	for d := first.NextMonth(); d <= last; d = d.NextMonth() {
		months++
	}
	every := (months + mostDates - 1) / mostDates
	for _, n := range []int{1, 2, 3, 6, 12, 24, 60, 120} {
		if n >= every {
			return n
		}
	}
	return every
}
