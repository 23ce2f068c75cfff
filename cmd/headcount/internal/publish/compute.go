package publish

import (
	"context"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// compute returns what may be published as of a day, after what the record
// says was published before. It does not change the record.
func compute(ctx context.Context, src Source, view *schema.Schema, before record, asOf day.Day, period int) (record, error) {
	p := newPlan(src.Schema(), view)
	old := before.published()
	dark := p.dark(old)
	t, err := count(ctx, src, p, p.compareWith(old, dark, before.Stats.AsOf, asOf))
	if err != nil {
		return record{}, err
	}
	h, err := holdings(ctx, src, t.oldest, before)
	if err != nil {
		return record{}, err
	}
	r := release{plan: p, tally: t, old: old, last: before.Stats.Tables, dark: dark, asOf: asOf, gathers: before.Pages%gathering == 0, stale: func(since day.Day) bool {
		return h.lack(since, asOf)
	}}
	list := r.figures()
	if r.allStale(list) {
		return record{}, h.refusal(before.Stats.AsOf)
	}
	s := p.stats(list, asOf, period)
	s.History = history(before.Stats, s)
	return record{Version: recordVersion, Pages: before.Pages + 1, Oldest: h.oldest, Stats: s, Retired: retired(old, list)}, nil
}

// dark returns, by metric, whether its table was published before and showed
// nothing: every figure was suppressed or missing. What is said of those that
// did not report it does not count.
func (p *plan) dark(old map[string]Figure) []bool {
	dark := make([]bool, len(p.metrics))
	for _, g := range p.groups {
		if g.metric < 0 {
			continue
		}
		x := p.metrics[g.metric]
		dark[g.metric] = true
		for _, c := range p.cells[g.first : g.first+x.listed] {
			f, published := old[c.id]
			dark[g.metric] = dark[g.metric] && published && (f.Status == Suppressed || f.Status == Missing)
		}
	}
	return dark
}

// compareWith returns the days on which installations are looked at: those of
// the figures as published, of the last page, and the as-of.
func (p *plan) compareWith(old map[string]Figure, dark []bool, last, asOf day.Day) (c comparison) {
	last = min(last, asOf)
	with := make([]day.Day, p.bits())
	for i := range with {
		with[i] = day.None
	}
	for c, x := range p.cells {
		if f, published := old[x.id]; published {
			with[c] = min(max(f.AsOf, asOf-lookBack), asOf)
			with[p.without(c)] = with[c]
		}
	}
	for _, g := range p.groups {
		if g.metric >= 0 && dark[g.metric] {
			with[p.reported(g.metric)] = slices.Max(with[g.first:g.end])
		}
	}
	c.days = append(slices.Clone(with), asOf)
	if len(old) > 0 {
		c.days = append(c.days, last)
	}
	slices.Sort(c.days)
	c.days = slices.Compact(c.days)
	if c.days[0] == day.None {
		c.days = c.days[1:]
	}
	place := func(d day.Day) int {
		if at, found := slices.BinarySearch(c.days, d); found {
			return at
		}
		return -1
	}
	c.page = place(last)
	for _, d := range with {
		c.since = append(c.since, place(d))
	}
	return c
}

// stats puts the figures of all cells in their places.
func (p *plan) stats(list []Figure, asOf day.Day, period int) Stats {
	s := Stats{SchemaVersion: SchemaVersion, Product: p.product, AsOf: asOf, WindowDays: Window, PeriodDays: period,
		Method:  Method{SuppressedBelow: Threshold, RoundedTo: Rounding, ChangesToRenew: Threshold},
		Caveats: caveats, Active: list[activeCell], Tables: []Table{}}
	for _, g := range p.groups {
		s.Tables = append(s.Tables, Table{ID: g.id, Title: g.title, Description: g.description, Kind: g.kind, Figures: list[g.first:g.end]})
	}
	return s
}

// history is the headlines published so far: a headline that was not renewed
// is there once.
func history(before, now Stats) []Point {
	h := slices.Clone(before.History)
	if f := now.Active; len(h) == 0 || h[len(h)-1].AsOf != f.AsOf {
		h = append(h, Point{AsOf: f.AsOf, Status: f.Status, Installations: f.Installations})
	}
	return h
}

// retired are the figures that the page no longer has. They are kept: a name
// that comes back is renewed by the same rule.
func retired(old map[string]Figure, list []Figure) []Figure {
	on := map[string]bool{}
	for _, f := range list {
		on[f.ID] = true
	}
	out := []Figure{}
	for id, f := range old {
		if !on[id] {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, byID)
	return out
}
