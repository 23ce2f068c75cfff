package telemetry

// The Producer touches the recorder, and sends nothing.

import (
	"context"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Producer shows the same numbers to a reader of the operator's own, such as
// an OpenTelemetry Prometheus exporter, and sends nothing anywhere:
//
//	reader := metric.NewManualReader(metric.WithProducer(stats.Producer()))
//
// It leaves out install_guid, and produces nothing while nothing is counted:
// without consent that is so unless [Config.CountLocally] is set.
// Callbacks are called at every reading, so the reader's interval decides how
// often.
func (c *Client) Producer() metric.Producer { return producer{c} }

type producer struct{ client *Client }

// Produce returns the numbers of this moment.
func (p producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	c := p.client
	if c == nil {
		return nil, nil
	}
	r := c.live.Load()
	if r == nil {
		return nil, nil
	}
	report, err := r.collect(orBackground(ctx), c.now(), true)
	if err != nil {
		return nil, err
	}
	return []metricdata.ScopeMetrics{c.outbox.gate.Local(report, c.now())}, nil
}
