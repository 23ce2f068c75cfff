package telemetry

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// The operator's own reader gets the same figures, and no other one does.
func TestProducer(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	reader := metric.NewManualReader(metric.WithProducer(s.Producer()))
	provider := metric.NewMeterProvider(metric.WithReader(reader))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	collect := func() map[string]int64 {
		t.Helper()
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, scope := range all.ScopeMetrics {
			for _, m := range scope.Metrics {
				switch data := m.Data.(type) {
				case metricdata.Sum[int64]:
					for _, p := range data.DataPoints {
						got[m.Name] += p.Value
					}
				case metricdata.Gauge[int64]:
					for _, p := range data.DataPoints {
						label, _ := p.Attributes.Value("compreface.faces.range")
						got[m.Name+" "+label.AsString()] = p.Value
					}
				}
			}
		}
		if _, leaked := all.Resource.Set().Value("install_guid"); leaked {
			t.Error("the identifier is in the operator's resource")
		}
		return got
	}
	s.Add(compreface.UserCreated, 1)
	if got := collect(); len(got) != 0 {
		t.Errorf("before a yes: %v", got)
	}
	s.decide(t, consent.Granted)
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return []int64{5, 7}, nil })
	s.Add(compreface.UserCreated, 2)
	got := collect()
	if got["compreface.user.created"] != 2 || got["compreface.collection.count 1-10"] != 2 || got["compreface.service.created"] != 0 {
		t.Errorf("after a yes: %v", got)
	}
	s.decide(t, consent.Denied)
	if got := collect(); len(got) != 0 {
		t.Errorf("after a no: %v", got)
	}
	s.config.CountLocally = true
	s.restart(t)
	reader = metric.NewManualReader(metric.WithProducer(s.Producer()))
	provider = metric.NewMeterProvider(metric.WithReader(reader))
	s.Add(compreface.UserCreated, 4)
	if got := collect(); got["compreface.user.created"] != 4 {
		t.Errorf("locally: %v", got)
	}
	if s.Status().On || s.Status().InstallGUID != "" || s.Flush(t.Context()) == nil || exists(filepath.Join(s.dir, "headcount.totals")) {
		t.Errorf("counting locally is not consent: %+v, %q", s.Status(), files(t, s.dir))
	}
	if preview, err := s.Preview(t.Context(), false); err != nil || !slices.Contains(rowsOf(preview), "compreface.user.created 0") {
		t.Errorf("the preview shows what was counted locally: %q, %v", rowsOf(preview), err)
	}
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 1)
	if got := collect(); got["compreface.user.created"] != 1 {
		t.Errorf("a yes is retroactive: %v", got)
	}
	s.decide(t, consent.Denied)
	s.Add(compreface.UserCreated, 2)
	if got := collect(); got["compreface.user.created"] != 2 {
		t.Errorf("locally again: %v", got)
	}
	var none *Client
	if list, err := none.Producer().Produce(t.Context()); list != nil || err != nil {
		t.Errorf("no client: %v, %v", list, err)
	}
}

// A sum that begins anew each midnight would be a new one to every reader.
func TestLocalSumKeepsItsStart(t *testing.T) {
	s := start(t, listenDeaf(t).url(), func(c *Config) { c.CountLocally = true })
	began := func() (begin, end time.Time) {
		t.Helper()
		scopes, err := s.Producer().Produce(t.Context())
		if err != nil || len(scopes) != 1 {
			t.Fatal(err, scopes)
		}
		sum, ok := scopes[0].Metrics[0].Data.(metricdata.Sum[int64])
		if !ok {
			t.Fatalf("%+v", scopes[0].Metrics[0])
		}
		return sum.DataPoints[0].StartTime, sum.DataPoints[0].Time
	}
	first, then := began()
	s.now = func() time.Time { return then.Add(49 * time.Hour) }
	again, now := began()
	if first.IsZero() || !again.Equal(first) || now.Sub(then) != 49*time.Hour {
		t.Errorf("from %v, after %v from %v", first, now.Sub(then), again)
	}
}

// TestShutdownWhileCountingLocallyBegins: nothing is counted after Shutdown.
func TestShutdownWhileCountingLocallyBegins(t *testing.T) {
	s := start(t, listenDeaf(t).url(), func(c *Config) { c.CountLocally = true })
	shutdown := sync.OnceFunc(func() { _ = s.Shutdown(t.Context()) }) // as another goroutine may
	s.now = func() time.Time {
		shutdown()
		return time.Now()
	}
	_ = s.Decide(t.Context(), consent.Record{Decision: consent.Denied, Time: time.Now()})
	s.Add(compreface.UserCreated, 1)
	if got, err := s.Producer().Produce(t.Context()); len(got) != 0 || err != nil {
		t.Errorf("got %+v and %v, want nothing: the client is shut down", got, err)
	}
}
