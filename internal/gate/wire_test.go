package gate

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
)

// wireHeaders is every header, with its value, in the order of the alphabet.
func wireHeaders(host string) []string {
	return []string{
		"Connection: close",
		"Content-Encoding: gzip",
		"Content-Length: *",
		"Content-Type: application/x-protobuf",
		"Host: " + host,
		"User-Agent: headcount",
	}
}

// checkWire asks everything about the bytes of one report.
func checkWire(t *testing.T, name, host, path string, raw []byte) {
	t.Helper()
	c := catalogs[name]
	line, headers, otlp := dissect(t, raw)
	if want := "POST " + path + " HTTP/1.1"; line != want {
		t.Errorf("request line %q, want %q", line, want)
	}
	if want := wireHeaders(host); !slices.Equal(headers, want) {
		t.Errorf("headers %q, want exactly %q", headers, want)
	}
	checkBody(t, c, otlp)
	body, err := JSON(otlp)
	if err != nil {
		t.Fatal(err)
	}
	var want golden
	text, err := os.ReadFile(goldenPath(name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	var is, ought bytes.Buffer
	if err := json.Compact(&is, body); err != nil {
		t.Fatal(err)
	}
	if err := json.Compact(&ought, want.Body); err != nil {
		t.Fatal(err)
	}
	if is.String() != ought.String() {
		t.Errorf("body %s\nwant the golden one %s", body, want.Body)
	}
}

func checkBody(t *testing.T, c *catalog.Catalog, otlp *colmetricpb.ExportMetricsServiceRequest) {
	t.Helper()
	if len(otlp.GetResourceMetrics()) != 1 || len(otlp.GetResourceMetrics()[0].GetScopeMetrics()) != 1 {
		t.Fatalf("not one resource and one scope: %v", otlp)
	}
	resource := otlp.GetResourceMetrics()[0]
	scope := resource.GetScopeMetrics()[0]
	attributes := resource.GetResource().GetAttributes()
	if len(attributes) != 1 || attributes[0].GetKey() != "install_guid" || attributes[0].GetValue().GetStringValue() != guid.String() {
		t.Errorf("resource %v, want install_guid alone", attributes)
	}
	if resource.GetSchemaUrl() != "" || scope.GetSchemaUrl() != "" || resource.GetResource().GetDroppedAttributesCount() != 0 || len(resource.GetResource().GetEntityRefs()) != 0 {
		t.Errorf("schema or more in %v", resource)
	}
	if s := scope.GetScope(); s.GetName() != "headcount" || s.GetVersion() != "" || len(s.GetAttributes()) != 0 {
		t.Errorf("scope %v, want the name alone", s)
	}
	names := map[string]catalog.Definition{}
	for _, d := range c.Metrics() {
		names[d.Name] = d
	}
	for _, m := range scope.GetMetrics() {
		d, ok := names[m.GetName()]
		if !ok || m.GetUnit() != d.Unit || m.GetDescription() != "" || len(m.GetMetadata()) != 0 {
			t.Errorf("metric %v is not as declared, without description", m)
		}
		sum, gauge := m.GetSum(), m.GetGauge()
		if (d.Kind == catalog.KindCounter) != (sum != nil) || sum == nil && gauge == nil {
			t.Errorf("metric %q is a %T", m.GetName(), m.GetData())
		}
		if sum != nil && (!sum.GetIsMonotonic() || sum.GetAggregationTemporality() != metricpb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE) {
			t.Errorf("metric %q is not a cumulative total", m.GetName())
		}
		for _, p := range append(sum.GetDataPoints(), gauge.GetDataPoints()...) {
			checkPoint(t, d, p)
		}
	}
	if unknown := otlp.ProtoReflect().GetUnknown(); len(unknown) > 0 {
		t.Errorf("unknown fields %x", unknown)
	}
}

func checkPoint(t *testing.T, d catalog.Definition, p *metricpb.NumberDataPoint) {
	t.Helper()
	const day = uint64(24 * time.Hour)
	if p.GetTimeUnixNano() == 0 || p.GetTimeUnixNano()%day != 0 || p.GetStartTimeUnixNano()%day != 0 {
		t.Errorf("%s: times %d and %d are finer than a day", d.Name, p.GetStartTimeUnixNano(), p.GetTimeUnixNano())
	}
	if len(p.GetExemplars()) != 0 || p.GetFlags() != 0 {
		t.Errorf("%s: exemplars or flags: %v", d.Name, p)
	}
	if len(p.GetAttributes()) != len(d.Attributes) {
		t.Errorf("%s: labels %v, declared %v", d.Name, p.GetAttributes(), d.Attributes)
	}
	for i, a := range p.GetAttributes() {
		if a.GetKey() != d.Attributes[i].Key || !slices.Contains(d.Attributes[i].Values, a.GetValue().GetStringValue()) {
			t.Errorf("%s: label %v was not declared", d.Name, a)
		}
	}
}

func TestWire(t *testing.T) {
	for name, c := range catalogs {
		t.Run(name, func(t *testing.T) {
			r := receive(t, says(taken))
			if err := send(t.Context(), gateTo(t, c, r.url()), report(c)); err != nil {
				t.Fatal(err)
			}
			raw := r.only(t)
			checkWire(t, name, r.Addr().String(), "/v1/metrics", raw)
			t.Logf("%s: whole request %d bytes", name, len(raw))
		})
	}
}

// TestWireIsSmall: a request stays small however much was counted. A usual
// compreface report has five totals and four ranges.
func TestWireIsSmall(t *testing.T) {
	c := compreface.Catalog
	usual := func(value func() int64) Report {
		r := report(c)
		for m := range r.Values {
			for s := range r.Values[m] {
				if m <= 3 { // what comes after is not part of a daily report
					r.Values[m][s] = value()
				}
			}
		}
		for s := range r.Values[3] {
			if s >= 4 {
				r.Values[3][s] = Absent
			}
		}
		return r
	}
	random := rand.New(rand.NewPCG(1, 2))
	least, most := 1<<20, 0
	for _, test := range []struct {
		name  string
		value func() int64
	}{
		{"nothing happened", func() int64 { return 0 }},
		{"each once", func() int64 { return 1 }},
		{"hundreds", func() int64 { return random.Int64N(1000) }},
		{"as much as there can be", func() int64 { return catalog.Max - random.Int64N(1<<32) }},
	} {
		raw, err := preview(gateTo(t, c, "https://stats.vendor.example"), usual(test.value))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes", test.name, len(raw))
		least, most = min(least, len(raw)), max(most, len(raw))
	}
	// Nine numbers of up to five bytes are all that can differ; the hard limit
	// is 900 bytes.
	if most > 660 || most-least > 60 {
		t.Errorf("requests are %d to %d bytes, want at most 660, and within 60", least, most)
	}
}

// TestValueIsCapped: nothing larger than the Collector accepts leaves, and a
// series that is absent is not sent as a number.
func TestValueIsCapped(t *testing.T) {
	r := report(compreface.Catalog)
	r.Values[0][0] = 1 << 62
	r.Values[1][0] = Absent
	raw, err := preview(gateTo(t, compreface.Catalog, "https://stats.vendor.example"), r)
	if err != nil {
		t.Fatal(err)
	}
	_, _, otlp := dissect(t, raw)
	metrics := otlp.GetResourceMetrics()[0].GetScopeMetrics()[0].GetMetrics()
	if got := metrics[0].GetSum().GetDataPoints()[0].GetAsInt(); got != catalog.Max {
		t.Errorf("value %d, want %d", got, catalog.Max)
	}
	if text := otlp.String(); strings.Contains(text, compreface.ApplicationCreated.String()) {
		t.Errorf("an absent series is in %s", text)
	}
}
