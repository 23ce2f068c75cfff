package telemetry

import (
	"fmt"
	"testing"

	"headcount.example/catalog"
	"headcount.example/internal/ledger"
)

// A full catalog is found in few steps, however its series are arranged, and
// what is not in it is not found.
func TestTable(t *testing.T) {
	for _, labels := range []int{1, 16, 64} {
		t.Run(fmt.Sprint(labels), func(t *testing.T) {
			values := make([]string, labels)
			for i := range values {
				values[i] = fmt.Sprintf("V%d", i)
			}
			var all []catalog.Counter
			for i := range most / 2 / labels {
				c := catalog.NewCounter(fmt.Sprintf("shop.c%d", i), "{x}", "X.", catalog.OneOf("shop.label", values...))
				for _, v := range values {
					all = append(all, c.With(v))
				}
			}
			l, err := ledger.Memory(names(all))
			if err != nil {
				t.Fatal(err)
			}
			var full table
			for i, c := range all {
				full.put(c, l.Slot(i))
			}
			steps := 0
			for i, c := range all {
				if full.slot(c) != l.Slot(i) {
					t.Errorf("%s is not found", c)
				}
				for at := c.Hash(); full.at(at).counter != c; at += next {
					steps++
				}
			}
			if steps > 2*len(all) {
				t.Errorf("%d steps for %d series", steps, len(all))
			}
			for _, strange := range []catalog.Counter{{}, catalog.NewCounter("shop.c0", "{x}", "X.")} {
				if full.slot(strange) != nil {
					t.Errorf("%s is found", strange)
				}
			}
		})
	}
}

func names(all []catalog.Counter) (names []string) {
	for _, c := range all {
		names = append(names, c.String())
	}
	return names
}
