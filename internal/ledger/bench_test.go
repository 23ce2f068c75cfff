package ledger

import (
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAdd measures Add and a bare atomic addition turn by turn, so that
// whatever else the machine does meets both, and prints the ratio of the
// medians.
func BenchmarkAdd(b *testing.B) {
	for _, c := range []struct {
		name string
		open func(testing.TB) *Ledger
	}{{"mapped", openMapped}, {"folded", openFolded}} {
		b.Run(c.name, func(b *testing.B) {
			l := c.open(b)
			slot, bare := l.Slot(0), new(atomic.Uint64)
			const turn = 20_000
			var ours, theirs []float64
			for b.Loop() {
				begin := time.Now()
				for range turn {
					bare.Add(1)
				}
				middle := time.Now()
				for range turn {
					l.Add(slot, 1)
				}
				end := time.Now()
				theirs = append(theirs, float64(middle.Sub(begin))/turn)
				ours = append(ours, float64(end.Sub(middle))/turn)
			}
			slices.Sort(ours)
			slices.Sort(theirs)
			a, t := ours[len(ours)/2], theirs[len(theirs)/2]
			b.ReportMetric(a, "ns/Add")
			b.ReportMetric(t, "ns/atomic")
			b.ReportMetric(a/t, "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func BenchmarkAddParallel(b *testing.B) {
	l := openMapped(b)
	slot := l.Slot(0)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			l.Add(slot, 1)
		}
	})
}
