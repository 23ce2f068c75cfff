package terminal

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"headcount.example/cmd/headcount/internal/answer"
)

// sizes shows how large things are: one part for each range gauge.
func (p *printer) sizes() {
	for from := 0; from < len(p.a.Gauges); {
		to := from
		for to < len(p.a.Gauges) && p.a.Gauges[to].Name == p.a.Gauges[from].Name {
			to++
		}
		p.gauge(p.a.Gauges[from:to])
		from = to
	}
}

// Widths of the numbers of a range.
const (
	sizeColumns  = 11 + 9 + 15 + 9
	beforeColumn = 9
)

// gauge shows the ranges of one range gauge. A bar is a part of the things.
func (p *printer) gauge(ranges []answer.Gauge) {
	known := ranges[0].Known
	p.section("Sizes", Clean(ranges[0].Name)+", newest report of "+Number(known)+" of "+Count(p.a.Denominator, "installation", "installations"))
	if known == 0 {
		p.line("  " + notKnown + ": no report in the window has it")
		return
	}
	before := p.before(ranges[0].Name)
	wide, most, things := len("range"), int64(0), int64(0)
	for _, g := range ranges {
		wide = max(wide, text.StringWidth(Clean(g.Range)))
		most = max(most, g.Things)
		things += g.Things
	}
	wide = min(wide, p.width/3)
	bars := p.width - 2 - wide - 1 - sizeColumns
	history := p.hasBefore() && bars >= beforeColumn+4
	if history {
		bars -= beforeColumn
	}
	bars = max(bars, 1)
	columns := func(things, share, before, installations, largest string) string {
		line := padLeft(things, 11) + padLeft(share, 9)
		if history {
			line += padLeft(before, beforeColumn)
		}
		return line + padLeft(installations, 15) + padLeft(largest, 9)
	}
	one, more := p.unit(ranges[0].Name)
	p.line("  " + p.t.in(faint, pad("range", wide)+" "+pad("", bars)+columns(more, "share", "before", "installations", "largest")))
	for i, g := range ranges {
		p.line("  " + pad(shorten(Clean(g.Range), wide), wide) + " " + pad(p.t.in(blue, bar(g.Things, most, bars)), bars) +
			columns(Number(g.Things), part(g.Things, things), before(i), Number(g.Installations), Number(g.Largest)))
	}
	note := fmt.Sprintf("share: of %s, of the %s", Count(things, one, more), Count(known, "installation that reports them", "installations that report them"))
	if history {
		note += "; before: share 28 days before"
	}
	p.dim(note + "; largest: installations whose largest " + one + " is in the range")
}

// unit is the word of the list for what a range gauge counts: {basket} is a
// basket. A word that is missing or too wide for its column is "thing".
func (p *printer) unit(name string) (one, more string) {
	if p.list != nil {
		if i, ok := p.list.Metric([]byte(name)); ok {
			unit := p.list.Metrics[i].Unit
			one = Clean(strings.Trim(unit, "{}"))
			if one != "" && one != unit && text.StringWidth(one) <= 10 {
				return one, strings.TrimSuffix(one, "s") + "s"
			}
		}
	}
	return "thing", "things"
}

// hasBefore is whether there are 28 days before the newest day to look back to.
func (p *printer) hasBefore() bool { return len(p.a.Activity) > 28 }

// before returns the share that each range had 28 days before.
func (p *printer) before(name string) func(i int) string {
	for _, s := range p.a.SizesOverTime {
		if s.Name != name || s.Day != p.a.AsOf-28 || s.Known == 0 {
			continue
		}
		var things int64
		for _, n := range s.Things {
			things += n
		}
		return func(i int) string { return part(s.Things[i], things) }
	}
	return func(int) string { return unknownCell }
}

// unknownCell is notKnown in a narrow column.
const unknownCell = "–"

// part writes n of all as a percentage; unknownCell where there is nothing.
func part(n, all int64) string {
	if all == 0 {
		return unknownCell
	}
	share := float64(n) / float64(all)
	return percent(&share)
}
