package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// A row is one line of the saved examples' shape: when, which installation,
// and the action or the range.
type row struct {
	at    time.Time
	guid  string
	what  string
	count int64
}

func (r row) String() string {
	times := ""
	if r.count > 1 {
		times = fmt.Sprintf(" × %d", r.count)
	}
	return fmt.Sprintf("%q,%q,%q%s", r.at.UTC().Format("2006-01-02 15:04:05.000"), r.guid, r.what, times)
}

// actions are the names that the saved examples have for the counters.
var actions = map[string]string{
	"compreface.user.created":        "USER_CREATE",
	"compreface.application.created": "APP_CREATE",
	"compreface.service.created":     "_CREATE", // after its type
}

// readRows reads what the Collector wrote: one report a line. No file is no
// rows, and so is a line that is not whole yet.
func readRows(path string) ([]row, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	whole := data[:bytes.LastIndexByte(data, '\n')+1]
	var rows []row
	lines := bufio.NewScanner(bytes.NewReader(whole))
	lines.Buffer(nil, len(whole)+1)
	for lines.Scan() {
		var report metricpb.MetricsData
		if err := protojson.Unmarshal(lines.Bytes(), &report); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		for _, installation := range report.GetResourceMetrics() {
			rows = append(rows, rowsOf(installation)...)
		}
	}
	return rows, lines.Err()
}

func rowsOf(installation *metricpb.ResourceMetrics) (rows []row) {
	guid := first(installation.GetResource().GetAttributes())
	for _, scope := range installation.GetScopeMetrics() {
		for _, m := range scope.GetMetrics() {
			points := append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...)
			for _, p := range points {
				r := row{time.Unix(0, int64(p.GetTimeUnixNano())), guid, first(p.GetAttributes()) + actions[m.GetName()], p.GetAsInt()}
				if r.count > 0 {
					rows = append(rows, r)
				}
			}
		}
	}
	return rows
}

// first is the value of the first label; empty when there is none.
func first(labels []*commonpb.KeyValue) string {
	if len(labels) == 0 {
		return ""
	}
	return labels[0].GetValue().GetStringValue()
}
