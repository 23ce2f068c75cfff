package collector_test

import (
	"fmt"
	"slices"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
)

func f64(f float64) *float64 { return &f }

// labelledAs renames the counter with labels.
func labelledAs(name string) func(*target) { return func(t *target) { t.labelled.Name = name } }

// also adds a metric to the report.
func also(m func(t *target) *metricspb.Metric) func(*target) {
	return func(t *target) { t.scope.Metrics = append(t.scope.Metrics, m(t)) }
}

func copyOf[M proto.Message](m M) M { return proto.Clone(m).(M) }

var hostileMetrics = []hostile{
	{"descriptions", func(t *target) { t.every(func(m *metricspb.Metric) { m.Description = canary }) }, all},
	{"units", func(t *target) { t.every(func(m *metricspb.Metric) { m.Unit = canary }) }, all},
	{"no units", func(t *target) { t.every(func(m *metricspb.Metric) { m.Unit = "" }) }, all},
	{"metadata", func(t *target) {
		t.every(func(m *metricspb.Metric) {
			m.Metadata = []*commonpb.KeyValue{text(canary, canary), text(canary, canary), {Key: "m", Value: mapValue}}
		})
	}, all},
	{"an unlisted statistic", also(func(t *target) *metricspb.Metric {
		return &metricspb.Metric{Name: canary, Data: sumOf([]*metricspb.NumberDataPoint{{Value: integer(1)}})}
	}), all},
	{"an unlisted gauge", also(func(t *target) *metricspb.Metric {
		return &metricspb.Metric{Name: canary, Data: gaugeOf([]*metricspb.NumberDataPoint{{Value: integer(1)}})}
	}), all},
	{"a statistic without a name", labelledAs(""), withoutLabelled},
	{"a name in upper case", func(t *target) { t.labelled.Name = strings.ToUpper(t.labelled.Name) }, withoutLabelled},
	{"a name and a new line", func(t *target) { t.labelled.Name += "\n" }, withoutLabelled},
	{"a name and more", func(t *target) { t.labelled.Name += "." + canary }, withoutLabelled},
	{"the name of another statistic", func(t *target) { t.labelled.Name = t.sizes.Name }, withoutLabelled},
	{"all names unlisted", func(t *target) { t.every(func(m *metricspb.Metric) { m.Name = canary + m.Name }) }, nothing},
	{"a gauge for a counter", func(t *target) { t.labelled.Data = gaugeOf(t.labelled.GetSum().DataPoints) }, withoutLabelled},
	{"a counter for a gauge", func(t *target) { t.sizes.Data = sumOf(t.sizes.GetGauge().DataPoints) }, withoutSizes},
	{"every counter a gauge and every gauge a counter", func(t *target) {
		t.every(func(m *metricspb.Metric) {
			if s := m.GetSum(); s != nil {
				m.Data = gaugeOf(s.DataPoints)
			} else {
				m.Data = sumOf(m.GetGauge().DataPoints)
			}
		})
	}, nothing},
	{"65 points of every statistic", func(t *target) {
		t.every(func(m *metricspb.Metric) {
			if s := m.GetSum(); s != nil {
				s.DataPoints = upTo(65, s.DataPoints)
			} else {
				m.GetGauge().DataPoints = upTo(65, m.GetGauge().DataPoints)
			}
		})
	}, nothing},
	{"a statistic without data", func(t *target) { t.labelled.Data = nil }, withoutLabelled},
	{"sizes without data", func(t *target) { t.sizes.Data = nil }, withoutSizes},
	{"a sum without points", func(t *target) { t.labelled.GetSum().DataPoints = nil }, withoutLabelled},
	{"a gauge without points", func(t *target) { t.sizes.GetGauge().DataPoints = nil }, withoutSizes},
	{"delta", temporality(metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA), withoutLabelled},
	{"no temporality", temporality(metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_UNSPECIFIED), withoutLabelled},
	{"absurd temporality", temporality(77), withoutLabelled},
	{"not monotonic", func(t *target) { t.labelled.GetSum().IsMonotonic = false }, withoutLabelled},
	{"a histogram", func(t *target) {
		t.labelled.Data = &metricspb.Metric_Histogram{Histogram: &metricspb.Histogram{AggregationTemporality: 2,
			DataPoints: []*metricspb.HistogramDataPoint{{Count: 1, Sum: f64(canaryNumber), Min: f64(1), Max: f64(2),
				BucketCounts: []uint64{1, canaryNumber}, ExplicitBounds: []float64{1}, Exemplars: exemplars(),
				Attributes: []*commonpb.KeyValue{text(canary, canary)}}}}}
	}, withoutLabelled},
	{"an exponential histogram", func(t *target) {
		t.labelled.Data = &metricspb.Metric_ExponentialHistogram{ExponentialHistogram: &metricspb.ExponentialHistogram{AggregationTemporality: 2,
			DataPoints: []*metricspb.ExponentialHistogramDataPoint{{Count: 1, Sum: f64(canaryNumber), Scale: 3, ZeroCount: 4,
				Positive:  &metricspb.ExponentialHistogramDataPoint_Buckets{Offset: 1, BucketCounts: []uint64{canaryNumber}},
				Exemplars: exemplars(), Attributes: []*commonpb.KeyValue{text(canary, canary)}}}}}
	}, withoutLabelled},
	{"a summary", func(t *target) {
		t.labelled.Data = &metricspb.Metric_Summary{Summary: &metricspb.Summary{
			DataPoints: []*metricspb.SummaryDataPoint{{Count: 1, Sum: canaryNumber, Attributes: []*commonpb.KeyValue{text(canary, canary)},
				QuantileValues: []*metricspb.SummaryDataPoint_ValueAtQuantile{{Quantile: 0.5, Value: canaryNumber}}}}}}
	}, withoutLabelled},
	{"a series of a newer version", func(t *target) {
		p := copyOf(t.point())
		p.Attributes[0].Value = textValue(canary)
		t.labelled.GetSum().DataPoints = append(t.labelled.GetSum().DataPoints, p)
	}, all},
	{"a range of a newer version", func(t *target) {
		p := copyOf(t.size())
		p.Attributes[0].Value = textValue(canary)
		t.sizes.GetGauge().DataPoints = append(t.sizes.GetGauge().DataPoints, p)
	}, all},
	{"more points than series", func(t *target) {
		s := t.labelled.GetSum()
		s.DataPoints = append(s.DataPoints, slices.Repeat(s.DataPoints, 3)...)
	}, all},
	{"64 points", func(t *target) { t.labelled.GetSum().DataPoints = upTo(64, t.labelled.GetSum().DataPoints) }, all},
	{"65 points", func(t *target) { t.labelled.GetSum().DataPoints = upTo(65, t.labelled.GetSum().DataPoints) }, withoutLabelled},
	{"65 sizes", func(t *target) { t.sizes.GetGauge().DataPoints = upTo(65, t.sizes.GetGauge().DataPoints) }, withoutSizes},
	{"a statistic twice", also(func(t *target) *metricspb.Metric { return copyOf(t.labelled) }), all},
	{"sizes twice", also(func(t *target) *metricspb.Metric { return copyOf(t.sizes) }), all},
	{"a statistic twice, once larger", also(func(t *target) *metricspb.Metric {
		m := copyOf(t.labelled)
		m.GetSum().DataPoints[0].Value = integer(5000)
		return m
	}), pointIs(5000)},
	{"a statistic twice, once smaller", also(func(t *target) *metricspb.Metric {
		m := copyOf(t.labelled)
		m.GetSum().DataPoints[0].Value = integer(1)
		return m
	}), all},
	{"a statistic twice, once unlike", also(func(t *target) *metricspb.Metric {
		m := copyOf(t.labelled)
		m.Unit, m.Description = canary, canary
		m.GetSum().IsMonotonic = false
		return m
	}), all},
	{"every statistic five times", func(t *target) { t.scope.Metrics = slices.Repeat(t.scope.Metrics, 5) }, all},
	{"a statistic in two scopes", func(t *target) {
		t.resource.ScopeMetrics = append(t.resource.ScopeMetrics, copyOf(t.scope))
		t.scope.Scope.Name = canary
	}, all},
	{"a scope for each statistic", func(t *target) {
		t.resource.ScopeMetrics = nil
		for i, m := range t.scope.Metrics {
			t.resource.ScopeMetrics = append(t.resource.ScopeMetrics, &metricspb.ScopeMetrics{
				Scope: &commonpb.InstrumentationScope{Name: fmt.Sprint(canary, i), Version: canary}, Metrics: []*metricspb.Metric{m}})
		}
	}, all},
	{"many unlisted statistics", func(t *target) {
		for i := range 300 {
			t.scope.Metrics = append(t.scope.Metrics, &metricspb.Metric{Name: fmt.Sprint("m", i, canary)})
		}
	}, all},
}

func temporality(to metricspb.AggregationTemporality) func(*target) {
	return func(t *target) { t.labelled.GetSum().AggregationTemporality = to }
}

// upTo repeats points until there are n.
func upTo(n int, points []*metricspb.NumberDataPoint) []*metricspb.NumberDataPoint {
	for i := 0; len(points) < n; i++ {
		points = append(points, points[i])
	}
	return points
}
