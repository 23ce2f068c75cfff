package client

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/schema"
)

// canary is in every variable, file and name around the command.
const canary = "cnry0q"

// plainHeaders are what a request needs. All others deviate.
var plainHeaders = []string{"Accept-Encoding", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "User-Agent"}

// request judges one request of the application.
func (i *inspection) request(state *State, r *request) []audit.Row {
	say := func(c audit.Carrier, what, proof string) { i.result.found(state.Name, c, what, proof) }
	if r.method != http.MethodPost || r.target != "/v1/metrics" {
		say(audit.Path, "a request that is no report", r.method+" "+r.target)
		return nil
	}
	for name, values := range r.header {
		value := strings.Join(values, ", ")
		if !slices.Contains(plainHeaders, name) {
			say(audit.Header, "the header "+name, name+": "+value)
		} else if strings.Contains(value, canary) {
			say(audit.Header, "a value of the environment in the header "+name, name+": "+value)
		}
	}
	text, err := inJSON(r, say)
	if err != nil {
		say(audit.Encoding, "a body that is no report", fmt.Sprintf("%v: %.80q", err, r.body))
		return nil
	}
	if at := bytes.Index(r.body, []byte(canary)); at >= 0 {
		say(audit.UnknownField, "a value of the environment", fmt.Sprintf("%.160q", r.body[max(0, at-60):]))
	}
	rows, deviations := i.list.Judge(text, time.Now())
	for _, d := range deviations {
		if d.Carrier == audit.StartTime && wholeDay(d.Bytes) {
			continue // the day from which a total counts, and no finer
		}
		say(d.Carrier, d.What, fmt.Sprintf("%.160s", d.Bytes))
	}
	return rows
}

// inJSON is the report in OTLP's JSON. Fields that the protocol does not have
// are found here, because the JSON has no place for them.
func inJSON(r *request, say func(audit.Carrier, string, string)) ([]byte, error) {
	if r.header.Get("Content-Type") == "application/json" {
		return r.body, nil
	}
	var data metricspb.MetricsData
	if err := proto.Unmarshal(r.body, &data); err != nil {
		return nil, err
	}
	unknown(data.ProtoReflect(), func(b []byte) {
		say(audit.UnknownField, "a field that the protocol does not have", fmt.Sprintf("%.160q", b))
	})
	all, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(r.body)
	if err != nil {
		return nil, err
	}
	return (&pmetric.JSONMarshaler{}).MarshalMetrics(all)
}

func unknown(m protoreflect.Message, found func([]byte)) {
	if b := m.GetUnknown(); len(b) > 0 {
		found(b)
	}
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.Message() == nil:
		case d.IsList():
			for i := range v.List().Len() {
				unknown(v.List().Get(i).Message(), found)
			}
		default:
			unknown(v.Message(), found)
		}
		return true
	})
}

func wholeDay(nanos []byte) bool {
	var n int64
	_, err := fmt.Sscanf(strings.Trim(string(nanos), `"`), "%d", &n)
	return err == nil && n%(24*time.Hour).Nanoseconds() == 0
}

// erasureOnly reports whether rows only ask to erase.
func erasureOnly(rows []audit.Row) bool {
	return len(rows) > 0 && !slices.ContainsFunc(rows, func(r audit.Row) bool { return r.Series != schema.Erasure })
}
