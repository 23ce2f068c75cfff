package fleet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// The byte form of a report, as the Collector's file exporter writes it.
const (
	head     = `{"resourceMetrics":[`
	resource = `{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"`
	scope    = `"}}]},"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[`
	tail     = `]}]}`
	foot     = `]}`
)

// A form has all of a day's reports that is the same in each.
type form struct {
	schema  *schema.Schema
	points  [][]byte // by series: a point up to its value
	opens   [][]byte // by metric: up to its points
	closes  []string // by metric: after them
	series  [][]int  // by metric
	present []int    // of the metric being written, the series in the report
	order   order
	erasure []byte // all metrics of a request to erase
}

func newForm(s *schema.Schema, of day.Day) *form {
	f := &form{schema: s}
	for _, m := range s.Metrics {
		open, end := `"sum":{"dataPoints":[`, `],"aggregationTemporality":2,"isMonotonic":true}}`
		if m.Kind == schema.RangeGauge {
			open, end = `"gauge":{"dataPoints":[`, `]}}`
		}
		f.opens = append(f.opens, appendNames(nil, m.Name, m.Unit, open))
		f.closes = append(f.closes, end)
	}
	f.series = make([][]int, len(s.Metrics))
	for n, series := range s.Series {
		f.series[series.Metric] = append(f.series[series.Metric], n)
		point := []byte{'{'}
		for i, v := range series.Values {
			point = append(point, []string{`"attributes":[`, `,`}[min(i, 1)]...)
			point = append(point, `{"key":`...)
			point = append(point, quote(s.Metrics[series.Metric].Attributes[i].Key)...)
			point = append(point, `,"value":{"stringValue":`...)
			point = append(append(point, quote(v)...), `}}`...)
		}
		if len(series.Values) > 0 {
			point = append(point, `],`...)
		}
		f.points = append(f.points, appendTime(point, of))
	}
	f.erasure = appendTime(appendNames(nil, schema.Erasure, "{request}", `"gauge":{"dataPoints":[{`), of)
	f.erasure = append(f.erasure, `1"}]}}`...)
	return f
}

func appendNames(b []byte, name, unit, rest string) []byte {
	b = append(append(b, `{"name":`...), quote(name)...)
	if unit != "" {
		b = append(append(b, `,"unit":`...), quote(unit)...)
	}
	return append(append(b, ','), rest...)
}

// appendTime adds a point's time and the key of its value. The Collector
// leaves out a time of 0.
func appendTime(b []byte, of day.Day) []byte {
	if of != 0 {
		b = append(b, `"timeUnixNano":"`...)
		b = strconv.AppendInt(b, int64(of)*86400e9, 10)
		b = append(b, `",`...)
	}
	return append(b, `"asInt":"`...)
}

func quote(text string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can be encoded
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// appendReport adds a whole report, without an end of line.
func (f *form) appendReport(b []byte, guid *[16]byte, values []int64) []byte {
	return append(f.appendResource(append(b, head...), guid, values), foot...)
}

// appendResource adds what one installation has in a request.
func (f *form) appendResource(b []byte, guid *[16]byte, values []int64) []byte {
	b = appendScope(b, guid)
	comma := false
	for m, series := range f.series {
		f.present = f.present[:0]
		for _, at := range series {
			if at < len(values) && values[at] != schema.Absent {
				f.present = append(f.present, at)
			}
		}
		if len(f.present) == 0 {
			continue
		}
		if comma {
			b = append(b, ',')
		}
		comma = true
		b = f.appendMetric(b, m, values)
	}
	return append(b, tail...)
}

func (f *form) appendMetric(b []byte, m int, values []int64) []byte {
	f.order.of(f.present)
	b = append(b, f.opens[m]...)
	for i, at := range f.present {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, f.points[at]...)
		b = strconv.AppendInt(b, values[at], 10)
		b = append(b, `"}`...)
	}
	return append(b, f.closes[m]...)
}

// appendErasure adds a request to erase.
func (f *form) appendErasure(b []byte, guid *[16]byte) []byte {
	b = appendScope(append(b, head...), guid)
	return append(append(append(b, f.erasure...), tail...), foot...)
}

func appendScope(b []byte, guid *[16]byte) []byte {
	return append(appendGUID(append(b, resource...), guid), scope...)
}

func appendGUID(b []byte, guid *[16]byte) []byte {
	b = hex.AppendEncode(b, guid[0:4])
	for _, part := range [][]byte{guid[4:6], guid[6:8], guid[8:10], guid[10:16]} {
		b = hex.AppendEncode(append(b, '-'), part)
	}
	return b
}
