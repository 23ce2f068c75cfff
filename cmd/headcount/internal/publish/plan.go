package publish

import (
	"cmp"
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
	series []int // numbers in a report by cell; -1: the archive does not have it
	order  []int // of a gauge, places in series in the order of its ranges
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
		{"active", "active installations"},
		{"installations/new", "new: first report in the window"},
		{"installations/returned", "returned: none in the window before"},
		{"installations/continuing", "continuing"},
		{"left", "reported in the window before, and not in this one"},
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
	g := group{id: m.Name, title: m.Name, description: m.Description, kind: Any, metric: len(p.metrics), first: len(p.cells)}
	x := metric{gauge: m.Kind == schema.RangeGauge, first: g.first}
	var starts []int64
	for _, s := range view.Series {
		if s.Metric != at {
			continue
		}
		x.order = append(x.order, len(x.series))
		x.series = append(x.series, number(held, m.Name, s.Values))
		label := strings.Join(s.Values, ", ")
		if label == "" {
			label = "at least one"
		} else if x.gauge {
			starts = append(starts, schema.RangeStart(s.Values[0]))
		}
		p.cells = append(p.cells, cell{s.Name, label})
	}
	if x.gauge {
		slices.SortStableFunc(x.order, func(a, b int) int { return cmp.Compare(starts[a], starts[b]) })
		g.kind = Parts
		g.title += ": installations by their largest"
		p.cells = append(p.cells, cell{m.Name + "/none", "none"}, cell{m.Name + "/not_reported", "not reported"})
	}
	g.end = len(p.cells)
	p.metrics, p.groups = append(p.metrics, x), append(p.groups, g)
}

func number(held *schema.Schema, name string, values []string) int {
	labels := make([][]byte, len(values))
	for i, v := range values {
		labels[i] = []byte(v)
	}
	if n, ok := held.Find([]byte(name), labels...); ok {
		return n
	}
	return -1
}

// bits is how many yes and no an installation has: by cell, then by metric
// whether it reported that metric.
func (p *plan) bits() int { return len(p.cells) + len(p.metrics) }

func (p *plan) reported(metric int) int { return len(p.cells) + metric }
