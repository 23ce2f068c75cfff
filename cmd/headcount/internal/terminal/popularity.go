package terminal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"headcount.example/cmd/headcount/internal/answer"
)

// labelOf is what tells a series from the others of its metric; empty where
// the metric has no labels.
func labelOf(c answer.Counter) string {
	keys := make([]string, 0, len(c.Labels))
	for key := range c.Labels {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	values := make([]string, len(keys))
	for i, key := range keys {
		values[i] = Clean(c.Labels[key])
	}
	return strings.Join(values, ", ")
}

// popularity shows which part of the installations uses what.
func (p *printer) popularity() {
	if len(p.a.Counters) == 0 {
		return
	}
	p.section("Popularity", "installations that used it at least once, of "+Number(p.a.Denominator))
	wide := 0
	for _, c := range p.a.Counters {
		wide = max(wide, text.StringWidth(p.barLabel(c)))
	}
	wide = min(wide, p.width/2-6)
	bars := p.width - wide - 27
	for i, c := range p.a.Counters {
		if len(c.Labels) > 0 && (i == 0 || p.a.Counters[i-1].Name != c.Name) {
			p.line("  " + shorten(Clean(c.Name), p.width-2))
		}
		drawn := p.t.in(blue, bar(c.Active, p.a.Denominator, bars))
		p.line("  " + pad(shorten(p.barLabel(c), wide), wide) + "  " + pad(drawn, bars) + "  " +
			padLeft(percent(c.Share), 9) + "  " + padLeft(p.known(c.Active, p.a.Denominator), 9))
	}
}

func (p *printer) barLabel(c answer.Counter) string {
	if label := labelOf(c); label != "" {
		return "  " + label
	}
	return Clean(c.Name)
}

// counters shows the totals.
func (p *printer) counters() {
	if len(p.a.Counters) == 0 {
		return
	}
	p.section("Counts", "totals of "+Count(p.a.Installations.Ever, "installation", "installations")+" seen so far")
	header := []string{"", "total", "new in 28 d", "installations"}
	custom := p.a.WindowDays != 28
	if custom {
		header = slices.Insert(header, 3, fmt.Sprintf("new in %d d", p.a.WindowDays))
	}
	var rows [][]string
	for i, c := range p.a.Counters {
		if len(c.Labels) > 0 && (i == 0 || p.a.Counters[i-1].Name != c.Name) {
			rows = append(rows, []string{Clean(c.Name)})
		}
		row := []string{p.barLabel(c), Number(c.Total), Number(c.New28d), Number(c.Installations)}
		if custom {
			row = slices.Insert(row, 3, Number(c.New))
		}
		rows = append(rows, row)
	}
	for _, line := range p.t.table("  ", header, rows) {
		p.line(line)
	}
}
