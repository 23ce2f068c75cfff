package gate

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

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
