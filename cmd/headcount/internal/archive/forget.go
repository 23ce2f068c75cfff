package archive

import "headcount.example/cmd/headcount/internal/day"

// keepStates is of how many months, the newest, the installations are kept.
// Late reports seldom go further back.
const keepStates = 3

// begin is the month to begin with to make a month anew: the one itself, or an
// earlier one where the installations before it are not kept.
func (m *manifest) begin(from day.Day) day.Day {
	for i := len(m.Months) - 1; i >= 0; i-- {
		x := m.Months[i]
		if x.First >= from {
			continue
		}
		if x.Installations != "" {
			break
		}
		from = x.First
	}
	return from
}

// forget leaves out the installations of older months. Those of the last
// month that is kept as sums stay: nothing else can make them.
func (m *manifest) forget() {
	sums := -1
	for i, x := range m.Months {
		if x.Sums {
			sums = i
		}
	}
	for i, x := range m.Months {
		if i < len(m.Months)-keepStates && i != sums && x.Installations != "" {
			older := *x
			older.Installations = ""
			m.Months[i] = &older
		}
	}
}
