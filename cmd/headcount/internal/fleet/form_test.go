package fleet

import (
	"bytes"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

var testGUID = [16]byte{0x19, 0x85, 0x0a, 0x00, 0xfe, 0x9a, 0x4e, 0x3f, 0x9b, 0x70, 0x37, 0xc9, 0xa2, 0x1e, 0xd8, 0x4f}

// A line that a Collector with the shipped configuration wrote.
const collectorLine = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"19850a00-fe9a-4e3f-9b70-37c9a21ed84f"}}]},` +
	`"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[` +
	`{"name":"compreface.user.created","unit":"{user}","sum":{"dataPoints":[{"timeUnixNano":"1795651200000000000","asInt":"7"}],"aggregationTemporality":2,"isMonotonic":true}},` +
	`{"name":"compreface.application.created","unit":"{application}","sum":{"dataPoints":[{"timeUnixNano":"1795651200000000000","asInt":"3"}],"aggregationTemporality":2,"isMonotonic":true}},` +
	`{"name":"compreface.service.created","unit":"{service}","sum":{"dataPoints":[` +
	`{"attributes":[{"key":"compreface.service.type","value":{"stringValue":"FACE_DETECTION"}}],"timeUnixNano":"1795651200000000000","asInt":"1"},` +
	`{"attributes":[{"key":"compreface.service.type","value":{"stringValue":"FACE_RECOGNITION"}}],"timeUnixNano":"1795651200000000000","asInt":"2"}],"aggregationTemporality":2,"isMonotonic":true}},` +
	`{"name":"compreface.collection.count","unit":"{collection}","gauge":{"dataPoints":[` +
	`{"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"0"}}],"timeUnixNano":"1795651200000000000","asInt":"1"},` +
	`{"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"11-50"}}],"timeUnixNano":"1795651200000000000","asInt":"4"}]}}]}]}]}`

func TestFormIsTheCollectors(t *testing.T) {
	s := load(t, "compreface")
	values := make([]int64, len(s.Series))
	for i := range values {
		values[i] = schema.Absent
	}
	values[0], values[1], values[2], values[3], values[5], values[7] = 7, 3, 1, 2, 1, 4
	got := newForm(s, 20783).appendReport(nil, &testGUID, values)
	if string(got) != collectorLine {
		t.Errorf("got  %s\nwant %s", got, collectorLine)
	}
}

// OpenTelemetry's own marshaler, which the Collector uses, writes every form
// byte for byte as this package does.
func TestFormIsOpenTelemetrys(t *testing.T) {
	odd, err := schema.Parse([]byte(`{"product":"Odd","metrics":[` +
		`{"name":"a","kind":"counter"},` +
		`{"name":"b","kind":"counter","unit":"{b}","attributes":[{"key":"k","values":["<&>","x+","é"]},{"key":"l","values":["1","2"]}]},` +
		`{"name":"c","kind":"range_gauge","unit":"1","attributes":[{"key":"r","values":["0","1+"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*schema.Schema{"compreface": load(t, "compreface"), "affiliate": load(t, "affiliate"), "file": odd} {
		for _, on := range []day.Day{0, 1, day.First, end, day.Last, day.Last + 1} {
			values := make([]int64, len(s.Series))
			for i := range values {
				values[i] = int64(i * i)
				if i%5 == 2 {
					values[i] = schema.Absent
				}
			}
			f := newForm(s, on)
			for what, got := range map[string][]byte{
				"report":  f.appendReport(nil, &testGUID, values),
				"one":     f.appendReport(nil, &testGUID, values[:1]),
				"erasure": f.appendErasure(nil, &testGUID),
			} {
				if want := again(t, got); !bytes.Equal(got, want) {
					t.Errorf("%s, %s, day %d: got  %s\nwant %s", name, what, on, got, want)
				}
			}
		}
	}
}

func again(t *testing.T, line []byte) []byte {
	t.Helper()
	md, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(line)
	if err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	data, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
