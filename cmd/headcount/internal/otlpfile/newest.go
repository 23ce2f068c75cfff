package otlpfile

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// newest is the largest time of a report's points.
func newest(rm pmetric.ResourceMetrics) (t uint64) {
	for _, sm := range rm.ScopeMetrics().All() {
		for _, m := range sm.Metrics().All() {
			t = max(t, newestOf(m))
		}
	}
	return t
}

// newestOf knows every type, for a request to erase may have any.
func newestOf(m pmetric.Metric) (t uint64) {
	look := func(at pcommon.Timestamp) { t = max(t, uint64(at)) }
	switch m.Type() {
	case pmetric.MetricTypeSum:
		for _, p := range m.Sum().DataPoints().All() {
			look(p.Timestamp())
		}
	case pmetric.MetricTypeGauge:
		for _, p := range m.Gauge().DataPoints().All() {
			look(p.Timestamp())
		}
	case pmetric.MetricTypeHistogram:
		for _, p := range m.Histogram().DataPoints().All() {
			look(p.Timestamp())
		}
	case pmetric.MetricTypeExponentialHistogram:
		for _, p := range m.ExponentialHistogram().DataPoints().All() {
			look(p.Timestamp())
		}
	case pmetric.MetricTypeSummary:
		for _, p := range m.Summary().DataPoints().All() {
			look(p.Timestamp())
		}
	}
	return t
}
