package page

import (
	"fmt"

	"headcount.example/cmd/headcount/internal/answer"
)

// cohorts is the table of weekly retention.
type cohorts struct {
	Weeks    []int
	Rows     []cohortRow // newest first
	Average  []cell      // of all cohorts that are old enough
	Sentence string
	Left     int // older cohorts that are not shown
	Download download
}

type cohortRow struct {
	Week, Size string
	Cells      []cell
}

// A cell is a share with a shade from 0 to 9.
type cell struct {
	Text, Title string
	Shade       int
	Empty       bool
	share       float64
}

// mostCohorts bounds what is shown, in weeks across and down.
const mostCohorts = 13

func (k *maker) cohorts() (c cohorts) {
	c.Download = k.download("cohorts")
	list := k.Cohorts
	if len(list) == 0 {
		return c
	}
	wide := 0
	for _, h := range list {
		wide = max(wide, min(len(h.Active), mostCohorts))
	}
	for w := range wide {
		c.Weeks = append(c.Weeks, w)
		c.Average = append(c.Average, average(list, w))
	}
	c.Sentence = stayed(list)
	if len(list) > mostCohorts {
		c.Left = len(list) - mostCohorts
		list = list[c.Left:]
	}
	for i := len(list) - 1; i >= 0; i-- {
		c.Rows = append(c.Rows, cohortOf(list[i], wide))
	}
	c.shade()
	return c
}

func cohortOf(h answer.Cohort, wide int) cohortRow {
	row := cohortRow{Week: h.Week.String()}
	size := int64(0)
	if len(h.Active) > 0 {
		size = h.Active[0]
	}
	row.Size = count(size)
	for w := range wide {
		if w >= len(h.Active) {
			row.Cells = append(row.Cells, cell{Empty: true})
			continue
		}
		row.Cells = append(row.Cells, newCell(h.Active[w], size))
	}
	return row
}

func newCell(n, of int64) cell {
	c := cell{Text: percent(n, of), Title: fmt.Sprintf("%s of %s", count(n), count(of))}
	if of > 0 {
		c.share = float64(n) / float64(of)
	}
	return c
}

// leastContrast is the least span of shares that the shades are spread over,
// so that small differences do not look large.
const leastContrast = 0.3

// shade gives the smallest share the lightest shade and the largest the
// darkest, apart from the first week, which is always 100%.
func (c *cohorts) shade() {
	low, high := 1.0, 0.0
	every := func(do func(x *cell)) {
		for i := range c.Rows {
			for w := range c.Rows[i].Cells {
				if x := &c.Rows[i].Cells[w]; w > 0 && !x.Empty {
					do(x)
				}
			}
		}
	}
	every(func(x *cell) { low, high = min(low, x.share), max(high, x.share) })
	low = max(0, min(low, high-leastContrast))
	shade := func(x *cell) { x.Shade = min(9, int(10*(x.share-low)/max(high-low, leastContrast))) }
	every(shade)
	for w := range c.Average {
		if x := &c.Average[w]; w > 0 {
			shade(x)
			x.Shade = max(x.Shade, 0)
		}
	}
	for _, r := range c.Rows {
		r.Cells[0].Shade = 9
	}
	if len(c.Average) > 0 {
		c.Average[0].Shade = 9
	}
}

// after sums how many of all installations whose cohort is old enough
// reported w weeks after their first.
func after(list []answer.Cohort, w int) (n, of int64) {
	for _, h := range list {
		if w < len(h.Active) {
			n, of = n+h.Active[w], of+h.Active[0]
		}
	}
	return n, of
}

func average(list []answer.Cohort, w int) cell { return newCell(after(list, w)) }

// stayed says what share still reports some weeks later.
func stayed(list []answer.Cohort) string {
	text := ""
	for _, w := range []int{1, 4, 12, 26, 52} {
		n, of := after(list, w)
		if of == 0 {
			continue
		}
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%s after %d %s", percent(n, of), w, plural(int64(w), "week", "weeks"))
	}
	if text == "" {
		return ""
	}
	return "Of those whose first report is long enough ago, still reporting: " + text + "."
}
