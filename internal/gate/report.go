package gate

// This file touches nothing but the environment, which OpenTelemetry's exporter
// reads when it is made: it says what is in a report, and reads one back.

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"headcount.example/catalog"
)

const (
	// The names of sender and scope are constants: a version would tell about
	// the installation.
	userAgent   = "headcount"
	scopeName   = "headcount"
	contentType = "application/x-protobuf"
)

// Absent is the value of a series that is not in the report.
const Absent = -1

// A Report holds the totals and the ranges of one installation: one number for
// each series of each metric, in the catalog's order.
type Report struct {
	GUID   uuid.UUID
	Since  time.Time // when totals began at zero; for Local alone, and never sent
	Day    time.Time // day of the report
	Values [][]int64
	Erase  bool // ask to erase what was sent; Values are not looked at then
}

// A Request is a report as it is written to the connection, and its way there.
type Request struct {
	gate  *Gate
	bytes []byte
}

// Bytes are what [Request.Send] writes: request line, headers, and body. They are
// not to be changed.
func (r Request) Bytes() []byte { return r.bytes }

// Request makes the request of a report. These headers leave, and no other.
func (g *Gate) Request(r Report) (Request, error) {
	body, err := g.encoder.encode(g.metricData(r))
	if err != nil {
		return Request{}, fmt.Errorf("no report: %w", err)
	}
	head := strings.Join([]string{
		"POST " + g.url.RequestURI() + " HTTP/1.1",
		"Host: " + strings.TrimSuffix(g.url.Host, ":"),
		"User-Agent: " + userAgent,
		"Content-Length: " + strconv.Itoa(len(body)),
		"Content-Encoding: gzip",
		"Content-Type: " + contentType,
		"Connection: close",
	}, "\r\n")
	return Request{g, append([]byte(head+"\r\n\r\n"), body...)}, nil
}

// An encoder is OpenTelemetry's exporter. It sends to the encoder itself, which
// keeps the body of the request and throws the rest away: address, headers, and
// what else the operator's OTEL_* variables put there.
type encoder struct {
	mu       sync.Mutex
	exporter *otlpmetrichttp.Exporter // made once: what it finds wrong in the environment, it logs
	body     []byte
}

func (e *encoder) encode(data *metricdata.ResourceMetrics) (body []byte, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.body = nil
	if e.exporter == nil {
		// Each of these has a variable that could spoil the body, or be an error.
		e.exporter, err = otlpmetrichttp.New(context.Background(),
			otlpmetrichttp.WithHTTPClient(&http.Client{Transport: e}),
			otlpmetrichttp.WithEndpointURL("https://nowhere.invalid"),
			otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		)
	}
	if err == nil {
		err = e.exporter.Export(context.Background(), data)
	}
	if err == nil && e.body == nil {
		err = errors.New("the exporter sent nothing")
	}
	return e.body, err
}

// RoundTrip keeps the body of the exporter's request, and answers 200. The exporter
// has no other connection.
func (e *encoder) RoundTrip(made *http.Request) (*http.Response, error) {
	defer made.Body.Close()
	body, err := io.ReadAll(made.Body)
	if err != nil {
		return nil, err
	}
	e.body = body
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
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

// scope is the metrics of a report. A counter is a monotonic, cumulative Sum, a
// range gauge a Gauge with the range as its attribute.
func scope(metrics []catalog.Definition, values [][]int64, since, now time.Time) metricdata.ScopeMetrics {
	scope := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: scopeName}}
	for m, d := range metrics {
		points := dataPoints(d, values[m], since, now)
		if len(points) == 0 {
			continue
		}
		metric := metricdata.Metrics{Name: d.Name, Unit: d.Unit, Data: metricdata.Gauge[int64]{DataPoints: points}}
		if d.Kind == catalog.KindCounter {
			metric.Data = metricdata.Sum[int64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
		}
		scope.Metrics = append(scope.Metrics, metric)
	}
	return scope
}

// dataPoints are the points of a metric that are in the report.
func dataPoints(d catalog.Definition, values []int64, since, now time.Time) (points []metricdata.DataPoint[int64]) {
	for s, series := range d.Series {
		if values[s] < 0 {
			continue
		}
		labels := make([]attribute.KeyValue, len(series.Values))
		for i, v := range series.Values {
			labels[i] = attribute.String(d.Attributes[i].Key, v)
		}
		point := metricdata.DataPoint[int64]{Attributes: attribute.NewSet(labels...), Time: now, Value: min(values[s], catalog.Max)}
		if d.Kind == catalog.KindCounter {
			point.StartTime = since
		}
		points = append(points, point)
	}
	return points
}

// unknown is the start time of a sum that is sent: OTLP's 0. A total begins anew
// only under a new install_guid, so a receiver needs none to notice resets.
var unknown = time.Unix(0, 0)

func midnight(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// maxBody bounds what Decode reads; a report is far smaller.
const maxBody = 1 << 20

// Decode reads the bytes of a request back: the request as HTTP sees it and
// the body as OTLP sees it. It knows nothing of how they were made.
func Decode(raw []byte) (*http.Request, *colmetricpb.ExportMetricsServiceRequest, error) {
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return nil, nil, fmt.Errorf("not an HTTP request: %w", err)
	}
	unzipped, err := gzip.NewReader(request.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("body is not gzip: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(unzipped, maxBody))
	if err != nil {
		return nil, nil, fmt.Errorf("body is not gzip: %w", err)
	}
	var otlp colmetricpb.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &otlp); err != nil {
		return nil, nil, fmt.Errorf("body is not OTLP: %w", err)
	}
	return request, &otlp, nil
}

// JSON renders a decoded body, the same way every time.
func JSON(otlp *colmetricpb.ExportMetricsServiceRequest) ([]byte, error) {
	loose, err := protojson.Marshal(otlp)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, loose, "", "  ")
	return out.Bytes(), err
}

// A Point is one number of a decoded body.
type Point struct {
	Name, Unit string
	Attributes []string // keys and values in turn
	Value      int64
	Time       time.Time
}

// Facts returns what a decoded body says: install_guid, and the points in their
// order.
func Facts(otlp *colmetricpb.ExportMetricsServiceRequest) (guid string, points []Point) {
	for _, resource := range otlp.GetResourceMetrics() {
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "install_guid" {
				guid = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				for _, p := range slices.Concat(metric.GetSum().GetDataPoints(), metric.GetGauge().GetDataPoints()) {
					point := Point{Name: metric.GetName(), Unit: metric.GetUnit(), Value: p.GetAsInt(),
						Time: time.Unix(0, int64(p.GetTimeUnixNano())).UTC()}
					for _, a := range p.GetAttributes() {
						point.Attributes = append(point.Attributes, a.GetKey(), a.GetValue().GetStringValue())
					}
					points = append(points, point)
				}
			}
		}
	}
	return guid, points
}
