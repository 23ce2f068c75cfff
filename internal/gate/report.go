package gate

import (
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"headcount.example/catalog"
)

// scopeName is the name of the scope of every report: a constant, so that it
// tells nothing.
const scopeName = "headcount"

// Absent is the value of a series that is not in the report.
const Absent = -1

// maxValue is the largest number the Collector's allow-list accepts.
const maxValue = 1_000_000_000_000

// A Report is the figures of one installation. Values holds one number for
// each series of each metric, in the catalog's order.
type Report struct {
	GUID   uuid.UUID
	Since  time.Time // when totals began at zero; for Local alone, and never sent
	Day    time.Time // day of the report
	Values [][]int64
	Erase  bool // ask to erase what was sent; Values are not looked at then
}

// metricData builds everything that leaves from the catalog's own words and
// the report's numbers. A time of day never leaves, whatever the caller put
// in.
func (g *Gate) metricData(r Report) *metricdata.ResourceMetrics {
	metrics, values := g.metrics, r.Values
	if r.Erase {
		metrics, values = []catalog.Definition{g.erasure}, [][]int64{{1}}
	}
	return &metricdata.ResourceMetrics{
		Resource:     resource.NewSchemaless(attribute.String("install_guid", r.GUID.String())),
		ScopeMetrics: []metricdata.ScopeMetrics{scope(metrics, values, unknown, midnight(r.Day))},
	}
}

// Local is what a report says, for a reader in the same process: without the
// identifier, and at the time at which it is read.
func (g *Gate) Local(r Report, now time.Time) metricdata.ScopeMetrics {
	return scope(g.metrics, r.Values, r.Since, now)
}

func scope(metrics []catalog.Definition, values [][]int64, since, now time.Time) metricdata.ScopeMetrics {
	scope := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: scopeName}}
	for m, d := range metrics {
		points := dataPoints(d, values[m], now)
		if len(points) == 0 {
			continue
		}
		metric := metricdata.Metrics{Name: d.Name, Unit: d.Unit, Data: gauge(points)}
		if d.Kind == catalog.KindCounter {
			metric.Data = sum(points, since)
		}
		scope.Metrics = append(scope.Metrics, metric)
	}
	return scope
}

// dataPoints are the points of a metric that are in the report.
func dataPoints(d catalog.Definition, values []int64, now time.Time) (points []metricdata.DataPoint[int64]) {
	for s, series := range d.Series {
		if values[s] < 0 {
			continue
		}
		labels := make([]attribute.KeyValue, len(series.Values))
		for i, v := range series.Values {
			labels[i] = attribute.String(d.Attributes[i].Key, v)
		}
		points = append(points, metricdata.DataPoint[int64]{Attributes: attribute.NewSet(labels...), Time: now, Value: min(values[s], maxValue)})
	}
	return points
}

// unknown is the start time of a sum that is sent: OTLP's 0. A total begins anew
// only under a new install_guid, so a receiver needs none to notice resets.
var unknown = time.Unix(0, 0)

// sum is a counter: a monotonic, cumulative Sum.
func sum(points []metricdata.DataPoint[int64], since time.Time) metricdata.Aggregation {
	for i := range points {
		points[i].StartTime = since
	}
	return metricdata.Sum[int64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
}

// gauge is a range gauge: a Gauge with the range as its attribute.
func gauge(points []metricdata.DataPoint[int64]) metricdata.Aggregation {
	return metricdata.Gauge[int64]{DataPoints: points}
}

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
