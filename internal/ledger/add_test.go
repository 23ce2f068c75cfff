package ledger

import (
	"math"
	"sync"
	"testing"
)

func TestAddStopsAtMax(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *Ledger{"mapped": openMapped, "folded": openFolded} {
		for _, c := range []struct {
			name      string
			before, n uint64
			ok        bool
		}{
			{"nothing", 5, 0, true},
			{"one", 5, 1, true},
			{"the largest quick one", 5, quickest, true},
			{"the smallest slow one", 5, quickest + 1, true},
			{"all at once", 0, Max, true},
			{"one too many at once", 0, Max + 1, false},
			{"all to one", 1, Max, false},
			{"up to Max", Max - 7, 7, true},
			{"one above Max", Max - 7, 8, false},
			{"one at Max", Max, 1, false},
			{"nothing at Max", Max, 0, true},
			{"one to the last", Max - 1, 1, true},
			{"around the quick ones' end", Max - 1<<32, quickest, true},
			{"one before the quick ones' end", Max - 1<<32 - 1, quickest, true},
			{"half of all numbers", 5, 1 << 63, false},
			{"all numbers", 5, math.MaxUint64, false},
			{"a number that wraps to nothing", 5, math.MaxUint64 - 4, false},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				l := open(t)
				slot := l.Slot(1)
				slot.Store(c.before)
				if got := l.Add(slot, c.n); got != c.ok {
					t.Errorf("added: %v", got)
				}
				want := c.before
				if c.ok {
					want += c.n
				}
				equal(t, l, 0, want, 0)
			})
		}
	}
}

func TestAddToDamagedTotals(t *testing.T) {
	l := openMapped(t)
	for name, word := range map[string]uint64{"all ones": math.MaxUint64, "far above Max": Max + 1<<32, "a high bit": 7 | 1<<63} {
		for _, n := range []uint64{0, 1, quickest, quickest + 1, Max} {
			slot := l.Slot(0)
			slot.Store(word)
			if l.Add(slot, n); slot.Load() != word {
				t.Errorf("%s: %d was added", name, n)
			}
		}
		if err := l.Check(ctx); err == nil {
			t.Errorf("%s: Check returns nil, want an error", name)
		}
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	for name, l := range map[string]*Ledger{"mapped": openMapped(t), "folded": openFolded(t)} {
		slot := l.Slot(0)
		for _, n := range []uint64{1, quickest + 1, Max + 1} {
			if got := testing.AllocsPerRun(1000, func() { l.Add(slot, n) }); got != 0 {
				t.Errorf("%s, %d: %v allocations", name, n, got)
			}
		}
	}
}

func TestAddIsExact(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *Ledger{"mapped": openMapped, "folded": openFolded} {
		t.Run(name, func(t *testing.T) {
			const goroutines, each = 8, 20_000
			l := open(t)
			var all sync.WaitGroup
			for g := range goroutines {
				all.Go(func() {
					for i := range uint64(each) {
						if !l.Add(l.Slot(g%3), 1+i%2*quickest) { // quick and slow ones
							t.Error("refused")
						}
					}
				})
			}
			all.Wait()
			const sum = each/2 + each/2*(1+quickest)
			equal(t, l, 3*sum, 3*sum, 2*sum)
		})
	}
}

// TestMaxHolds adds far more than fits from many goroutines: no one ever saw
// more than Max, and in the end nothing more is taken.
func TestMaxHolds(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *Ledger{"mapped": openMapped, "folded": openFolded} {
		t.Run(name, func(t *testing.T) {
			const start = Max - 1_000_000
			l := open(t)
			slot := l.Slot(0)
			slot.Store(start)
			var all sync.WaitGroup
			for g := range uint64(8) {
				all.Go(func() {
					for range 10_000 {
						l.Add(slot, g*17+1)
						if sum, ok := total(slot); !ok || sum > Max {
							t.Errorf("%d, %v", sum, ok)
						}
					}
				})
			}
			all.Wait()
			for l.Add(slot, 1) {
			}
			equal(t, l, Max, 0, 0)
		})
	}
}
