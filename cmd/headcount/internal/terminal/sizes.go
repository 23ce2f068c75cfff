package terminal

import (
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

// gauge shows the ranges of one range gauge. A bar is a part of the things.
func (p *printer) gauge(ranges []answer.Gauge) {
	known := ranges[0].Known
	p.section("Sizes", Clean(ranges[0].Name)+", newest report of "+Number(known)+" of "+Count(p.a.Denominator, "installation", "installations"))
	if known == 0 {
		p.line("  " + notKnown + ": no report in the window has it")
		return
	}
	wide, most, things := len("range"), int64(0), int64(0)
	for _, g := range ranges {
		wide = max(wide, text.StringWidth(Clean(g.Range)))
		most = max(most, g.Things)
		things += g.Things
	}
	wide = min(wide, p.width/3)
	bars := max(p.width-wide-48, 4)
	p.line("  " + p.t.in(faint, pad("range", wide)+"  "+pad("", bars)+padLeft("things", 12)+padLeft("share", 8)+padLeft("installations", 15)+padLeft("largest", 9)))
	for _, g := range ranges {
		part := float64(g.Things) / float64(max(things, 1))
		share := &part
		if things == 0 {
			share = nil
		}
		p.line("  " + pad(shorten(Clean(g.Range), wide), wide) + "  " + pad(p.t.in(blue, bar(g.Things, most, bars)), bars) +
			padLeft(Number(g.Things), 12) + padLeft(short(share), 8) + padLeft(Number(g.Installations), 15) + padLeft(Number(g.Largest), 9))
	}
	p.line("  " + p.t.in(faint, "largest: installations whose largest thing is in the range"))
}

// short is percent for narrow columns.
func short(share *float64) string {
	if share == nil {
		return "–"
	}
	return percent(share)
}
