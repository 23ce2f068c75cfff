package collector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"headcount.example/catalog"
)

// These types are all that a line may hold. They were written from the
// catalog and the OTLP specification, not from the configuration.
type (
	line struct {
		ResourceMetrics []resourceMetrics `json:"resourceMetrics"`
	}
	resourceMetrics struct {
		Resource     resource       `json:"resource"`
		ScopeMetrics []scopeMetrics `json:"scopeMetrics"`
	}
	resource struct {
		Attributes []attribute `json:"attributes"`
	}
	scopeMetrics struct {
		Scope   scope    `json:"scope"`
		Metrics []metric `json:"metrics"`
	}
	scope struct {
		Name string `json:"name"`
	}
	metric struct {
		Name  string `json:"name"`
		Unit  string `json:"unit"`
		Sum   *sum   `json:"sum,omitempty"`
		Gauge *gauge `json:"gauge,omitempty"`
	}
	sum struct {
		DataPoints             []point `json:"dataPoints"`
		AggregationTemporality int     `json:"aggregationTemporality"`
		IsMonotonic            bool    `json:"isMonotonic"`
	}
	gauge struct {
		DataPoints []point `json:"dataPoints"`
	}
	point struct {
		Attributes   []attribute `json:"attributes,omitempty"`
		TimeUnixNano string      `json:"timeUnixNano"`
		AsInt        string      `json:"asInt"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value value  `json:"value"`
	}
	value struct {
		StringValue string `json:"stringValue"`
	}
)

var guidRule = regexp.MustCompile(`\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z`)

// rules are a catalog, arranged for asking what a line may say.
type rules map[string]*rule

type rule struct {
	catalog.Definition
	series map[string]bool
}

func rulesOf(c *catalog.Catalog) rules {
	r := rules{}
	for _, d := range listed(c) {
		r[d.Name] = &rule{d, map[string]bool{}}
		for _, s := range d.Series {
			r[d.Name].series[labels(d.Attributes, s.Values)] = true
		}
	}
	return r
}

// check reads lines of the file and says everything in them that is not
// allowed.
func (r rules) check(data []byte) (rows []row, faults []string) {
	for _, canary := range canaries(data) {
		faults = append(faults, "a canary: "+canary)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		faults = append(faults, "the last line is not complete")
	}
	for text := range bytes.Lines(data) {
		got, wrong := r.checkLine(bytes.TrimSuffix(text, []byte("\n")))
		rows = append(rows, got...)
		for _, w := range wrong {
			faults = append(faults, fmt.Sprintf("%s in line %s", w, text))
		}
	}
	return rows, faults
}

func (r rules) checkLine(text []byte) (rows []row, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	var l line
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		fault("not the expected JSON: %v", err)
		return nil, faults
	}
	// Written again it is the same: no key twice, none in other case, nothing
	// after the end, nothing left out.
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, text) {
		fault("more than the expected JSON: %s", again)
	}
	if len(l.ResourceMetrics) == 0 {
		fault("no resource")
	}
	seen := map[string]bool{}
	for _, rm := range l.ResourceMetrics {
		if len(rm.Resource.Attributes) != 1 || rm.Resource.Attributes[0].Key != "install_guid" {
			fault("attributes of the resource: %v", rm.Resource.Attributes)
			continue
		}
		guid := rm.Resource.Attributes[0].Value.StringValue
		if !guidRule.MatchString(guid) {
			fault("install_guid %q", guid)
		}
		if seen[guid] {
			fault("install_guid %q twice", guid)
		}
		seen[guid] = true
		if len(rm.ScopeMetrics) != 1 {
			fault("%d scopes", len(rm.ScopeMetrics))
		}
		for _, sm := range rm.ScopeMetrics {
			if sm.Scope.Name != "headcount" {
				fault("scope %q", sm.Scope.Name)
			}
			rows = append(rows, r.checkMetrics(guid, sm.Metrics, fault)...)
		}
	}
	return rows, faults
}

func (r rules) checkMetrics(guid string, metrics []metric, fault func(string, ...any)) (rows []row) {
	if len(metrics) == 0 {
		fault("no statistics")
	}
	seen := map[string]bool{}
	for _, m := range metrics {
		rule := r[m.Name]
		if rule == nil {
			fault("statistic %q", m.Name)
			continue
		}
		if seen[m.Name] {
			fault("statistic %q twice", m.Name)
		}
		seen[m.Name] = true
		if m.Unit != rule.Unit {
			fault("unit %q of %s", m.Unit, m.Name)
		}
		var points []point
		switch {
		case rule.Kind == catalog.KindCounter && m.Sum != nil && m.Gauge == nil:
			if m.Sum.AggregationTemporality != 2 || !m.Sum.IsMonotonic {
				fault("%s is not a monotonic cumulative sum", m.Name)
			}
			points = m.Sum.DataPoints
		case rule.Kind == catalog.KindRangeGauge && m.Gauge != nil && m.Sum == nil:
			points = m.Gauge.DataPoints
		default:
			fault("%s is of another kind", m.Name)
		}
		rows = append(rows, rule.checkPoints(guid, points, fault)...)
	}
	return rows
}

func (r *rule) checkPoints(guid string, points []point, fault func(string, ...any)) (rows []row) {
	if len(points) == 0 {
		fault("no points of %s", r.Name)
	}
	seen := map[string]bool{}
	for _, p := range points {
		var pairs []string
		for _, a := range p.Attributes {
			pairs = append(pairs, a.Key+"="+a.Value.StringValue)
		}
		slices.Sort(pairs)
		series := strings.Join(pairs, ",")
		if !r.series[series] || len(p.Attributes) != len(r.Definition.Attributes) {
			fault("labels {%s} of %s", series, r.Name)
		}
		if seen[series] {
			fault("labels {%s} of %s twice", series, r.Name)
		}
		seen[series] = true
		n, err := strconv.ParseInt(p.AsInt, 10, 64)
		if err != nil || n < 0 || n > 1_000_000_000_000 || strconv.FormatInt(n, 10) != p.AsInt {
			fault("value %q of %s", p.AsInt, r.Name)
		}
		if !isToday(p.TimeUnixNano) {
			fault("time %q of %s", p.TimeUnixNano, r.Name)
		}
		rows = append(rows, row{guid, r.Name, series, n})
	}
	return rows
}

// isToday reports whether a time is the beginning of this day in UTC, or of
// the one before for a test that runs at midnight.
func isToday(nanos string) bool {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	return nanos == strconv.FormatInt(today.UnixNano(), 10) ||
		nanos == strconv.FormatInt(today.Add(-24*time.Hour).UnixNano(), 10)
}
