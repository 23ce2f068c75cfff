package otlpfile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/schema"
)

const (
	someGUID  = "19850a00-fe9a-4e3f-9b70-37c9a21ed84f"
	otherGUID = "072f1f5e-a4ce-4f0f-89fa-7533bf82aff9"
	someDay   = "1795651200000000000" // 2026-11-26
)

func load(t testing.TB, name string) *schema.Schema {
	t.Helper()
	s, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// found is what a Handler got: a line a report or rejected piece, in order.
type found struct {
	lines    []string
	reports  int
	rejected []Rejected
}

func (f *found) handler(s *schema.Schema) Handler {
	return Handler{
		Report: func(r *schema.Report) error {
			f.reports++
			f.lines = append(f.lines, describe(s, r))
			return nil
		},
		Rejected: func(x Rejected) error {
			x.Bytes = bytes.Clone(x.Bytes)
			f.rejected = append(f.rejected, x)
			f.lines = append(f.lines, fmt.Sprintf("%s at %d: %q of %d %x %v", x.Kind, x.Offset, x.Bytes, x.Length, x.GUID, x.HasGUID))
			return nil
		},
	}
}

// describe writes a report with the names of its series.
func describe(s *schema.Schema, r *schema.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%x %s", r.GUID, r.Day)
	if r.Erasure {
		fmt.Fprintf(&b, " erase %d", len(r.Values))
	}
	for i, v := range r.Values {
		if v != schema.Absent {
			fmt.Fprintf(&b, " %s=%d", s.Series[i].Name, v)
		}
	}
	return b.String()
}

// kinds are the kinds of what was rejected, in order.
func (f *found) kinds() string {
	var list []string
	for _, x := range f.rejected {
		list = append(list, x.Kind)
	}
	return strings.Join(list, " ")
}

var usual = limits{piece: MaxPiece, kept: MaxKept, first: 64 << 10, chunk: 1 << 20}

func readWith(t testing.TB, l limits, r io.Reader, s *schema.Schema) (found, Result) {
	t.Helper()
	var f found
	result, err := newReader(context.Background(), r, s, f.handler(s), l).run()
	if err != nil {
		t.Fatal(err)
	}
	return f, result
}

func read(t testing.TB, input string, s *schema.Schema) (found, Result) {
	t.Helper()
	return readWith(t, usual, strings.NewReader(input), s)
}

// write makes a report as the Collector writes one, with OpenTelemetry's own
// marshaler, from a value for each series.
func write(t testing.TB, s *schema.Schema, guid string, nanos uint64, values []int64) string {
	t.Helper()
	md := pmetric.NewMetrics()
	add(md, s, guid, nanos, values)
	b, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func add(md pmetric.Metrics, s *schema.Schema, guid string, nanos uint64, values []int64) {
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr(guidKey, guid)
	sm := rm.ScopeMetrics().AppendEmpty()
	sm.Scope().SetName("headcount")
	last := -1
	var points pmetric.NumberDataPointSlice
	for i, series := range s.Series {
		if i >= len(values) || values[i] == schema.Absent {
			continue
		}
		declared := s.Metrics[series.Metric]
		if series.Metric != last {
			last = series.Metric
			m := sm.Metrics().AppendEmpty()
			m.SetName(declared.Name)
			m.SetUnit(declared.Unit)
			if declared.Kind == schema.RangeGauge {
				points = m.SetEmptyGauge().DataPoints()
			} else {
				m.SetEmptySum().SetIsMonotonic(true)
				m.Sum().SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
				points = m.Sum().DataPoints()
			}
		}
		p := points.AppendEmpty()
		p.SetIntValue(values[i])
		p.SetTimestamp(pcommon.Timestamp(nanos))
		for k, a := range declared.Attributes {
			p.Attributes().PutStr(a.Key, series.Values[k])
		}
	}
}

// fleet makes n reports that differ, one a line.
func fleet(t testing.TB, s *schema.Schema, n int) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for i := range n {
		values := make([]int64, len(s.Series))
		for k, series := range s.Series {
			values[k] = schema.Absent
			share := 0.9
			if s.Metrics[series.Metric].Kind == schema.RangeGauge {
				share = 0.3
			}
			if k == 0 || random.Float64() < share {
				values[k] = random.Int64N(100_000)
			}
		}
		guid := fmt.Sprintf("%08x-fe9a-4e3f-9b70-%012x", random.Uint32(), random.Uint64()>>16)
		day := uint64(20600 + i*30/n)
		b.WriteString(write(t, s, guid, day*nanosPerDay, values) + "\n")
	}
	return b.Bytes()
}

// reportOf is a report with these metrics, as the Collector writes one.
func reportOf(guid, metrics string) string {
	return marker + `[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"` + guid +
		`"}}]},"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[` + metrics + `]}]}]}`
}

func sum(name, points string) string {
	return `{"name":"` + name + `","unit":"{user}","sum":{"dataPoints":[` + points + `],"aggregationTemporality":2,"isMonotonic":true}}`
}

func gauge(name, points string) string {
	return `{"name":"` + name + `","unit":"{collection}","gauge":{"dataPoints":[` + points + `]}}`
}

// pointOf is a point with labels given as key, value, key, value.
func pointOf(value string, labels ...string) string {
	var list []string
	for i := 0; i < len(labels); i += 2 {
		list = append(list, `{"key":"`+labels[i]+`","value":{"stringValue":"`+labels[i+1]+`"}}`)
	}
	attributes := ""
	if list != nil {
		attributes = `"attributes":[` + strings.Join(list, ",") + `],`
	}
	return `{` + attributes + `"timeUnixNano":"` + someDay + `","asInt":` + value + `}`
}

func users(n string) string { return sum("compreface.user.created", pointOf(`"`+n+`"`)) }

var errTest = errors.New("broken on purpose")
