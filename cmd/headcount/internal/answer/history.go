package answer

import (
	"cmp"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
)

// activity is every day from the first one with a report.
func (c *computer) activity() []Activity {
	first := c.asOf + 1
	for _, p := range c.t.Pairs {
		first = min(first, p.Day)
	}
	in1, in7, in28 := c.daily(first, 1), c.daily(first, 7), c.daily(first, 28)
	list := make([]Activity, len(in1))
	for i := range list {
		list[i] = Activity{Day: first + day.Day(i), Active1d: in1[i], Active7d: in7[i], Active28d: in28[i]}
	}
	for _, p := range c.t.Pairs {
		if p.Before == day.None && p.Day <= c.asOf {
			list[p.Day-first].New += p.N
		}
	}
	return list
}

// daily is active for every day from first, in one pass: a pair counts from
// the day on which no earlier report is left in the window to the last day on
// which its own is.
func (c *computer) daily(first, window day.Day) []int64 {
	n := c.asOf - first + 1
	list := make([]int64, n+1)
	for _, p := range c.t.Pairs {
		from, to := p.Day, p.Day+window
		if p.Before != day.None {
			from = max(from, p.Before+window)
		}
		if from < to && from <= c.asOf {
			list[from-first] += p.N
			list[min(to-first, n)] -= p.N
		}
	}
	for i := range n {
		list[i+1] += list[i]
	}
	return list[:n]
}

func (c *computer) cohorts() []Cohort {
	last := (c.asOf + 1).Week() - 7 // the last complete week
	byWeek := map[day.Day]*Cohort{}
	list := []Cohort{}
	for _, x := range c.t.Cohorts {
		if x.Week > last {
			continue
		}
		h := byWeek[x.First]
		if h == nil {
			h = &Cohort{Week: x.First, Active: make([]int64, (last-x.First)/7+1)}
			byWeek[x.First] = h
		}
		h.Active[(x.Week-x.First)/7] += x.N
	}
	for _, h := range byWeek {
		list = append(list, *h)
	}
	slices.SortFunc(list, func(a, b Cohort) int { return cmp.Compare(a.Week, b.Week) })
	return list
}
