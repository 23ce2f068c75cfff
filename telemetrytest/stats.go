package telemetrytest

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// Stats is a client for one test, and what it counted. The product under test
// gets the embedded Client, which is safe for concurrent use. Total and Observed
// are for the goroutine of the test, which they may end.
type Stats struct {
	*telemetry.Client
	t       testing.TB
	metrics []catalog.Definition
}

// New returns a client that counts what is in the catalog until the test ends.
// A decision that the product makes through it is kept in memory, and a no
// clears what was counted, but nothing is ever sent, also after a yes. A
// catalog with a fault ends the test.
func New(t testing.TB, c *catalog.Catalog) *Stats {
	t.Helper()
	log := &log{t: t}
	client, err := telemetry.Init(telemetry.Config{
		Catalog: c, Endpoint: "https://telemetrytest.invalid", CountLocally: true,
		Consent: new(decided), State: empty{}, Env: veto, Logger: slog.New(log),
	})
	if err != nil {
		t.Fatalf("telemetrytest: %v", err)
	}
	t.Cleanup(func() {
		log.wait(client)
		_ = client.Shutdown(context.Background())
	})
	return &Stats{Client: client, t: t, metrics: c.Metrics()}
}

// veto is all that the client hears of an environment: nothing can be sent.
func veto(name string) (value string, set bool) {
	if name == "DO_NOT_TRACK" {
		return "1", true
	}
	return "", false
}

// decided is the newest decision.
type decided struct{ atomic.Pointer[consent.Record] }

func (d *decided) Consent(context.Context) (r consent.Record, err error) {
	if newest := d.Load(); newest != nil {
		r = *newest
	}
	return r, nil
}

func (d *decided) Save(_ context.Context, r consent.Record) error { d.Store(&r); return nil }

// empty is a State to which nothing is written, because of the veto.
type empty struct{}

func (empty) Load(context.Context) ([]byte, int64, error) { return nil, 0, nil }

func (empty) Swap(context.Context, int64, []byte) error { return errors.ErrUnsupported }

// Total returns how much was added to a counter, or to one of its series. A
// counter that is not in the catalog, or needs labels and has none, ends
// the test. So does a client that was shut down: call Total before that.
func (s *Stats) Total(counter catalog.Counter) int64 {
	s.t.Helper()
	for _, d := range s.metrics {
		for _, series := range d.Series {
			if d.Kind == catalog.KindCounter && series.Counter == counter {
				return s.read(d)[strings.Join(series.Values, ",")]
			}
		}
	}
	s.t.Fatalf("telemetrytest: %s is not in the catalog, or a label is missing or not declared", counter)
	return 0
}

// Observed calls the function that was given to Observe, and returns how many
// things are in each range, as in {"1-10": 2}; a range with nothing in it is not
// in the map. A range gauge that is not in the catalog ends the test, and so does
// a function that is missing or fails, or a client that was shut down.
func (s *Stats) Observed(gauge catalog.RangeGauge) map[string]int64 {
	s.t.Helper()
	for _, d := range s.metrics {
		if d.Kind == catalog.KindRangeGauge && d.RangeGauge == gauge {
			counts := s.read(d)
			if len(counts) == 0 {
				s.t.Fatalf("telemetrytest: %s has no answer: no function was given to Observe, or it failed", gauge)
			}
			for name, n := range counts {
				if n == 0 {
					delete(counts, name)
				}
			}
			return counts
		}
	}
	s.t.Fatalf("telemetrytest: %s is not in the catalog", gauge)
	return nil
}

// read returns the points of a metric, by the values of their labels.
func (s *Stats) read(d catalog.Definition) map[string]int64 {
	s.t.Helper()
	scopes, err := s.Producer().Produce(context.Background())
	if err != nil || len(scopes) == 0 {
		s.t.Fatalf("telemetrytest: nothing is counted: the client was shut down (%v)", err)
	}
	values := map[string]int64{}
	for _, m := range scopes[0].Metrics {
		if m.Name != d.Name {
			continue
		}
		sum, _ := m.Data.(metricdata.Sum[int64])
		gauge, _ := m.Data.(metricdata.Gauge[int64])
		for _, p := range append(sum.DataPoints, gauge.DataPoints...) {
			var labels []string
			for _, a := range d.Attributes {
				value, _ := p.Attributes.Value(attribute.Key(a.Key))
				labels = append(labels, value.AsString())
			}
			values[strings.Join(labels, ",")] = p.Value
		}
	}
	return values
}
