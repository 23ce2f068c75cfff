package collector_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
)

// A product is a catalog and the configuration that was rendered from it.
type product struct {
	name    string
	config  string
	catalog *catalog.Catalog
}

var products = []product{
	{"compreface", "../collector-config.yaml", compreface.Catalog},
	{"affiliate", "../catalog/affiliate/collector-config.yaml", affiliate.Catalog},
}

// A row is one number of one report as it arrived.
type row struct {
	guid, metric, labels string
	value                int64
}

func (r row) String() string { return fmt.Sprintf("%s %s{%s} %d", r.guid, r.metric, r.labels, r.value) }

// listed is everything that may arrive: the statistics, and the request to
// erase.
func listed(c *catalog.Catalog) []catalog.Definition { return append(c.Metrics(), c.Erasure()) }

// report builds a valid report by hand: every series of the catalog, each
// with a value of its own, as a client does that is not ours.
func report(c *catalog.Catalog, guid string) *collectorpb.ExportMetricsServiceRequest {
	scope := &metricspb.ScopeMetrics{Scope: &commonpb.InstrumentationScope{Name: "headcount"}}
	value := int64(100)
	for _, d := range listed(c) {
		var points []*metricspb.NumberDataPoint
		for _, s := range d.Series {
			p := &metricspb.NumberDataPoint{TimeUnixNano: 1, StartTimeUnixNano: 1, Value: integer(value)}
			for i, a := range d.Attributes {
				p.Attributes = append(p.Attributes, text(a.Key, s.Values[i]))
			}
			points = append(points, p)
			value++
		}
		m := &metricspb.Metric{Name: d.Name, Unit: d.Unit, Description: d.Description}
		if d.Kind == catalog.KindCounter {
			m.Data = sumOf(points)
		} else {
			m.Data = gaugeOf(points)
		}
		scope.Metrics = append(scope.Metrics, m)
	}
	return &collectorpb.ExportMetricsServiceRequest{ResourceMetrics: []*metricspb.ResourceMetrics{{
		Resource:     &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("install_guid", guid)}},
		ScopeMetrics: []*metricspb.ScopeMetrics{scope},
	}}}
}

// rowsOf is what a valid report has to become.
func rowsOf(c *catalog.Catalog, guid string) []row {
	var rows []row
	value := int64(100)
	for _, d := range listed(c) {
		for _, s := range d.Series {
			rows = append(rows, row{guid, d.Name, labels(d.Attributes, s.Values), value})
			value++
		}
	}
	return rows
}

func labels(attributes []catalog.Attribute, values []string) string {
	var pairs []string
	for i, a := range attributes {
		pairs = append(pairs, a.Key+"="+values[i])
	}
	slices.Sort(pairs)
	return strings.Join(pairs, ",")
}

func sumOf(points []*metricspb.NumberDataPoint) *metricspb.Metric_Sum {
	return &metricspb.Metric_Sum{Sum: &metricspb.Sum{DataPoints: points, IsMonotonic: true,
		AggregationTemporality: metricspb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE}}
}

func gaugeOf(points []*metricspb.NumberDataPoint) *metricspb.Metric_Gauge {
	return &metricspb.Metric_Gauge{Gauge: &metricspb.Gauge{DataPoints: points}}
}

func integer(n int64) *metricspb.NumberDataPoint_AsInt {
	return &metricspb.NumberDataPoint_AsInt{AsInt: n}
}

func double(f float64) *metricspb.NumberDataPoint_AsDouble {
	return &metricspb.NumberDataPoint_AsDouble{AsDouble: f}
}

func text(key, value string) *commonpb.KeyValue {
	return &commonpb.KeyValue{Key: key, Value: textValue(value)}
}

func textValue(value string) *commonpb.AnyValue {
	return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: value}}
}

// newGUID returns a random UUID of version 4, as an installation makes it.
func newGUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
