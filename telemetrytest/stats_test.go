package telemetrytest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetrytest"
)

// TestDocumentation: the example of the package's comment is the one that runs.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "//\tfunc TestSignUp")
	example, _, found := strings.Cut(example, "//\n")
	example = strings.ReplaceAll("func TestSignUp"+example, "\n//\t", "\n")
	if !found || !strings.Contains(string(code), example) {
		t.Errorf("example_test.go does not have\n%s", example)
	}
}

// TestEnvironment: what a developer has set changes nothing. Not parallel: it
// sets variables.
func TestEnvironment(t *testing.T) {
	for _, pair := range [][2]string{{"DO_NOT_TRACK", "1"}, {"DO_NOT_TRACK", ""}, {"OTEL_SDK_DISABLED", "true"}, {"COMPREFACE_TELEMETRY", "off"},
		{"COMPREFACE_TELEMETRY", "accept:1"}, {"COMPREFACE_TELEMETRY_PROXY", "socks5://nowhere"}} {
		t.Run(strings.Join(pair[:], "="), func(t *testing.T) {
			t.Setenv(pair[0], pair[1])
			stats := telemetrytest.New(t, compreface.Catalog)
			stats.Add(compreface.UserCreated, 2)
			if got := stats.Total(compreface.UserCreated); got != 2 {
				t.Errorf("got %d, want 2", got)
			}
		})
	}
}

// TestParallel: tests do not see each other's counts, whatever number runs.
func TestParallel(t *testing.T) {
	for n := range int64(20) {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			stats := telemetrytest.New(t, compreface.Catalog)
			var all sync.WaitGroup
			for range n {
				all.Go(func() { stats.Add(compreface.UserCreated, 1) })
			}
			all.Wait()
			if got := stats.Total(compreface.UserCreated); got != n {
				t.Errorf("got %d, want %d", got, n)
			}
		})
	}
}

// TestDecisions: a product's own yes and no work, and nothing is sent or written.
func TestDecisions(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	synctest.Test(t, func(t *testing.T) { // a look-up or a goroutine that is left would fail it
		stats := telemetrytest.New(t, compreface.Catalog)
		stats.Add(compreface.UserCreated, 1)
		for _, test := range []struct {
			decision consent.Decision
			total    int64 // after one more
		}{{consent.Granted, 2}, {consent.Denied, 1}, {consent.Granted, 2}} {
			if err := stats.Decide(t.Context(), consent.Record{Decision: test.decision, Where: "test"}); err != nil {
				t.Fatal(err)
			}
			stats.Add(compreface.UserCreated, 1)
			if got := stats.Total(compreface.UserCreated); got != test.total {
				t.Errorf("after %v: got %d, want %d", test.decision, got, test.total)
			}
			if err := stats.Flush(t.Context()); err == nil || stats.Status().On || stats.Status().InstallGUID != "" {
				t.Errorf("after %v: Flush says %v, status %+v", test.decision, err, stats.Status())
			}
		}
		time.Sleep(100 * 24 * time.Hour)
		if status := stats.Status(); status.LastError != nil || !status.LastReport.IsZero() {
			t.Errorf("it tried to send: %+v", status)
		}
	})
	if found, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(found) != 0 {
		t.Errorf("files %q, %v", found, err)
	}
}

func TestObserved(t *testing.T) {
	stats := telemetrytest.New(t, compreface.Catalog)
	for _, test := range []struct {
		sizes []int64
		want  map[string]int64
	}{
		{nil, map[string]int64{}},
		{[]int64{0, 5, 7, 1_000_001}, map[string]int64{"0": 1, "1-10": 2, "1000001+": 1}},
	} {
		stats.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return test.sizes, nil })
		if got := stats.Observed(compreface.Collections); !maps.Equal(got, test.want) {
			t.Errorf("%v: got %v, want %v", test.sizes, got, test.want)
		}
	}
}

// A trial is a test that may fail.
type trial struct {
	testing.TB
	mu       sync.Mutex
	said     []string
	logged   []string
	cleanups []func()
}

func (r *trial) Helper()                   {}
func (r *trial) Cleanup(f func())          { r.cleanups = append(r.cleanups, f) }
func (r *trial) Fatalf(f string, a ...any) { r.Error(fmt.Sprintf(f, a...)); panic(r) }

func (r *trial) Error(a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprint(a...))
}

func (r *trial) Log(a ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.logged = append(r.logged, fmt.Sprint(a...))
}

// run runs a test and returns why it failed.
func (r *trial) run(c *catalog.Catalog, test func(*telemetrytest.Stats)) string {
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(r) {
				panic(p)
			}
		}()
		test(telemetrytest.New(r, c))
	}()
	for _, f := range r.cleanups {
		f()
	}
	return strings.Join(r.said, "\n")
}

// TestMistakes fail the test that makes them, and a test without one passes.
func TestMistakes(t *testing.T) {
	other := catalog.NewCounter("shop.thing.sold", "{thing}", catalog.Text{})
	sizes := catalog.NewRangeGauge("shop.basket.count", "{basket}", catalog.Text{}, "shop.goods.range", bucketing.New(0, 10))
	fails := func(context.Context) ([]int64, error) { return nil, errors.New("no database") }
	for _, test := range []struct {
		name string
		do   func(*telemetrytest.Stats)
		want string // empty: none
	}{
		{"none", func(s *telemetrytest.Stats) { s.Add(compreface.UserCreated, 1) }, ""},
		{"a function fails that is not looked at", func(s *telemetrytest.Stats) {
			s.Observe(compreface.Collections, fails)
			s.Total(compreface.UserCreated)
		}, ""},
		{"a counter of another catalog", func(s *telemetrytest.Stats) { s.Add(other, 1) }, "counter: shop.thing.sold"},
		{"a label that is not declared", func(s *telemetrytest.Stats) { s.Add(compreface.ServiceCreated.With("X"), 1) }, "is one of FACE_DETECTION"},
		{"no label", func(s *telemetrytest.Stats) { s.Add(compreface.ServiceCreated, 1) }, "needs With and its labels"},
		{"nothing", func(s *telemetrytest.Stats) { s.Add(compreface.UserCreated, 0) }, "n is 0"},
		{"less than nothing", func(s *telemetrytest.Stats) { s.Add(compreface.UserCreated, -1) }, "n is -1"},
		{"after the end", func(s *telemetrytest.Stats) { _ = s.Shutdown(context.Background()); s.Add(other, 1) }, "counter: shop.thing.sold"},
		{"a gauge of another catalog", func(s *telemetrytest.Stats) { s.Observe(sizes, fails) }, "gauge: shop.basket.count"},
		{"total of another catalog", func(s *telemetrytest.Stats) { s.Total(other) }, "shop.thing.sold is not in the catalog"},
		{"total without a label", func(s *telemetrytest.Stats) { s.Total(compreface.ServiceCreated) }, "a label is missing"},
		{"observed of another catalog", func(s *telemetrytest.Stats) { s.Observed(sizes) }, "shop.basket.count is not in the catalog"},
		{"observed without a function", func(s *telemetrytest.Stats) { s.Observed(compreface.Collections) }, "no function was given"},
		{"observed and it fails", func(s *telemetrytest.Stats) {
			s.Observe(compreface.Collections, fails)
			s.Observed(compreface.Collections)
		}, "or it failed"},
		{"total after the end", func(s *telemetrytest.Stats) {
			_ = s.Shutdown(context.Background())
			s.Total(compreface.UserCreated)
		}, "shut down"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := new(trial).run(compreface.Catalog, test.do); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if got := new(trial).run(nil, func(*telemetrytest.Stats) {}); !strings.Contains(got, "catalog") {
		t.Errorf("without a catalog: got %q", got)
	}
}
