package publish

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// randomFleet reports at random over four windows: with gaps, several reports
// a day, totals that go back, and metrics that are absent.
func randomFleet(t testing.TB, r *rand.Rand) *memory {
	m := newMemory(t)
	for range 60 {
		var days []day.Day
		for d := page1 - 4*Window; d < page1+10; d++ {
			for r.IntN(12) == 0 {
				days = append(days, d)
			}
		}
		from := len(m.reports)
		m.add(1, nil, days...)
		for i := range m.reports[from:] {
			v := m.size(r.IntN(6) - 2)
			for s := range v {
				switch {
				case s < size0:
					v[s] = int64(r.IntN(3)) - 1
				case r.IntN(8) == 0:
					v[s] = int64(r.IntN(3)) - 1
				}
			}
			if r.IntN(4) == 0 {
				for s := size0; s < len(v); s++ {
					v[s] = schema.Absent
				}
			}
			m.reports[from+i].Values = v
		}
	}
	return m
}

// TestTruth holds the counts before any rule to package answer, on two days
// of one pass.
func TestTruth(t *testing.T) {
	for seed := range uint64(20) {
		m := randomFleet(t, rand.New(rand.NewPCG(seed, 1)))
		b := figures.NewBuilder(m.list, page1.Month())
		var of figures.Installation
		for i := range m.reports {
			if i == 0 || m.reports[i].GUID != m.reports[i-1].GUID {
				of = figures.Installation{}
			}
			b.Add(&of, &m.reports[i])
		}
		p := newPlan(m.list, m.list)
		with := comparison{days: []day.Day{page1 - 40, page1}, since: make([]int, p.bits())}
		got, err := count(t.Context(), m, p, with)
		if err != nil {
			t.Fatal(err)
		}
		tables := b.Tables()
		compare(t, p, got.then, answer.Compute(tables, m.list, m.list, answer.Known{}, page1-40, Window))
		compare(t, p, got.now, answer.Compute(tables, m.list, m.list, answer.Known{}, page1, Window))
	}
}

func compare(t *testing.T, p *plan, got []int64, a *answer.Answer) {
	t.Helper()
	w := a.Window
	want := []int64{w.Active, w.New, w.Returned, w.Active - w.New - w.Returned, w.Churned}
	for _, c := range a.Counters {
		want = append(want, c.Active)
	}
	none := a.Gauges[0].Known
	for _, g := range a.Gauges {
		want = append(want, g.Largest)
		none -= g.Largest
	}
	want = append(want, none, w.Active-a.Gauges[0].Known)
	for c := range p.cells {
		if got[c] != want[c] {
			t.Errorf("as of %s, %s: got %d, want %d", a.AsOf, p.cells[c].id, got[c], want[c])
		}
	}
}

// TestChangedOneByOne holds the changes to a comparison of sets.
func TestChangedOneByOne(t *testing.T) {
	m := randomFleet(t, rand.New(rand.NewPCG(7, 7)))
	p := newPlan(m.list, m.list)
	days := []day.Day{page1 - 60, page1 - 30, page1}
	with := comparison{days: days, since: make([]int, p.bits()), page: 1}
	for c := range with.since {
		with.since[c] = c%3 - 1
	}
	got, err := count(t.Context(), m, p, with)
	if err != nil {
		t.Fatal(err)
	}
	on := func(d day.Day) map[[16]byte][]bool {
		sets := map[[16]byte][]bool{}
		for i := range m.reports {
			guid := m.reports[i].GUID
			if sets[guid] != nil {
				continue
			}
			one := newInstallation(p, []day.Day{d})
			for j := i; j < len(m.reports) && m.reports[j].GUID == guid; j++ {
				one.add(&m.reports[j])
			}
			sets[guid] = one.finish()[0]
		}
		return sets
	}
	at := []map[[16]byte][]bool{on(days[0]), on(days[1]), on(days[2])}
	for c := range p.cells {
		var changed, lately int64
		if since := with.since[c]; since >= 0 {
			for guid, now := range at[2] {
				changed += yes(at[since][guid][c] != now[c])
				lately += yes(at[1][guid][c] != now[c])
			}
		}
		if got.changed[c] != changed || got.lately[c] != lately {
			t.Errorf("%s: got %d and %d, want %d and %d", p.cells[c].id, got.changed[c], got.lately[c], changed, lately)
		}
	}
}

// A crowd makes reports as they are asked for.
type crowd struct {
	*memory
	installations int
	report        schema.Report
}

func (c *crowd) Reports(_ context.Context, do func(*schema.Report) error) error {
	for i := range c.installations {
		binary.BigEndian.PutUint32(c.report.GUID[:], uint32(i))
		if err := do(&c.report); err != nil {
			return err
		}
	}
	return nil
}

// TestMemory: what is kept does not depend on how many installations there are.
func TestMemory(t *testing.T) {
	allocations := func(installations int) float64 {
		m := newMemory(t)
		c := &crowd{m, installations, schema.Report{Day: page1, Values: m.size(0)}}
		return testing.AllocsPerRun(3, func() {
			if _, err := compute(t.Context(), c, m.list, record{}, page1, DefaultPeriod); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(100), allocations(100_000); many != few {
		t.Errorf("got %v allocations for 100 installations and %v for 100,000, want as many", few, many)
	}
}
