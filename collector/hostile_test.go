package collector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"headcount.example/catalog"

	collectorpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// A hostile report is a valid one that was changed, and what of it has
// to arrive.
type hostile struct {
	name   string
	change func(*target)
	want   func(base []row, t *target) []row
}

// A target is a valid report and its parts that the changes are made to.
type target struct {
	request  *collectorpb.ExportMetricsServiceRequest
	resource *metricspb.ResourceMetrics
	scope    *metricspb.ScopeMetrics
	guid     string
	catalog  *catalog.Catalog
	labelled *metricspb.Metric // the first counter with labels
	sizes    *metricspb.Metric // the first gauge
}

func newTarget(c *catalog.Catalog) *target {
	t := &target{guid: newGUID(), catalog: c}
	t.request = report(c, t.guid)
	t.resource = t.request.ResourceMetrics[0]
	t.scope = t.resource.ScopeMetrics[0]
	for _, m := range t.scope.Metrics {
		if s := m.GetSum(); s != nil && t.labelled == nil && len(s.DataPoints) > 1 {
			t.labelled = m
		}
		if m.GetGauge() != nil && t.sizes == nil {
			t.sizes = m
		}
	}
	return t
}

// point is the first point of the counter with labels.
func (t *target) point() *metricspb.NumberDataPoint { return t.labelled.GetSum().DataPoints[0] }

// size is the first point of the gauge.
func (t *target) size() *metricspb.NumberDataPoint { return t.sizes.GetGauge().DataPoints[0] }

// every calls f for each metric.
func (t *target) every(f func(*metricspb.Metric)) {
	for _, m := range t.scope.Metrics {
		f(m)
	}
}

// everyPoint calls f for each point.
func (t *target) everyPoint(f func(*metricspb.NumberDataPoint)) {
	t.every(func(m *metricspb.Metric) {
		for _, p := range pointsOf(m) {
			f(p)
		}
	})
}

func pointsOf(m *metricspb.Metric) []*metricspb.NumberDataPoint {
	if s := m.GetSum(); s != nil {
		return s.DataPoints
	}
	return m.GetGauge().GetDataPoints()
}

// What of a hostile report arrives:

func all(base []row, _ *target) []row { return base }

func nothing([]row, *target) []row { return nil }

func withoutLabelled(base []row, t *target) []row { return without(base, t.labelledName()) }

func withoutSizes(base []row, t *target) []row { return without(base, t.sizesName()) }

// The names are the catalog's, because the changes can be to the name.
func (t *target) labelledName() string { return t.firstOf(catalog.KindCounter) }
func (t *target) sizesName() string    { return t.firstOf(catalog.KindRangeGauge) }

func (t *target) firstOf(kind catalog.Kind) string {
	for _, d := range t.catalog.Metrics() {
		if d.Kind == kind && len(d.Series) > 1 {
			return d.Name
		}
	}
	return ""
}

func without(base []row, metric string) []row {
	return slices.DeleteFunc(slices.Clone(base), func(r row) bool { return r.metric == metric })
}

// withoutPoint is without the first point of the counter with labels.
func withoutPoint(base []row, t *target) []row {
	i := slices.IndexFunc(base, func(r row) bool { return r.metric == t.labelledName() })
	return slices.Delete(slices.Clone(base), i, i+1)
}

// pointIs is with another value of that point.
func pointIs(n int64) func([]row, *target) []row {
	return func(base []row, t *target) []row {
		got := slices.Clone(base)
		got[slices.IndexFunc(got, func(r row) bool { return r.metric == t.labelledName() })].value = n
		return got
	}
}

// hostiles are all of them; the others stand in hostile_*_test.go by the part
// of the report that they change.
var hostiles = slices.Concat(hostileResources, hostileScopes, hostileMetrics, hostilePoints, hostileLabels, hostileRequests)

// A finding is something that a hostile report should not have done.
type finding struct {
	report, fault string
}

func (f finding) String() string { return f.report + ": " + f.fault }

// kind is what happened, without the particulars, to compare findings by.
func (f finding) kind() finding {
	for _, kind := range []string{"too often", "too few", "status"} {
		if strings.Contains(f.fault, kind) {
			return finding{f.report, kind}
		}
	}
	what, _, _ := strings.Cut(f.fault, " in line")
	for _, w := range []string{"a canary", "value", "labels", "unit"} {
		if strings.HasPrefix(what, w) {
			what = w
		}
	}
	return finding{f.report, what}
}

// attack sends every hostile report in the given forms, and a valid one, and
// says everything that did not go as it should.
func attack(p *process, c *catalog.Catalog, forms []form) (findings []finding) {
	rules := rulesOf(c)
	for _, h := range hostiles {
		for _, f := range forms {
			name := h.name + " as " + f.name
			t := newTarget(c)
			base := rowsOf(c, t.guid)
			h.change(t)
			if proto.Equal(t.request, report(c, t.guid)) && h.name != "nothing changed" {
				findings = append(findings, finding{name, "the case changes nothing"})
			}
			for _, fault := range one(p, rules, f, t.request, h.want(base, t)) {
				findings = append(findings, finding{name, fault})
			}
		}
	}
	for _, sign := range canaries([]byte(p.Log.String())) {
		findings = append(findings, finding{"the Collector's log", "a canary: " + sign})
	}
	return findings
}

// one sends a report and compares what arrived.
func one(p *process, rules rules, f form, request *collectorpb.ExportMetricsServiceRequest, want []row) []string {
	m, err := f.encode(request)
	if err != nil {
		return []string{"cannot be encoded: " + err.Error()}
	}
	if plainSize(f, request) > 8<<10 { // more than the configuration takes
		want = nil
	}
	status, rows, faults := p.deliver(rules, m)
	if status != 200 && len(want) > 0 {
		faults = append(faults, fmt.Sprintf("status %d", status))
	}
	return append(faults, compare(rows, want)...)
}

// plainSize is how large a request is when it is not compressed.
func plainSize(f form, request *collectorpb.ExportMetricsServiceRequest) int {
	if !strings.Contains(f.name, "json") {
		return proto.Size(request)
	}
	text, _ := protojson.Marshal(request)
	return len(text)
}

// Nothing of a hostile report arrives but what the catalog allows, and valid
// reports in between arrive exactly.
func TestHostileReports(t *testing.T) {
	for _, product := range products {
		t.Run(product.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, product.config)
			for _, found := range attack(p, product.catalog, forms) {
				t.Error(found)
			}
			if log := p.Log.String(); log != "" {
				t.Errorf("the Collector logged: %s", log)
			}
			t.Logf("%d hostile reports in %d forms", len(hostiles), len(forms))
		})
	}
}
