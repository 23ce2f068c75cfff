package clickhouse

import (
	"maps"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// months makes the figures of each month from reports that come installation
// by installation, after what a base knows of each.
type months struct {
	schema   *schema.Schema
	known    states
	ended    func(id [16]byte, state []byte) error // for each installation; may be nil
	builders map[day.Day]*figures.Builder
	now      *figures.Builder // that of the last report
	first    day.Day          // its month
	next     day.Day          // the month after it
	of       [16]byte
	has      bool
	state    figures.Installation
	encoded  []byte
}

func (m *months) add(r *schema.Report) error {
	if !m.has || r.GUID != m.of {
		if err := m.begin(r.GUID); err != nil {
			return err
		}
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

// begin goes to an installation: what is known of it, or nothing.
func (m *months) begin(id [16]byte) error {
	if err := m.end(); err != nil {
		return err
	}
	if err := m.pass(func() bool { return before(m.known.id, id) }); err != nil {
		return err
	}
	m.of, m.has = id, true
	if m.known.has && m.known.id == id {
		if err := decode(m.known.state, &m.state); err != nil {
			return err
		}
		return m.known.next()
	}
	clear(m.state.Totals)
	clear(m.state.Ranges)
	for i := range m.state.Seen {
		m.state.Seen[i] = day.None
	}
	m.state = figures.Installation{Totals: m.state.Totals, Ranges: m.state.Ranges, Seen: m.state.Seen}
	return nil
}

// end is the end of the reports of an installation.
func (m *months) end() error {
	if !m.has || m.ended == nil {
		return nil
	}
	m.encoded = encode(m.encoded[:0], &m.state)
	return m.ended(m.of, m.encoded)
}

// pass goes over installations that have no report, while a condition holds.
func (m *months) pass(while func() bool) error {
	for m.known.has && while() {
		if m.ended != nil {
			if err := m.ended(m.known.id, m.known.state); err != nil {
				return err
			}
		}
		if err := m.known.next(); err != nil {
			return err
		}
	}
	return nil
}

// close is after the last report.
func (m *months) close() error {
	if err := m.end(); err != nil {
		return err
	}
	m.has = false
	return m.pass(func() bool { return true })
}

// tables returns the figures in the order of months.
func (m *months) tables() *figures.Tables {
	all := &figures.Tables{}
	for _, first := range slices.Sorted(maps.Keys(m.builders)) {
		all.Append(m.builders[first].Tables())
	}
	return all
}
