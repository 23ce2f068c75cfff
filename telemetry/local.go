package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Producer shows the same figures to a reader of the operator's own, such as
// an OpenTelemetry Prometheus exporter, and sends nothing anywhere:
//
//	reader := metric.NewManualReader(metric.WithProducer(stats.Producer()))
//
// It leaves out install_guid, and produces nothing while nothing is counted:
// without consent that is so unless [Config.CountLocally] is set.
// Sizes are asked for at every reading, so the reader's interval decides how
// often the application's functions are called.
func (c *Client) Producer() metric.Producer { return producer{c} }

type producer struct{ client *Client }

// Produce returns the figures of this moment.
func (p producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	c := p.client
	if c == nil || c.gate == nil {
		return nil, nil
	}
	r := c.live.Load()
	if r == nil {
		return nil, nil
	}
	figures, err := c.figures(some(ctx), r, askForView)
	if err != nil {
		return nil, err
	}
	return []metricdata.ScopeMetrics{c.gate.Local(figures, c.clock())}, nil
}
