package export

import (
	"maps"
	"slices"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
)

func (c *long) installations(a *answer.Answer) {
	i, k := a.Installations, key{section: "installations"}
	c.number(k, "active_1d", i.Active1d)
	c.number(k, "active_7d", i.Active7d)
	c.number(k, "active_28d", i.Active28d)
	c.number(k, "new_28d", i.New28d)
	c.number(k, "returned_28d", i.Returned28d)
	c.number(k, "churned_28d", i.Churned28d)
	c.number(k, "seen_one_day", i.SeenOneDay)
	c.number(k, "erased", i.Erased)
	c.number(k, "ever", i.Ever)
	k.section = "window"
	c.number(k, "denominator", a.Denominator)
	c.number(k, "active", a.Window.Active)
	c.number(k, "new", a.Window.New)
	c.number(k, "returned", a.Window.Returned)
	c.number(k, "churned", a.Window.Churned)
	if b := a.Window.Before; b.Known {
		c.number(k, "before", b.N)
	} else {
		c.text(k, "before", "")
	}
}

func (c *long) counters(list []answer.Counter) {
	for _, x := range list {
		k := key{section: "counters", name: x.Name, labels: Labels(x.Labels)}
		c.number(k, "total", x.Total)
		c.number(k, "new_28d", x.New28d)
		c.number(k, "new", x.New)
		c.number(k, "installations", x.Installations)
		c.number(k, "active", x.Active)
		c.share(k, "share", x.Share)
	}
}

func (c *long) gauges(list []answer.Gauge) {
	for _, x := range list {
		k := key{section: "gauges", name: x.Name, rng: x.Range}
		c.ifKnown(k, "things", x.Things, x.Known)
		c.ifKnown(k, "installations", x.Installations, x.Known)
		c.ifKnown(k, "largest", x.Largest, x.Known)
		c.number(k, "known", x.Known)
		c.share(k, "share", x.Share)
		c.share(k, "share_of_things", x.ShareOfThings)
	}
}

// ifKnown leaves the value empty where no installation reported the metric.
func (c *long) ifKnown(k key, figure string, n, known int64) {
	if known == 0 {
		c.text(k, figure, "")
		return
	}
	c.number(k, figure, n)
}

func (c *long) activity(list []answer.Activity) {
	for _, x := range list {
		k := key{section: "activity", day: x.Day}
		c.number(k, "active_1d", x.Active1d)
		c.number(k, "active_7d", x.Active7d)
		c.number(k, "active_28d", x.Active28d)
		c.number(k, "new", x.New)
	}
}

func (c *long) sizes(list []answer.Sizes) {
	for _, x := range list {
		c.number(key{section: "sizes_over_time", name: x.Name, day: x.Day}, "known", x.Known)
		for i, label := range x.Ranges {
			k := key{section: "sizes_over_time", name: x.Name, rng: label, day: x.Day}
			c.ifKnown(k, "things", x.Things[i], x.Known)
			c.ifKnown(k, "installations", x.Installations[i], x.Known)
			c.ifKnown(k, "largest", x.Largest[i], x.Known)
		}
	}
}

func (c *long) cohorts(list []answer.Cohort) {
	for _, x := range list {
		k := key{section: "cohorts", labels: "first_week=" + x.Week.String()}
		for i, n := range x.Active {
			k.day = x.Week + 7*day.Day(i)
			c.number(k, "active", n)
		}
	}
}

func (c *long) input(in answer.Input) {
	k := key{section: "input"}
	c.number(k, "reports", in.Reports)
	c.number(k, "duplicates", in.Duplicates)
	c.number(k, "torn", in.Torn)
	c.number(k, "refused", in.Refused)
	c.number(k, "went_back", in.WentBack)
}

func (c *long) health(h answer.Health) {
	k := key{section: "health"}
	if h.NewestReport != nil && h.AgeDays != nil {
		c.number(key{section: "health", day: *h.NewestReport}, "age_days", *h.AgeDays)
	} else {
		c.text(k, "age_days", "")
	}
	c.number(k, "later_than_as_of", h.LaterThanAsOf)
	c.number(k, "late_erased", h.LateErased)
	c.number(k, "pending_erasures", h.Pending)
	for _, kind := range slices.Sorted(maps.Keys(h.Kinds)) {
		c.number(key{section: "health", labels: "kind=" + kind}, "kinds", h.Kinds[kind])
	}
	for _, d := range h.Days {
		k.day = d.Day
		c.number(k, "reports", d.Reports)
		c.number(k, "duplicates", d.Duplicates)
		c.number(k, "went_back", d.WentBack)
	}
}
