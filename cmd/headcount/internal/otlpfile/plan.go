package otlpfile

import (
	"strings"

	"headcount.example/cmd/headcount/internal/schema"
)

// What the Collector writes around the metrics and around their points.
const (
	beforeGUID    = marker + `[{"resource":{"attributes":[{"key":"` + guidKey + `","value":{"stringValue":"`
	beforeMetrics = `"}}]},"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[`
	afterMetrics  = `]}]}]}`
	beforeName    = `{"name":"`
	beforeKey     = `{"key":"`
	beforeLabel   = `","value":{"stringValue":"`
	afterLabel    = `"}}`
	beforeLabels  = `{"attributes":[`
	afterLabels   = `],"timeUnixNano":"`
	withoutLabels = `{"timeUnixNano":"`
	beforeValue   = `","asInt":"`
	afterValue    = `"}`
	afterSum      = `],"aggregationTemporality":2,"isMonotonic":true}}`
	afterGauge    = `]}}`
)

// A metricPlan is how a metric of the schema is written.
type metricPlan struct {
	name   []byte
	head   string // to its first point; empty if the scanner does not take it
	tail   string // from its last point
	gauge  bool
	keys   []string // what is before each label's value
	series []seriesPlan
}

// A seriesPlan is how the points of a series are written.
type seriesPlan struct {
	head   string // to the time; empty if the scanner does not take it
	number int
}

// A plan is how everything in a schema is written.
type plan struct {
	metrics []metricPlan
	local   []int // by the number of a series: its place in its metric
}

func newPlan(s *schema.Schema) plan {
	p := plan{metrics: make([]metricPlan, len(s.Metrics)), local: make([]int, len(s.Series))}
	for i := range s.Metrics {
		p.metrics[i] = planOf(&s.Metrics[i])
	}
	for number, series := range s.Series {
		m := &p.metrics[series.Metric]
		p.local[number] = len(m.series)
		m.series = append(m.series, seriesPlan{head: m.point(series.Values), number: number})
	}
	return p
}

func planOf(m *schema.Metric) (p metricPlan) {
	p.name = []byte(m.Name)
	kind := `"sum"`
	if p.tail = afterSum; m.Kind == schema.RangeGauge {
		kind, p.gauge, p.tail = `"gauge"`, true, afterGauge
	}
	if plain(m.Name) && plain(m.Unit) {
		p.head = beforeName + m.Name + `",`
		if m.Unit != "" {
			p.head += `"unit":"` + m.Unit + `",`
		}
		p.head += kind + `:{"dataPoints":[`
	}
	for _, a := range m.Attributes {
		p.keys = append(p.keys, beforeKey+a.Key+beforeLabel)
		if !plain(a.Key) {
			p.head = ""
		}
	}
	return p
}

// point is how a point with these label values begins.
func (p *metricPlan) point(values []string) string {
	if len(values) == 0 {
		return withoutLabels
	}
	labels := make([]string, len(values))
	for i, v := range values {
		if !plain(v) {
			return ""
		}
		labels[i] = p.keys[i] + v + afterLabel
	}
	return beforeLabels + strings.Join(labels, ",") + afterLabels
}

// plain is whether JSON holds the text as it is.
func plain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
