package collector_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"headcount.example/catalog"
	"headcount.example/telemetry"
)

// What the library sends arrives, exactly: every series of the catalog,
// counted and observed through the public interface.
func TestLibraryReports(t *testing.T) {
	t.Setenv("DO_NOT_TRACK", "")
	t.Setenv("OTEL_SDK_DISABLED", "")
	for _, product := range products {
		t.Run(product.name, func(t *testing.T) {
			p := start(t, product.config)
			t.Setenv(product.catalog.Variable(), fmt.Sprintf("accept:%d", product.catalog.NoticeNumber()))
			stats, err := telemetry.Init(telemetry.Config{Catalog: product.catalog, Endpoint: p.URL, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			defer stats.Shutdown(context.Background())
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			guid := stats.Status().InstallGUID

			// The second report says the totals again, grown; sizes are those of now.
			for round := int64(1); round <= 2; round++ {
				want := count(stats, product.catalog, guid, round)
				if err := stats.Flush(ctx); err != nil {
					t.Fatal(err)
				}
				data, err := p.Lines()
				if err != nil {
					t.Fatal(err)
				}
				rows, faults := rulesOf(product.catalog).check(data)
				for _, fault := range append(faults, compare(rows, want)...) {
					t.Errorf("report %d: %s", round, fault)
				}
			}
			if log := p.Log.String(); log != "" {
				t.Errorf("the Collector logged: %s", log)
			}
		})
	}
}

// count counts every series once more and gives each range a thing more, and
// returns what has to arrive.
func count(stats *telemetry.Client, c *catalog.Catalog, guid string, round int64) (want []row) {
	for _, d := range c.Metrics() {
		var sizes []int64
		for i, s := range d.Series {
			n := int64(i+1) * round
			if d.Kind == catalog.KindCounter {
				stats.Add(s.Counter, int64(i+1))
			} else {
				size := sizeIn(d, s.Values[0])
				for range n {
					sizes = append(sizes, size)
				}
			}
			want = append(want, row{guid, d.Name, labels(d.Attributes, s.Values), n})
		}
		if d.Kind == catalog.KindRangeGauge {
			stats.Observe(d.RangeGauge, func(context.Context) ([]int64, error) { return sizes, nil })
		}
	}
	return want
}

// sizeIn returns the smallest size that falls in a range.
func sizeIn(d catalog.Definition, label string) int64 {
	var size int64
	fmt.Sscanf(label, "%d", &size)
	return size
}
