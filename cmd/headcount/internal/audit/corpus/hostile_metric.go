package corpus

import (
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"headcount.example/cmd/headcount/internal/audit"
)

// onMetric changes every metric.
func onMetric(c audit.Carrier, name string, change func(*report, *metricspb.Metric)) hostile {
	return always(c, name, func(r *report) {
		for _, m := range r.scope.Metrics {
			change(r, m)
		}
	})
}

// also adds a metric.
func also(c audit.Carrier, name string, make func(*report) *metricspb.Metric) hostile {
	return always(c, name, func(r *report) { r.scope.Metrics = append(r.scope.Metrics, make(r)) })
}

var hostileMetrics = []hostile{
	also(audit.MetricName, "an unlisted counter", func(r *report) *metricspb.Metric {
		return &metricspb.Metric{Name: "http.server.request.count", Data: sumOf([]*metricspb.NumberDataPoint{{Value: integer(1), Attributes: attributes(r.mark)}})}
	}),
	also(audit.MetricName, "an unlisted gauge", func(r *report) *metricspb.Metric {
		return &metricspb.Metric{Name: r.mark, Data: gaugeOf([]*metricspb.NumberDataPoint{{Value: integer(1)}})}
	}),
	onMetric(audit.MetricName, "listed, and more", func(r *report, m *metricspb.Metric) { m.Name += r.mark }),
	onMetric(audit.MetricName, "listed, after more", func(r *report, m *metricspb.Metric) { m.Name = r.mark + m.Name }),
	onMetric(audit.MetricName, "listed, and a new line", func(_ *report, m *metricspb.Metric) { m.Name += "\n" }),
	onMetric(audit.MetricName, "none", func(_ *report, m *metricspb.Metric) { m.Name = "" }),
	onMetric(audit.Description, "descriptions", func(r *report, m *metricspb.Metric) { m.Description = r.mark }),
	onMetric(audit.Unit, "units", func(r *report, m *metricspb.Metric) { m.Unit = r.mark }),
	onMetric(audit.Metadata, "metadata", func(r *report, m *metricspb.Metric) { m.Metadata = attributes(r.mark) }),
	onMetric(audit.Kind, "a gauge for a counter, and the reverse", func(_ *report, m *metricspb.Metric) {
		if s := m.GetSum(); s != nil {
			m.Data = gaugeOf(s.DataPoints)
		} else {
			m.Data = sumOf(m.GetGauge().DataPoints)
		}
	}),
	onMetric(audit.Kind, "without data", func(_ *report, m *metricspb.Metric) { m.Data = nil }),
	onMetric(audit.Kind, "histogram", func(r *report, m *metricspb.Metric) {
		total := 1_234_554_321.0
		m.Data = &metricspb.Metric_Histogram{Histogram: &metricspb.Histogram{AggregationTemporality: 2, DataPoints: []*metricspb.HistogramDataPoint{{
			Count: 1, Sum: &total, BucketCounts: []uint64{1, 2}, ExplicitBounds: []float64{1}, Exemplars: exemplars(r.mark), Attributes: attributes(r.mark)}}}}
	}),
	onMetric(audit.Kind, "exponential histogram", func(r *report, m *metricspb.Metric) {
		m.Data = &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{AggregationTemporality: 2,
			DataPoints: []*metricspb.ExponentialHistogramDataPoint{{Count: 1, Scale: 3, Exemplars: exemplars(r.mark), Attributes: attributes(r.mark)}}}}
	}),
	onMetric(audit.Kind, "summary", func(r *report, m *metricspb.Metric) {
		m.Data = &metricspb.Metric_Summary{Summary: &metricspb.Summary{DataPoints: []*metricspb.SummaryDataPoint{{Count: 1, Sum: 1_234_554_321, Attributes: attributes(r.mark)}}}}
	}),
	onCounter(audit.Temporality, "delta", func(_ *report, m *metricspb.Metric) { m.GetSum().AggregationTemporality = 1 }),
	onCounter(audit.Temporality, "none", func(_ *report, m *metricspb.Metric) { m.GetSum().AggregationTemporality = 0 }),
	onCounter(audit.Temporality, "unknown", func(_ *report, m *metricspb.Metric) { m.GetSum().AggregationTemporality = 77 }),
	onCounter(audit.Temporality, "not monotonic", func(_ *report, m *metricspb.Metric) { m.GetSum().IsMonotonic = false }),
	onCounter(audit.Twice, "a metric", func(r *report, m *metricspb.Metric) { r.scope.Metrics = append(r.scope.Metrics, another(r, m)) }),
	onCounter(audit.Twice, "a metric, once with a description and another unit", func(r *report, m *metricspb.Metric) {
		twin := another(r, m)
		twin.Unit, twin.Description = r.mark, r.mark
		r.scope.Metrics = append(r.scope.Metrics, twin)
	}),
	onCounter(audit.Twice, "a metric in two scopes", func(r *report, m *metricspb.Metric) {
		r.resource.ScopeMetrics = append(r.resource.ScopeMetrics, &metricspb.ScopeMetrics{
			Scope: &commonpb.InstrumentationScope{Name: r.mark}, Metrics: []*metricspb.Metric{another(r, m)}})
	}),
	onCounter(audit.Twice, "points", func(r *report, m *metricspb.Metric) {
		m.GetSum().DataPoints = append(m.GetSum().DataPoints, another(r, m).GetSum().DataPoints...)
	}),
	onCounter(audit.Twice, "a resource", func(r *report, m *metricspb.Metric) {
		again := proto.Clone(r.resource).(*metricspb.ResourceMetrics)
		again.SchemaUrl = r.mark
		r.data.ResourceMetrics = append(r.data.ResourceMetrics, again)
	}),
	onCounter(audit.Twice, "70 points", func(r *report, m *metricspb.Metric) {
		for len(m.GetSum().DataPoints) < 70 {
			m.GetSum().DataPoints = append(m.GetSum().DataPoints, another(r, m).GetSum().DataPoints...)
		}
	}),
}

// another is a copy of a metric with other values.
func another(r *report, m *metricspb.Metric) *metricspb.Metric {
	twin := proto.Clone(m).(*metricspb.Metric)
	for _, p := range points(twin) {
		p.Value = integer(1_000_003 + r.corpus.random.Int64N(1_000_000))
	}
	return twin
}

// unknownText is a text in a field that the message does not have.
func unknownText(number protowire.Number, mark string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), mark)
}
