package corpus

import (
	"bytes"
	"compress/gzip"

	"go.opentelemetry.io/collector/pdata/pmetric"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/schema"
)

// A report is a valid one, for a hostile case to change. On the wire a
// request to export metrics is the same as MetricsData.
type report struct {
	corpus   *Corpus
	data     *metricspb.MetricsData
	resource *metricspb.ResourceMetrics
	scope    *metricspb.ScopeMetrics
	guid     string
	mark     string            // the canary
	counter  *metricspb.Metric // the first one, with labels if any has them
	sizes    *metricspb.Metric // the first range gauge; nil without one
}

// newReport makes a valid report: with every series of the catalog, or with
// few points a metric, so that there is room for what a case adds.
func (c *Corpus) newReport(id int, all bool) *report {
	r := &report{corpus: c, guid: c.newGUID(), mark: canary(id)}
	r.scope = &metricspb.ScopeMetrics{Scope: &commonpb.InstrumentationScope{Name: "headcount"}}
	for at, m := range c.schema.Metrics {
		var points []*metricspb.NumberDataPoint
		for _, s := range c.schema.Series {
			if s.Metric == at {
				points = append(points, point(m, s.Values, c.value()))
			}
		}
		if n := c.random.IntN(len(points)); !all && len(points) > fewPoints {
			points = append(points[n:], points[:n]...)[:fewPoints]
		}
		metric := &metricspb.Metric{Name: m.Name, Unit: m.Unit, Data: gaugeOf(points)}
		if m.Kind == schema.Counter {
			metric.Data = sumOf(points)
			if r.counter == nil || len(points) > 1 && len(r.counter.GetSum().DataPoints) == 1 {
				r.counter = metric
			}
		} else if r.sizes == nil {
			r.sizes = metric
		}
		r.scope.Metrics = append(r.scope.Metrics, metric)
	}
	r.resource = &metricspb.ResourceMetrics{
		Resource:     &resourcepb.Resource{Attributes: []*commonpb.KeyValue{text("install_guid", r.guid)}},
		ScopeMetrics: []*metricspb.ScopeMetrics{r.scope},
	}
	r.data = &metricspb.MetricsData{ResourceMetrics: []*metricspb.ResourceMetrics{r.resource}}
	return r
}

const fewPoints = 3

// value is often at a border.
func (c *Corpus) value() int64 {
	switch c.random.IntN(8) {
	case 0:
		return 0
	case 1:
		return c.list.Max()
	}
	return 1 + c.random.Int64N(min(c.list.Max(), 1_000_000))
}

func point(m schema.Metric, values []string, n int64) *metricspb.NumberDataPoint {
	p := &metricspb.NumberDataPoint{TimeUnixNano: dayNano, Value: integer(n)}
	for i, a := range m.Attributes {
		p.Attributes = append(p.Attributes, text(a.Key, values[i]))
	}
	return p
}

// dayNano is a time that no Collector should keep: a day long ago.
const dayNano = 1_600_041_600_123_456_789

// points are those of a number metric.
func points(m *metricspb.Metric) []*metricspb.NumberDataPoint {
	if s := m.GetSum(); s != nil {
		return s.DataPoints
	}
	return m.GetGauge().GetDataPoints()
}

// every calls f for each point of the report.
func (r *report) every(f func(*metricspb.NumberDataPoint)) bool {
	for _, m := range r.scope.Metrics {
		for _, p := range points(m) {
			f(p)
		}
	}
	return true
}

// finish writes the report into a request, in a form. A report that has no
// JSON form, because the Collector's own library does not read it, is sent in
// protobuf.
func (r *report) finish(to *Request, f form) bool {
	to.GUID, to.Rows = r.guid, r.rows()
	body, err := proto.MarshalOptions{AllowPartial: true, Deterministic: true}.Marshal(r.data)
	if err != nil {
		return false
	}
	to.Body, to.Header = body, map[string]string{"Content-Type": protobufType}
	if f.json {
		if text, err := asJSON(body); err == nil {
			to.Body, to.Header["Content-Type"] = text, jsonType
		}
	}
	if f.gzip {
		to.Body, to.Header["Content-Encoding"] = gzipped(to.Body), "gzip"
	}
	return true
}

// rows are all numbers of the report that are on the list. Two values of one
// series are both possible.
func (r *report) rows() map[audit.Row]bool {
	rows := map[audit.Row]bool{}
	for _, rm := range r.data.ResourceMetrics {
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				for _, p := range points(m) {
					labels := map[string]string{}
					for _, a := range p.Attributes {
						labels[a.Key] = a.Value.GetStringValue()
					}
					n := p.GetAsInt() // a double reads as the integer 0
					if series := audit.Series(m.Name, labels); r.corpus.list.Has(m.Name, series) && n >= 0 && n <= r.corpus.list.Max() {
						rows[audit.Row{GUID: r.guid, Series: series, Value: n}] = true
					}
				}
			}
		}
	}
	return rows
}

// A form is one of the ways to write a report.
type form struct {
	name       string
	json, gzip bool
}

var forms = []form{{"protobuf", false, false}, {"protobuf and gzip", false, true}, {"JSON", true, false}, {"JSON and gzip", true, true}}

const (
	protobufType = "application/x-protobuf"
	jsonType     = "application/json"
)

func asJSON(body []byte) ([]byte, error) {
	data, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(body)
	if err != nil {
		return nil, err
	}
	return (&pmetric.JSONMarshaler{}).MarshalMetrics(data)
}

func gzipped(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
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
