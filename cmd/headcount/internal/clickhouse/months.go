package clickhouse

import (
	"maps"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// months makes the figures of each month from reports that come installation
// by installation.
type months struct {
	schema   *schema.Schema
	builders map[day.Day]*figures.Builder
	now      *figures.Builder // that of the last report
	first    day.Day          // its month
	next     day.Day          // the month after it
	of       [16]byte
	state    figures.Installation
}

func (m *months) add(r *schema.Report) error {
	if r.GUID != m.of || m.state.Days == 0 {
		m.of = r.GUID
		m.begin()
	}
	if m.now == nil || r.Day < m.first || r.Day >= m.next {
		m.first, m.next = r.Day.Month(), r.Day.NextMonth()
		if m.now = m.builders[m.first]; m.now == nil {
			m.now = figures.NewBuilder(m.schema, m.first)
			m.builders[m.first] = m.now
		}
	}
	m.now.Add(&m.state, r)
	return nil
}

// begin makes the state that of an installation without a report.
func (m *months) begin() {
	clear(m.state.Totals)
	clear(m.state.Ranges)
	for i := range m.state.Seen {
		m.state.Seen[i] = day.None
	}
	m.state = figures.Installation{Totals: m.state.Totals, Ranges: m.state.Ranges, Seen: m.state.Seen}
}

// tables returns the figures in the order of months.
func (m *months) tables() *figures.Tables {
	all := &figures.Tables{}
	for _, first := range slices.Sorted(maps.Keys(m.builders)) {
		all.Append(m.builders[first].Tables())
	}
	return all
}
