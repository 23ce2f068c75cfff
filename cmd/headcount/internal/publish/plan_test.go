package publish

import (
	"slices"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// TestPlan is of the shipped catalogs: ids are unique, and every figure is in
// one table.
func TestPlan(t *testing.T) {
	for _, name := range schema.Names {
		list, err := schema.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		p := newPlan(list, list)
		var ids []string
		for _, c := range p.cells {
			ids = append(ids, c.id)
		}
		if got := len(slices.Compact(slices.Sorted(slices.Values(ids)))); got != len(ids) {
			t.Errorf("%s: got %d different ids of %d figures", name, got, len(ids))
		}
		next := newCell
		for _, g := range p.groups {
			if g.first != next || g.end <= g.first {
				t.Errorf("%s: table %s: got figures %d to %d, want them from %d on", name, g.id, g.first, g.end, next)
			}
			next = g.end
		}
		if next != len(p.cells) {
			t.Errorf("%s: got tables of %d figures, want %d", name, next, len(p.cells))
		}
	}
}

// TestPlanOfAnotherArchive: what the archive does not have is not known.
func TestPlanOfAnotherArchive(t *testing.T) {
	held, err := schema.Load("affiliate")
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{list: held}
	m.add(20, make([]int64, len(held.Series)), page1)
	r, err := compute(t.Context(), m, testList(t, 2), record{}, page1, DefaultPeriod)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Stats.Active.words(); got != "20" {
		t.Errorf("active: got %s, want 20", got)
	}
	if got, want := sizes(r.Stats), "not known not known not known 20"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
