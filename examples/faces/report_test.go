//go:build linux

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// A sent report is one request, read from the bytes on the wire.
type sent struct {
	raw  []byte
	head string // request line and headers
	body []byte // decompressed
	of   *collectorpb.ExportMetricsServiceRequest
}

func decode(t *testing.T, raw []byte) sent {
	t.Helper()
	head, _, ok := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !ok {
		t.Fatalf("no request: %q", raw)
	}
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := gzip.NewReader(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	s := sent{raw: raw, head: string(head), of: &collectorpb.ExportMetricsServiceRequest{}}
	if s.body, err = io.ReadAll(body); err != nil {
		t.Fatal(err)
	}
	if err := proto.Unmarshal(s.body, s.of); err != nil {
		t.Fatal(err)
	}
	return s
}

// facts are what a report says, one a line, but for the identifier.
func facts(of *metricspb.MetricsData) (list []string) {
	for _, resource := range of.ResourceMetrics {
		for _, scope := range resource.ScopeMetrics {
			for _, m := range scope.Metrics {
				points := append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...)
				for _, p := range points {
					list = append(list, fmt.Sprintf("%s%s %d", m.Name, labels(p.Attributes), p.GetAsInt()))
				}
			}
		}
	}
	slices.Sort(list)
	return list
}

func labels(list []*commonpb.KeyValue) (text string) {
	for _, a := range list {
		text += " " + a.Value.GetStringValue()
	}
	return text
}

func guid(of *metricspb.MetricsData) string {
	for _, resource := range of.ResourceMetrics {
		for _, a := range resource.Resource.Attributes {
			if a.Key == "install_guid" {
				return a.Value.GetStringValue()
			}
		}
	}
	return ""
}

func (s sent) data() *metricspb.MetricsData {
	return &metricspb.MetricsData{ResourceMetrics: s.of.ResourceMetrics}
}

// written are the reports that the Collector wrote, a line each.
func (c *collector) written(t *testing.T) (list []*metricspb.MetricsData) {
	t.Helper()
	for _, line := range c.lines(t) {
		d := &metricspb.MetricsData{}
		if err := protojson.Unmarshal([]byte(line), d); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		list = append(list, d)
	}
	return list
}

// one is the only report so far: on the wire, and as the Collector wrote it.
func (c *collector) one(t *testing.T) (sent, *metricspb.MetricsData) {
	t.Helper()
	requests, written := c.requests(), c.written(t)
	if len(requests) != 1 || len(written) != 1 {
		t.Fatalf("%d connections and %d lines, for one report", len(requests), len(written))
	}
	return decode(t, requests[0]), written[0]
}

// sameJSON says whether two texts are one value.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var av, bv any
	if err := json.Unmarshal(a, &av); err != nil {
		t.Fatalf("%v: %s", err, a)
	}
	if err := json.Unmarshal(b, &bv); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	at, _ := json.Marshal(av)
	bt, _ := json.Marshal(bv)
	return bytes.Equal(at, bt)
}

// workFacts are what one sign-up and work come to, with three faces.
var workFacts = strings.Split(`compreface.application.created 1
compreface.collection.count 1-10 1
compreface.service.created FACE_DETECTION 1
compreface.service.created FACE_RECOGNITION 1
compreface.service.created FACE_VERIFICATION 1
compreface.user.created 1`, "\n")
