package figures

import (
	"cmp"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
)

// reach is how many days back a span may go without a map.
const reach = 64

// spans collects values by two days: the first of a month, the second not
// after it.
type spans struct {
	width int
	first day.Day
	near  [31][reach][]int64 // by days since first, and days back
	far   map[[2]day.Day][]int64
}

func (s *spans) at(from, of day.Day) []int64 {
	if n, back := from-s.first, int64(from)-int64(of); n >= 0 && n < 31 && back >= 0 && back < reach {
		v := &s.near[n][back]
		if *v == nil {
			*v = make([]int64, s.width)
		}
		return *v
	}
	v := s.far[[2]day.Day{from, of}]
	if v == nil {
		if s.far == nil {
			s.far = map[[2]day.Day][]int64{}
		}
		v = make([]int64, s.width)
		s.far[[2]day.Day{from, of}] = v
	}
	return v
}

// list returns what is not all zeros, in the order of days.
func (s *spans) list() (list []Span) {
	add := func(from, of day.Day, values []int64) {
		if slices.ContainsFunc(values, func(v int64) bool { return v != 0 }) {
			list = append(list, Span{from, of, values})
		}
	}
	for n := range s.near {
		for back, values := range s.near[n] {
			add(s.first+day.Day(n), s.first+day.Day(n-back), values)
		}
	}
	for days, values := range s.far {
		add(days[0], days[1], values)
	}
	slices.SortFunc(list, func(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.Of, b.Of)) })
	return list
}
