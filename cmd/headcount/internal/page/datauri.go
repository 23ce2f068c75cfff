package page

import (
	"fmt"
	"html/template"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
)

// The rows of tables inside the page itself are bounded, so that the page
// stays small.
const (
	mostDaysInFile     = 366
	mostCountersInFile = 100
	mostSizesInFile    = 200 // ranges over time, of all range gauges
)

// dataURI is a table as a link that needs no server, and what it leaves out.
func dataURI(a *answer.Answer, name string) (link template.URL, note string) {
	var b strings.Builder
	short := trim(a)
	_ = CSV(&b, short, name) // the name exists, and a Builder takes everything
	if len(tables[name](a)) > len(tables[name](short)) {
		note = "not all rows; headcount report --format json has them"
	}
	return template.URL("data:text/csv;charset=utf-8," + escape(b.String())), note
}

// trim is the answer with what a file has room for.
func trim(a *answer.Answer) *answer.Answer {
	t := *a
	t.Activity = newest(a.Activity, mostDaysInFile)
	t.Counters = a.Counters[:min(len(a.Counters), mostCountersInFile)]
	t.Gauges = a.Gauges[:min(len(a.Gauges), mostCountersInFile)]
	t.Cohorts = slices.Clone(newest(a.Cohorts, mostCohorts))
	for i, c := range t.Cohorts {
		t.Cohorts[i].Active = c.Active[:min(len(c.Active), mostCohorts)]
	}
	t.SizesOverTime = trimSizes(a.SizesOverTime)
	return &t
}

// trimSizes takes as many days of each range gauge as there is room for.
func trimSizes(all []answer.Sizes) (list []answer.Sizes) {
	ranges := 0
	for i, p := range all {
		if i == 0 || all[i-1].Name != p.Name {
			ranges += len(p.Ranges)
		}
	}
	room := max(2, mostSizesInFile/max(ranges, 1))
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && all[j].Name == all[i].Name {
			j++
		}
		thin(j-i, room, func(at int) { list = append(list, all[i+at]) })
		i = j
	}
	return list
}

func newest[T any](list []T, most int) []T { return list[max(0, len(list)-most):] }

// escape writes bytes as a URI may have them. Commas stay, which keeps
// tables short.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(",-._~:=", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
