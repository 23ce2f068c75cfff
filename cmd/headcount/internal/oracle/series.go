package oracle

import "fmt"

func (c *computer) counters() []Counter {
	list := []Counter{}
	for _, m := range c.list.Metrics {
		if m.Kind != "counter" {
			continue
		}
		for _, s := range m.series {
			list = append(list, c.counter(m.Name, s.labels, s.number))
		}
	}
	return list
}

func (c *computer) counter(name string, labels map[string]string, series int) Counter {
	n := Counter{Name: name, Labels: labels}
	for _, i := range c.ever {
		total := i.total(series, c.asOf)
		n.Total += total
		n.New28d += total - i.total(series, c.asOf-28)
		n.New += total - i.total(series, c.asOf-c.window)
		if total > 0 {
			n.Installations++
		}
		if total > 0 && i.between(c.asOf-c.window+1, c.asOf) {
			n.Active++
		}
	}
	return n
}

// gauges are the sizes over the window that ends with a day.
func (c *computer) gauges(end int) []Gauge {
	list := []Gauge{}
	from := end - c.window + 1
	for _, m := range c.list.Metrics {
		if m.Kind != "range_gauge" {
			continue
		}
		for at, s := range m.series {
			g := Gauge{Name: m.Name, Range: m.Attributes[0].Values[at]}
			for _, i := range c.ever {
				newest := i.newest(m.Name, from, end)
				if newest == nil {
					continue
				}
				g.Known++
				if newest.values[s.number] <= 0 { // 0, or absent
					continue
				}
				g.Things += newest.values[s.number]
				g.Installations++
				largest := true
				for _, above := range m.series[at+1:] {
					largest = largest && newest.values[above.number] <= 0
				}
				if largest {
					g.Largest++
				}
			}
			list = append(list, g)
		}
	}
	return list
}

// SizesAt are the gauges as of an earlier day, with the window of the result.
func (r *Result) SizesAt(day string) ([]Gauge, error) {
	end, err := parseDay(day)
	if err != nil {
		return nil, err
	}
	if end > r.compute.asOf {
		return nil, fmt.Errorf("oracle: day %s is later than %s", day, r.AsOf)
	}
	return r.compute.gauges(end), nil
}

// activity is every day from the first one with a report.
func (c *computer) activity() []Activity {
	list := []Activity{}
	first := c.asOf + 1
	for _, i := range c.ever {
		first = min(first, i.first())
	}
	for day := first; day <= c.asOf; day++ {
		a := Activity{Day: text(day), Active1d: c.active(day, 1), Active7d: c.active(day, 7), Active28d: c.active(day, 28)}
		for _, i := range c.ever {
			if i.first() == day {
				a.New++
			}
		}
		list = append(list, a)
	}
	return list
}

// cohorts are by the week of the first report; only weeks that are over.
func (c *computer) cohorts() []Cohort {
	list := []Cohort{}
	first := c.asOf + 1
	for _, i := range c.ever {
		first = min(first, i.first())
	}
	for week := monday(first); week+6 <= c.asOf; week += 7 {
		var members []installation
		for _, i := range c.ever {
			if monday(i.first()) == week {
				members = append(members, i)
			}
		}
		if len(members) == 0 {
			continue
		}
		h := Cohort{Week: text(week)}
		for then := week; then+6 <= c.asOf; then += 7 {
			var active int64
			for _, i := range members {
				if i.between(then, then+6) {
					active++
				}
			}
			h.Active = append(h.Active, active)
		}
		list = append(list, h)
	}
	return list
}
