package terminal

import (
	"fmt"
	"strconv"

	"headcount.example/cmd/headcount/internal/answer"
)

// howMany shows the active installations, their growth and their series.
func (p *printer) howMany() {
	i := p.a.Installations
	p.section("How many", "")
	rows := []struct {
		label string
		n     int64
		days  int
		of    func(answer.Activity) int64
	}{
		{"active in 1 day", i.Active1d, 1, func(a answer.Activity) int64 { return a.Active1d }},
		{"active in 7 days", i.Active7d, 7, func(a answer.Activity) int64 { return a.Active7d }},
		{"active in 28 days", i.Active28d, 28, func(a answer.Activity) int64 { return a.Active28d }},
	}
	wide := len(Number(i.Active28d))
	for _, r := range rows {
		p.line(fmt.Sprintf("  %s  %s  %s", pad(r.label, 17), padLeft(Number(r.n), wide), p.growth(r.days, r.of)))
	}
	if len(p.a.Activity) < 56 {
		p.dim("growth " + notKnown + " where it is not shown: reports do not reach back over the whole days before")
	}
	p.series()
	p.line("")
	p.wrapped(fmt.Sprintf("In 28 days: %s new, %s returned, %s gone (churned).",
		Number(i.New28d), Number(i.Returned28d), Number(i.Churned28d)), "  ")
	p.wrapped(fmt.Sprintf("So far: %s ever, %s of them seen on one day only. %s erased on request, in no figure.",
		Number(i.Ever), Number(i.SeenOneDay), Number(i.Erased)), "  ")
	if p.a.WindowDays != 28 {
		w := p.a.Window
		p.wrapped(fmt.Sprintf("In %s: %s active (before: %s), %s new, %s returned, %s gone (churned).", Count(int64(p.a.WindowDays), "day", "days"),
			Number(w.Active), before(w), Number(w.New), Number(w.Returned), Number(w.Churned)), "  ")
	}
}

// before is how many were active in the window before, and the change.
func before(w answer.Window) string {
	switch change := w.Active - w.Before.N; {
	case !w.Before.Known:
		return notKnown
	case change > 0:
		return Number(w.Before.N) + ", +" + Number(change)
	case change < 0:
		return Number(w.Before.N) + ", " + Number(change)
	}
	return Number(w.Before.N) + ", the same"
}

// growth compares a series of so many days with itself 28 days before; empty
// where that is not known, because reports began within those days.
func (p *printer) growth(days int, of func(answer.Activity) int64) string {
	n := len(p.a.Activity)
	if n < 28+days {
		return ""
	}
	now, before := of(p.a.Activity[n-1]), of(p.a.Activity[n-29])
	change := now - before
	switch {
	case change == 0:
		return "the same as 28 days before"
	case before == 0:
		return p.t.in(green, "+"+Number(change)) + " on 28 days before"
	}
	part := strconv.FormatFloat(100*float64(change)/float64(before), 'f', 1, 64) + " %"
	if change > 0 {
		return p.t.in(green, "▲ +"+Number(change)+" (+"+part+")") + " on 28 days before"
	}
	return p.t.in(red, "▼ "+Number(change)+" ("+part+")") + " on 28 days before"
}

// series draws the installations active in 28 days, day by day.
func (p *printer) series() {
	if len(p.a.Activity) < 2 {
		return
	}
	values := make([]int64, len(p.a.Activity))
	top := int64(0)
	for i, a := range p.a.Activity {
		values[i] = a.Active28d
		top = max(top, a.Active28d)
	}
	line := spark(values, p.width-4)
	first, last := p.a.Activity[0].Day.String(), p.a.AsOf.String()
	p.line("")
	p.line("  " + p.t.in(blue, line))
	label := "active in 28 days, 0 to " + Number(top)
	if gap := len([]rune(line)) - len(first) - len(last); gap >= len(label)+4 {
		left := (gap - len(label)) / 2
		p.line("  " + p.t.in(faint, first+pad("", left)+label+pad("", gap-left-len(label))+last))
		return
	}
	p.line("  " + p.t.in(faint, first+" to "+last+": "+label))
}
