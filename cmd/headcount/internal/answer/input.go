package answer

import "headcount.example/cmd/headcount/internal/day"

// torn are the kinds that do not parse; every other kind is refused.
var torn = map[string]bool{Torn: true, Foreign: true}

func (c *computer) input(known Known) (in Input, h Health) {
	h = Health{Kinds: known.Kinds, LateErased: known.LateErased, Pending: known.Pending, Days: []DayHealth{}}
	if h.Kinds == nil {
		h.Kinds = map[string]int64{}
	}
	for kind, n := range h.Kinds {
		if torn[kind] {
			in.Torn += n
		} else {
			in.Refused += n
		}
	}
	byDay := map[day.Day]DayHealth{}
	newest := day.None
	for _, d := range c.t.Daily {
		if first := d.Day; h.FirstReport == nil || first < *h.FirstReport {
			h.FirstReport = &first
		}
		if d.Day > c.asOf { // perhaps of a clock that is ahead: it must not hide that nothing new comes
			h.LaterThanAsOf += d.Reports
			continue
		}
		newest = max(newest, d.Day)
		in.Reports += d.Reports
		in.Duplicates += d.Duplicates
		in.WentBack += d.WentBack
		x := byDay[d.Day]
		byDay[d.Day] = DayHealth{d.Day, x.Reports + d.Reports, x.Duplicates + d.Duplicates, x.WentBack + d.WentBack}
	}
	if newest != day.None {
		age := int64(c.asOf - newest)
		h.NewestReport, h.AgeDays = &newest, &age
	}
	for d := c.asOf - 27; d <= c.asOf; d++ {
		x := byDay[d]
		x.Day = d
		h.Days = append(h.Days, x)
	}
	return in, h
}
