package pagetest

import (
	"math"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
)

// Huge is an answer with the largest numbers and longest names there can be,
// and texts that are markup and formulas.
func Huge() *answer.Answer {
	const most = math.MaxInt64
	half, all := 0.5, 1.0
	long := strings.Repeat("very_long_", 20) + "name"
	newest, age := AsOf, int64(0)
	a := &answer.Answer{Product: "<script>alert(1)</script> " + strings.Repeat("Enterprise ", 8), AsOf: AsOf, WindowDays: 28, WindowFrom: AsOf - 27,
		Denominator:   most / 4,
		Installations: answer.Installations{Active1d: most / 8, Active7d: most / 6, Active28d: most / 4, New28d: most / 16, Churned28d: most / 32, Ever: most, SeenOneDay: 1, Erased: most},
		Window:        answer.Window{Active: most / 4, New: most / 16, Returned: 1, Churned: most / 32, Before: answer.Maybe{N: most / 4, Known: true}},
		Counters: []answer.Counter{
			{Name: "a." + long, Labels: map[string]string{long: strings.ToUpper(long), "b": `=HYPERLINK("http://x")`}, Total: most, New28d: most, New: most, Installations: most, Active: most / 4, Share: &all},
			{Name: "a." + long, Labels: map[string]string{long: "</td><img src=//x>", "b": "-1"}, Total: 1, Active: 1, Share: &half},
			{Name: "x", Labels: map[string]string{}},
		},
		Gauges: []answer.Gauge{
			{Name: "a.size.count", Range: "0", Known: most / 4, Share: new(float64)},
			{Name: "a.size.count", Range: "1-1000000000000", Things: most, Installations: most / 4, Largest: most / 4, Known: most / 4, Share: &all},
			{Name: "a.size.count", Range: long, Known: most / 4, Share: new(float64)},
		},
		Cohorts: []answer.Cohort{{Week: AsOf.Week() - 14, Active: []int64{most / 4, 1}}, {Week: AsOf.Week() - 7, Active: []int64{most / 4}}},
		Input:   answer.Input{Reports: most, Duplicates: most, Torn: most, Refused: most, WentBack: most},
		Health: answer.Health{NewestReport: &newest, AgeDays: &age, LaterThanAsOf: most, LateErased: most, Pending: most, Findings: []string{"<b>" + long, "more"},
			Kinds: map[string]int64{"torn": most, long: most}},
	}
	for d := day.Day(0); d < 90; d++ {
		n := int64(d+1) * (most / 400)
		a.Activity = append(a.Activity, answer.Activity{Day: AsOf - 89 + d, Active1d: n / 2, Active7d: n / 4 * 3, Active28d: n, New: n / 90})
		if d >= 62 {
			a.Health.Days = append(a.Health.Days, answer.DayHealth{Day: AsOf - 89 + d, Reports: n, Duplicates: n, WentBack: n})
		}
	}
	a.SizesOverTime = []answer.Sizes{{Name: "a.size.count", Day: AsOf, Ranges: []string{"0", "1-1000000000000", long},
		Things: []int64{0, most, 0}, Installations: []int64{0, most / 4, 0}, Largest: []int64{0, most / 4, 0}, Known: most / 4}}
	return a
}
