package publish

import (
	"slices"

	"headcount.example/cmd/headcount/internal/day"
)

// A release decides what of a tally is published.
type release struct {
	plan    *plan
	tally   *tally
	old     map[string]Figure // as published before, by id
	last    []Table           // of the page before
	dark    []bool            // by metric: its table showed nothing, so that it may appear as a whole
	asOf    day.Day
	gathers bool                     // changes of earlier periods count, too
	stale   func(since day.Day) bool // the archive no longer has what that day needs
	counts  []int64                  // by cell: what its figure stands for, before it is hidden or rounded
}

// figures returns the figures of all cells.
func (r *release) figures() []Figure {
	r.counts = make([]int64, len(r.plan.cells))
	list := make([]Figure, len(r.plan.cells))
	list[activeCell] = r.figure(activeCell, nil, -1)
	active := &list[activeCell]
	for _, g := range r.plan.groups {
		for c := g.first; c < g.end; c++ {
			list[c] = r.figure(c, active, g.metric)
			if g.kind == Any {
				r.nearlyAll(&list[c], c, active)
			}
		}
		if g.kind == Parts {
			part := list[g.first:g.end]
			complement(part, r.counts[g.first:g.end], r.unchanged(g.id, part))
		}
	}
	for c := range list {
		if active.Status == Suppressed {
			list[c].hide()
		}
		if list[c].Share = share(&list[c], active); c == leftCell {
			list[c].Share = nil // those are not among the active ones
		}
	}
	return list
}

// renewed is whether a figure may differ from the one published before.
//
// A figure to which not one installation changed keeps its date like one with
// few changes: else the dates would say which figures changed.
func (r *release) renewed(c, metric int) bool {
	old, published := r.old[r.plan.cells[c].id]
	if !published {
		return true
	}
	showed := old.Status != Suppressed && old.Status != Missing
	appears := metric >= 0 && r.dark[metric] && !showed && r.enough(r.plan.reported(metric))
	return (r.enough(c) || appears) && !r.stale(old.AsOf)
}

// enough is whether Threshold installations changed since the renewal, and as
// many of them lately. Without the second condition, a figure with nine
// changes in earlier periods would be renewed by the next one alone, and
// would give it away. So that slow figures are renewed as well, changes of
// earlier periods count on some pages, which do not depend on the reports.
func (r *release) enough(bit int) bool {
	return r.tally.changed[bit] >= Threshold && (r.gathers || r.tally.lately[bit] >= Threshold)
}

// figure is the figure of a cell before complementary suppression.
func (r *release) figure(c int, active *Figure, metric int) Figure {
	x := r.plan.cells[c]
	if !r.renewed(c, metric) {
		f := r.old[x.id]
		f.Label, r.counts[c] = x.label, r.tally.then[c]
		return f
	}
	n := r.tally.now[c]
	r.counts[c] = n
	f := Figure{ID: x.id, Label: x.label, AsOf: r.asOf}
	population := int64(Threshold) // of those that could be counted; enough where it is not of a metric
	if metric >= 0 {
		population = r.tally.now[r.plan.reported(metric)]
	}
	switch {
	case active != nil && (active.Status == Suppressed || active.Status == Zero):
		f.hide() // by the published headline: it may be kept
	case population == 0 && n == 0:
		f.Status = Missing
	case population > 0 && population < Threshold:
		f.hide() // even a zero would say something of so few
	case n == 0:
		f.set(Zero, 0)
	case n < Threshold:
		f.hide()
	default:
		f.set(Shown, round(n))
		if active != nil && active.Status == Shown && c != leftCell {
			f.set(Shown, min(f.shown(), active.shown()))
		}
	}
	return f
}

// nearlyAll hides how many installations are not in a figure where those are
// fewer than Threshold: they are a small group as well. Whether it does so is
// renewed like a figure of that group.
func (r *release) nearlyAll(f *Figure, c int, active *Figure) {
	if f.Status != Shown || f.AsOf != r.asOf {
		return
	}
	nearly := r.tally.now[r.plan.without(c)] < Threshold
	if old := r.old[f.ID]; (old.Status == Shown || old.Status == NearlyAll) && !r.enough(r.plan.without(c)) {
		nearly = old.Status == NearlyAll
	}
	if nearly {
		f.set(NearlyAll, active.shown())
	}
}

// unchanged is whether a table hides what it hid on the page before, and none of
// that was renewed. Then the hidden figures have enough company. Their counts
// are not looked at again: an erasure or old changes would show in a further
// figure that is hidden.
func (r *release) unchanged(id string, figures []Figure) bool {
	at := slices.IndexFunc(r.last, func(t Table) bool { return t.ID == id })
	return at >= 0 && slices.EqualFunc(r.last[at].Figures, figures, func(old, f Figure) bool {
		hidden := f.Status == Suppressed
		return old.ID == f.ID && hidden == (old.Status == Suppressed) && (!hidden || f.AsOf == old.AsOf)
	})
}

// round rounds to the nearest multiple of Rounding, half up.
func round(n int64) int64 { return (n + Rounding/2) / Rounding * Rounding }

// share is of published figures alone, in steps of a hundredth.
func share(f, active *Figure) *float64 {
	if f.Installations == nil || active.shown() == 0 {
		return nil
	}
	hundredths := (f.shown()*200 + active.shown()) / (2 * active.shown())
	s := float64(min(hundredths, 100)) / 100
	return &s
}

// complement hides more figures of a table that adds up to a total, until
// what is hidden cannot be had from the others. The choice is by what was
// published, and in the order of the table where that is equal, so that it
// tells nothing that the figures did not. Enough is whether those that are
// hidden already were enough before.
func complement(figures []Figure, counts []int64, enough bool) {
	for {
		hidden, sum, smallest := 0, int64(0), -1
		for i := range figures {
			switch f := &figures[i]; f.Status {
			case Suppressed:
				hidden++
				sum += counts[i]
			case Shown:
				if smallest < 0 || f.shown() < figures[smallest].shown() {
					smallest = i
				}
			}
		}
		switch {
		case hidden == 0:
			return
		case smallest < 0:
			hideZeros(figures)
			return
		case hidden > 1 && (enough || sum >= Threshold):
			return
		}
		figures[smallest].hide()
	}
}

// hideZeros hides the zeros of a table of which no other figure is shown:
// they would say that all installations are in the hidden ones.
func hideZeros(figures []Figure) {
	for i := range figures {
		if figures[i].Status == Zero {
			figures[i].hide()
		}
	}
}
