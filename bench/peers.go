package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"time"

	victoria "github.com/VictoriaMetrics/metrics"
	hashicorp "github.com/hashicorp/go-metrics"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	gotelemetry "golang.org/x/telemetry"
	"golang.org/x/telemetry/counter"
)

func contenders() []contender {
	return append(append(baselines(), ourContenders()...), append(counters(), events()...)...)
}

// counters are peers that count in memory.
func counters() []contender {
	return []contender{
		{name: "VictoriaMetrics Counter.Inc", kind: peer, batch: many, open: func(string) (running, error) {
			c := victoria.NewSet().NewCounter("service_created_total")
			return running{func(n int) {
				for range n {
					c.Inc()
				}
			}, func() {}}, nil
		}},
		{name: "prometheus Counter.Inc", kind: peer, batch: many, open: func(string) (running, error) {
			c := prometheus.NewCounter(prometheus.CounterOpts{Name: "service_created_total"})
			return running{func(n int) {
				for range n {
					c.Inc()
				}
			}, func() {}}, nil
		}},
		{name: "prometheus CounterVec.WithLabelValues.Inc", kind: peer, batch: many, open: func(string) (running, error) {
			v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "service_created_total"}, []string{"type"})
			return running{func(n int) {
				for range n {
					v.WithLabelValues("FACE_DETECTION").Inc()
				}
			}, func() {}}, nil
		}},
		{name: "OTel Int64Counter.Add, no attributes", kind: peer, batch: many, open: func(string) (running, error) {
			c, end, err := otelCounter()
			ctx := context.Background()
			return running{func(n int) {
				for range n {
					c.Add(ctx, 1)
				}
			}, end}, err
		}},
		{name: prebuilt, kind: peer, batch: many, open: func(string) (running, error) {
			c, end, err := otelCounter()
			ctx := context.Background()
			options := []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("service.type", "FACE_DETECTION")))}
			return running{func(n int) {
				for range n {
					c.Add(ctx, 1, options...)
				}
			}, end}, err
		}},
		{name: "OTel Int64Counter.Add, attributes on each call", kind: peer, batch: many, open: func(string) (running, error) {
			c, end, err := otelCounter()
			ctx := context.Background()
			return running{func(n int) {
				for range n {
					c.Add(ctx, 1, metric.WithAttributes(attribute.String("service.type", "FACE_DETECTION")))
				}
			}, end}, err
		}},
		{name: goCounter, kind: peer, note: "mapped, as ours", batch: many, open: openGoCounter},
		{name: "hashicorp/go-metrics IncrCounter", kind: peer, note: "in memory", batch: many, open: func(string) (running, error) {
			config := hashicorp.DefaultConfig("bench")
			config.EnableHostname, config.EnableRuntimeMetrics = false, false
			m, err := hashicorp.New(config, hashicorp.NewInmemSink(time.Minute, time.Hour))
			name := []string{"service", "created"}
			return running{func(n int) {
				for range n {
					m.IncrCounter(name, 1)
				}
			}, func() {}}, err
		}},
	}
}

func otelCounter() (metric.Int64Counter, func(), error) {
	provider := sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))
	c, err := provider.Meter("bench").Int64Counter("service.created")
	return c, func() { _ = provider.Shutdown(context.Background()) }, err
}

// goTelemetry opens the counter file of golang.org/x/telemetry, which a
// process can do once. It is never asked to upload.
var goTelemetry = sync.OnceValues(func() (*counter.Counter, error) {
	dir, err := os.MkdirTemp("", "headcount-bench-go-")
	if err != nil {
		return nil, err
	}
	gotelemetry.Start(gotelemetry.Config{TelemetryDir: dir})
	c := counter.New("bench/service-created")
	c.Inc()
	// Removed at once: the mapping stays, and is as fast.
	files, err := filepath.Glob(filepath.Join(dir, "local", "*.count"))
	if err == nil && len(files) == 0 {
		err = errors.New("it keeps no file, so its counters are not durable")
	}
	return c, errors.Join(err, os.RemoveAll(dir))
})

func openGoCounter(string) (running, error) {
	c, err := goTelemetry()
	return running{func(n int) {
		for range n {
			c.Inc()
		}
	}, func() {}}, err
}
