package publish

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/schema"
)

// Numbers of the cells that every plan begins with.
const (
	activeCell = iota
	newCell
	returnedCell
	continuingCell
	leftCell
	fixedCells
)

// A cell is one figure: for each installation a yes or a no.
type cell struct{ id, label string }

// A group is the cells of one table.
type group struct {
	id, title, description string
	kind                   Kind
	metric                 int // place in plan.metrics; -1: none
	first, end             int // cells
}

// A metric is where the reports have what the cells of a group are about.
type metric struct {
	gauge  bool
	series []int // numbers in a report, by cell; -1: the archive does not have it
	listed int   // so many of series have a cell; the others are ranges that the catalog no longer has
	order  []int // places in series, those of a gauge in the order of its ranges
	first  int   // its first cell
}

// A plan is the figures of a page, in order.
type plan struct {
	product string
	cells   []cell
	groups  []group
	metrics []metric
}

// newPlan lays out the page for a catalog. Names that come from the data and
// from no catalog are not published: a sender chooses them.
func newPlan(held, view *schema.Schema) *plan {
	p := &plan{product: view.Product, cells: []cell{
		{"active", "Active installations"},
		{"installations/new", "New: first report in the window"},
		{"installations/returned", "Returned: none in the window before"},
		{"installations/continuing", "Continuing"},
		{"left", "Reported in the window before, and not in this one"},
	}}
	p.groups = []group{
		{id: "installations", title: "Active installations", kind: Parts, metric: -1, first: newCell, end: leftCell},
		{id: "left", title: "No longer active", kind: Apart, metric: -1, first: leftCell, end: fixedCells},
	}
	if view.Open {
		return p
	}
	for i, m := range view.Metrics {
		p.add(held, view, i, m)
	}
	return p
}

func (p *plan) add(held, view *schema.Schema, at int, m schema.Metric) {
	g := group{id: m.Name, title: titleOf(m), description: m.Description, kind: Any, metric: len(p.metrics), first: len(p.cells)}
	x := metric{gauge: m.Kind == schema.RangeGauge, first: g.first}
	var starts []int64
	for _, s := range view.Series {
		if s.Metric != at {
			continue
		}
		x.order = append(x.order, len(x.series))
		x.series = append(x.series, numberOf(held, m.Name, s.Values))
		label := labelOf(s.Values)
		if label == "" {
			label = "At least one"
		} else if x.gauge {
			label, starts = rangeOf(s.Values[0]), append(starts, schema.RangeStart(s.Values[0]))
		}
		p.cells = append(p.cells, cell{s.Name, label})
	}
	x.listed = len(x.series)
	if x.gauge {
		rest := "Not reported"
		if older := x.older(held, m); len(older) > 0 {
			rest, starts = "Not reported, or in a range that is no longer used", append(starts, older...)
		}
		slices.SortStableFunc(x.order, func(a, b int) int { return cmp.Compare(starts[a], starts[b]) })
		g.kind = Parts
		one, more := thing(m)
		g.title = capital(more) + ": installations by their largest"
		g.description = strings.TrimSpace(g.description + " " + explain(one, more, p.cells[g.first:]))
		p.cells = append(p.cells, cell{m.Name + "/none", "No " + one}, cell{m.Name + "/not_reported", rest})
	}
	g.end = len(p.cells)
	p.metrics, p.groups = append(p.metrics, x), append(p.groups, g)
}

// explain says how a row of the range "0" differs from the one of no thing.
func explain(one, more string, cells []cell) string {
	if !slices.ContainsFunc(cells, func(c cell) bool { return c.label == "0" }) {
		return ""
	}
	return fmt.Sprintf("“0” is an installation that has %s, all of them in the range 0; “No %s” is one that has no %s.", more, one, one)
}

// older adds the ranges of a gauge that the archive has and the catalog has
// not, and returns their starts.
func (x *metric) older(held *schema.Schema, m schema.Metric) (starts []int64) {
	for i, s := range held.Series {
		of := held.Metrics[s.Metric]
		if of.Name == m.Name && of.Kind == m.Kind && !slices.Contains(x.series, i) {
			x.order = append(x.order, len(x.series))
			x.series = append(x.series, i)
			starts = append(starts, schema.RangeStart(s.Values[0]))
		}
	}
	return starts
}

// numberOf is the number of a series in the archive's reports; -1: there is none.
func numberOf(held *schema.Schema, name string, values []string) int {
	if n, ok := held.Number(name, values); ok {
		return n
	}
	return -1
}

// bits is how many yes and no an installation has: by cell; by metric, whether
// it reported that metric; and by cell, whether it is active and not in it.
func (p *plan) bits() int { return 2*len(p.cells) + len(p.metrics) }

func (p *plan) reported(metric int) int { return len(p.cells) + metric }

// without is meant for figures of the kind Any. The others do not use it.
func (p *plan) without(cell int) int { return len(p.cells) + len(p.metrics) + cell }
