package fleet

import (
	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
)

// end completes the truth after the last day.
func (c *count) end() *Truth {
	t := c.truth
	if n := len(t.Activity); n > 0 {
		a := t.Activity[n-1]
		t.Installations.Active1d, t.Installations.Active7d, t.Installations.Active28d = a.Active1d, a.Active7d, a.Active28d
	}
	for i := range c.tallies {
		c.lives(&t.Installations, &c.tallies[i])
	}
	t.Denominator = t.Installations.Active28d
	c.endCounters()
	for g, series := range c.f.gauges {
		c.endGauge(g, series)
	}
	c.endCohorts()
	return t
}

func (c *count) lives(to *answer.Installations, t *tally) {
	in, before := t.seen&inWindow != 0, t.seen&beforeWindow != 0
	isNew := t.days > 0 && t.first > c.last-window
	if isNew {
		to.New28d++
	}
	if t.days == 1 {
		to.SeenOneDay++
	}
	if before && !in {
		to.Churned28d++
	}
	if in && !before && !isNew {
		to.Returned28d++
	}
}

func (c *count) endCounters() {
	for n, s := range c.f.counters {
		series, counter := c.f.o.Schema.Series[s], &c.truth.Counters[n]
		metric := c.f.o.Schema.Metrics[series.Metric]
		counter.Name, counter.Labels, counter.New = metric.Name, map[string]string{}, counter.New28d
		for i, v := range series.Values {
			counter.Labels[metric.Attributes[i].Key] = v
		}
		for i := range c.tallies {
			if c.tallies[i].seen&inWindow != 0 && c.best[i*len(c.f.counters)+n] > 0 {
				counter.Active++
			}
		}
		counter.Share = c.share(counter.Active)
	}
}

func (c *count) share(n int64) *float64 {
	if c.truth.Denominator == 0 {
		return nil
	}
	share := float64(n) / float64(c.truth.Denominator)
	return &share
}

// endGauge reads the sizes of the machines that reported them last: they have
// not changed since.
func (c *count) endGauge(g int, series []int) {
	offset, known := 0, int64(0)
	for _, before := range c.f.gauges[:g] {
		offset += len(before)
	}
	list := make([]answer.Gauge, len(series))
	for i := range c.tallies {
		at := i*len(c.f.gauges) + g
		if c.sizedOn[at] < 0 || c.sizedOn[at] <= c.last-window {
			continue
		}
		known++
		begin := int(c.sized[at])*c.f.ranges + offset
		largest := -1
		for r, n := range c.f.sizes[begin : begin+len(series)] {
			if n > 0 {
				list[r].Things += int64(n)
				list[r].Installations++
				largest = r
			}
		}
		list[largest].Largest++
	}
	for r := range list {
		s := c.f.o.Schema.Series[series[r]]
		list[r].Name, list[r].Range, list[r].Known = c.f.o.Schema.Metrics[s.Metric].Name, s.Values[0], known
		if known > 0 {
			list[r].Share = c.share(list[r].Installations)
		}
	}
	c.truth.Gauges = append(c.truth.Gauges, list...)
}

// endCohorts keeps the weeks that are over.
func (c *count) endCohorts() {
	monday := c.f.o.first().Week()
	for first, active := range c.weeks {
		whole := active
		if c.truth.AsOf+1 != (c.truth.AsOf + 1).Week() { // the last week is not over
			whole = active[:len(active)-1]
		}
		if len(whole) > 0 && whole[0] > 0 {
			c.truth.Cohorts = append(c.truth.Cohorts, answer.Cohort{Week: monday + 7*day.Day(first), Active: whole})
		}
	}
}
