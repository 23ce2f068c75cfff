package terminal

import (
	"math"
	"strconv"

	"headcount.example/cmd/headcount/internal/answer"
)

// cohorts shows weekly retention: of the installations that were first seen
// in a week, how many per cent reported in each week after it.
func (p *printer) cohorts() {
	all := p.a.Cohorts
	if len(all) == 0 {
		return
	}
	p.section("Retention", "installations first seen in a week, and % of them that reported in the weeks after")
	const cell = 5
	sizes := len("first")
	first := int64(0)
	for _, c := range all {
		first += c.Active[0]
	}
	sizes = max(sizes, len(Number(first))) // the widest one
	weeks := (p.width - 2 - 10 - 2 - sizes) / cell
	shown := all[max(len(all)-weeks, 0):]
	header := pad("week of", 10) + "  " + padLeft("first", sizes)
	for week := 1; week < min(weeks, len(shown[0].Active)); week++ {
		header += padLeft("+"+strconv.Itoa(week), cell)
	}
	p.line("  " + p.t.in(faint, header))
	p.line("  " + p.everyWeek(all, first, min(weeks, len(shown[0].Active)), sizes, cell))
	for _, c := range shown {
		p.line("  " + p.cohort(c, sizes, weeks, cell))
	}
	note := "all weeks: each % is of the weeks that are old enough for it, so it can rise"
	if late := p.a.Installations.Ever - first; late > 0 {
		note += "; " + Count(late, "installation is of a week that is not over", "installations are of a week that is not over") + ", and not here"
	}
	p.dim(note)
	if hidden := len(all) - len(shown); hidden > 0 {
		p.dim(Count(int64(hidden), "older week is", "older weeks are") + " in --format csv, json and html")
	}
}

func (p *printer) cohort(c answer.Cohort, sizes, weeks, cell int) string {
	line := c.Week.String() + "  " + padLeft(Number(c.Active[0]), sizes)
	for _, n := range c.Active[1:min(len(c.Active), weeks)] {
		line += p.kept(n, c.Active[0], cell)
	}
	return line
}

// everyWeek is the row of all cohorts together: of those that are old enough.
func (p *printer) everyWeek(all []answer.Cohort, first int64, weeks, sizes, cell int) string {
	line := pad("all weeks", 10) + "  " + padLeft(Number(first), sizes)
	for week := 1; week < weeks; week++ {
		var n, of int64
		for _, c := range all {
			if week < len(c.Active) {
				n, of = n+c.Active[week], of+c.Active[0]
			}
		}
		line += p.kept(n, of, cell)
	}
	return line
}

// kept is the percentage that n is of them, to the nearest one.
func (p *printer) kept(n, of int64, cell int) string {
	if of == 0 {
		return padLeft(unknownCell, cell)
	}
	part := int64(math.Round(100 * float64(n) / float64(of)))
	return p.t.in(heat(part), padLeft(strconv.FormatInt(part, 10), cell))
}

// heat is the colour of a percentage.
func heat(percent int64) style {
	switch {
	case percent >= 75:
		return green
	case percent >= 40:
		return yellow
	default:
		return red
	}
}
