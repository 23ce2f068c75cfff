package terminal

import (
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
	for _, c := range all {
		sizes = max(sizes, len(Number(c.Active[0])))
	}
	weeks := (p.width - 2 - 10 - 2 - sizes) / cell
	shown := all[max(len(all)-weeks, 0):]
	header := pad("week of", 10) + "  " + padLeft("first", sizes)
	for week := 1; week < min(weeks, len(shown[0].Active)); week++ {
		header += padLeft("+"+strconv.Itoa(week), cell)
	}
	p.line("  " + p.t.in(faint, header))
	for _, c := range shown {
		p.line("  " + p.cohort(c, sizes, weeks, cell))
	}
	if hidden := len(all) - len(shown); hidden > 0 {
		p.dim(Count(int64(hidden), "older week is", "older weeks are") + " in --format csv, json and html")
	}
}

func (p *printer) cohort(c answer.Cohort, sizes, weeks, cell int) string {
	line := c.Week.String() + "  " + padLeft(Number(c.Active[0]), sizes)
	for _, n := range c.Active[1:min(len(c.Active), weeks)] {
		if c.Active[0] == 0 {
			line += padLeft(unknownCell, cell)
			continue
		}
		part := 100 * n / c.Active[0]
		line += p.t.in(heat(part), padLeft(strconv.FormatInt(part, 10), cell))
	}
	return line
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
