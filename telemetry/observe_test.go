package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

func twoSizes() (c *catalog.Catalog, shelves, boxes catalog.RangeGauge) {
	shelves = catalog.NewRangeGauge("shop.shelf.count", "{shelf}", says("Shelves, by the range their number of things falls in."), "shop.shelf.range", bucketing.New(0, 10))
	boxes = catalog.NewRangeGauge("shop.box.count", "{box}", says("Boxes, by the range their number of things falls in."), "shop.box.range", bucketing.New(0, 10))
	return catalog.New("Shop", 1, about, catalog.NewCounter("shop.thing.sold", "{thing}", says("A thing was sold.")), shelves, boxes), shelves, boxes
}

// bubble runs a client in a bubble; nothing of it uses a socket.
func bubble(t *testing.T, c *catalog.Catalog, logger *slog.Logger, f func(t *testing.T, c *Client)) {
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		client, err := Init(Config{Catalog: c, Endpoint: "https://stats.vendor.invalid", Dir: dir, Consent: always(consent.Granted, 1), Logger: logger})
		if err != nil {
			t.Fatal(err)
		}
		f(t, client)
		if err := client.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestObserveFails: whatever one function does, only its metric is left out.
func TestObserveFails(t *testing.T) {
	for _, test := range []struct {
		name string
		f    func(context.Context) ([]int64, error)
		want string // row of the metric; empty: left out
	}{
		{"answers", func(context.Context) ([]int64, error) { return []int64{0, 5, 11, 5}, nil }, "shop.shelf.count{shop.shelf.range=1-10} 2"},
		{"error", func(context.Context) ([]int64, error) { return []int64{5}, errors.New("no database") }, ""},
		{"negative", func(context.Context) ([]int64, error) { return []int64{5, -1}, nil }, ""},
		{"panic", func(context.Context) ([]int64, error) { panic("no database") }, ""},
		{"panic(nil)", func(context.Context) ([]int64, error) { panic(nil) }, ""},
		{"Goexit", func(context.Context) ([]int64, error) { runtime.Goexit(); return nil, nil }, ""},
		{"until its context ends", func(ctx context.Context) ([]int64, error) { <-ctx.Done(); return []int64{5}, nil }, ""},
		{"hangs", func(context.Context) ([]int64, error) { time.Sleep(time.Minute); return []int64{5}, nil }, ""},
		{"nothing there", func(context.Context) ([]int64, error) { return nil, nil }, "shop.shelf.count{shop.shelf.range=0} 0"},
		{"nil", nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var logged bytes.Buffer
			c, shelves, boxes := twoSizes()
			bubble(t, c, slog.New(slog.NewTextHandler(&logged, nil)), func(t *testing.T, c *Client) {
				c.Observe(shelves, test.f)
				c.Observe(boxes, func(context.Context) ([]int64, error) { return []int64{7}, nil })
				begin := time.Now()
				p, err := c.Preview(t.Context(), true)
				if err != nil {
					t.Fatal(err)
				}
				if took := time.Since(begin); took > callbackTimeout {
					t.Errorf("waited %v", took)
				}
				want(t, rowsOf(p), "shop.thing.sold 0")
				want(t, rowsOf(p), "shop.box.count{shop.box.range=1-10} 1")
				if test.want != "" {
					want(t, rowsOf(p), test.want)
				} else if text := strings.Join(rowsOf(p), "\n"); strings.Contains(text, "shelf") {
					t.Errorf("the metric is in %s", text)
				}
				time.Sleep(2 * time.Minute) // the one that hangs comes back
			})
			if quiet := test.f == nil || test.want != ""; quiet != (logged.Len() == 0) {
				t.Errorf("logged %q", logged.String())
			}
		})
	}
}

// TestObserveOnlyWhenDue: not at Init, Add or a plain preview.
func TestObserveOnlyWhenDue(t *testing.T) {
	c, shelves, _ := twoSizes()
	bubble(t, c, nil, func(t *testing.T, c *Client) {
		var asked atomic.Int64
		c.Observe(shelves, func(context.Context) ([]int64, error) { asked.Add(1); return nil, nil })
		_, _ = c.Preview(t.Context(), false)
		_ = c.Refresh(t.Context())
		c.Status()
		time.Sleep(59 * time.Minute) // a first report is at least an hour away
		if asked.Load() != 0 {
			t.Errorf("asked %d times without need", asked.Load())
		}
		if _, err := c.Preview(t.Context(), true); err != nil || asked.Load() != 1 {
			t.Errorf("%v, asked %d times for a preview", err, asked.Load())
		}
	})
}

func TestObserveReplaced(t *testing.T) {
	c, shelves, _ := twoSizes()
	bubble(t, c, nil, func(t *testing.T, c *Client) {
		answer := func(n int64) func(context.Context) ([]int64, error) {
			return func(context.Context) ([]int64, error) { return make([]int64, n), nil }
		}
		c.Observe(compreface.Collections, answer(9)) // of another catalog: never asked
		c.Observe(catalog.RangeGauge{}, answer(9))
		c.Observe(shelves, answer(1))
		c.Observe(shelves, answer(2))
		p, _ := c.Preview(t.Context(), true)
		want(t, rowsOf(p), "shop.shelf.count{shop.shelf.range=0} 2")
		c.Observe(shelves, nil)
		if p, _ = c.Preview(t.Context(), true); strings.Contains(strings.Join(rowsOf(p), " "), "shelf") || len(rowsOf(p)) != 2 {
			t.Errorf("%q", rowsOf(p))
		}
	})
}

// TestObserveNeverOverlaps: many previews at once, and a function that
// outlives them.
func TestObserveNeverOverlaps(t *testing.T) {
	c, shelves, _ := twoSizes()
	bubble(t, c, nil, func(t *testing.T, c *Client) {
		var running, calls atomic.Int64
		c.Observe(shelves, func(context.Context) ([]int64, error) {
			if running.Add(1) > 1 {
				t.Error("two calls at once")
			}
			defer running.Add(-1)
			calls.Add(1)
			time.Sleep(time.Second)
			return []int64{1}, nil
		})
		var all sync.WaitGroup
		var complete atomic.Int64
		for range 30 {
			all.Go(func() {
				p, err := c.Preview(t.Context(), true)
				if err != nil {
					t.Error(err)
				}
				if len(rowsOf(p)) == 3 {
					complete.Add(1)
				}
			})
		}
		all.Wait()
		if complete.Load() < 9 || calls.Load() > 11 {
			t.Errorf("%d previews have the sizes, %d calls", complete.Load(), calls.Load())
		}
		time.Sleep(time.Minute)
	})
}

// TestObserveHangsForGood: the goroutine of a function that never returns is
// the only one that is left, and it is not called again.
func TestObserveHangsForGood(t *testing.T) {
	c, shelves, _ := twoSizes()
	bubble(t, c, nil, func(t *testing.T, c *Client) {
		free := make(chan struct{})
		var calls atomic.Int64
		c.Observe(shelves, func(context.Context) ([]int64, error) { calls.Add(1); <-free; return nil, nil })
		for range 3 {
			begin := time.Now()
			if _, err := c.Preview(t.Context(), true); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took != callbackTimeout {
				t.Errorf("waited %v", took)
			}
		}
		if calls.Load() != 1 {
			t.Errorf("called %d times", calls.Load())
		}
		close(free)
	})
}
