package gate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

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
