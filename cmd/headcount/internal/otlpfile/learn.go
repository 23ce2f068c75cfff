package otlpfile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// A draft is what an open schema would learn from a report, if all of the
// report is right.
type draft struct {
	metrics map[string]*schema.Metric
	series  []draftSeries
	places  map[string]int // by SeriesName
}

type draftSeries struct {
	metric *schema.Metric
	values []string
}

func (d *draft) reset() {
	d.series = d.series[:0]
	clear(d.metrics)
	clear(d.places)
}

// declared is a metric of the schema or of the draft, or nil.
func (j *judge) declared(name string) *schema.Metric {
	if at, ok := j.schema.Metric([]byte(name)); ok {
		return &j.schema.Metrics[at]
	}
	return j.draft.metrics[name]
}

// series finds the series of a point, or returns a kind of fault.
func (j *judge) series(m pmetric.Metric, is schema.Kind, attributes pcommon.Map) (p point, kind string) {
	declared := j.declared(m.Name())
	if declared == nil {
		var ok bool
		if declared, ok = j.draft.metric(m, is, attributes); !ok {
			return p, answer.UnknownLabel
		}
	}
	values, ok := labels(attributes, declared.Attributes)
	if !ok {
		return p, answer.UnknownLabel
	}
	number, ok := j.schema.Number(declared.Name, values)
	switch {
	case ok && slices.Equal(j.schema.Series[number].Values, values):
		p.series = number
		return p, ""
	case ok, !j.schema.Open, !plainValues(values):
		return p, answer.UnknownLabel // ok: another series of the same name, with a comma in a value
	}
	p.draft = true
	if p.series, ok = j.draft.add(declared, values, schema.MaxSeries-len(j.schema.Series)); ok {
		return p, ""
	}
	if _, known := j.schema.Metric([]byte(declared.Name)); !known {
		return p, answer.UnknownMetric
	}
	return p, answer.UnknownLabel
}

// labels returns the values in the declared order, if the keys are exactly
// the declared ones.
func labels(attributes pcommon.Map, declared []schema.Attribute) (values []string, ok bool) {
	if attributes.Len() != len(declared) {
		return nil, false
	}
	for _, a := range declared {
		v, ok := attributes.Get(a.Key)
		if !ok || v.Type() != pcommon.ValueTypeStr {
			return nil, false
		}
		values = append(values, v.Str())
	}
	return values, true
}

// metric begins to declare a metric that the schema does not have.
func (d *draft) metric(m pmetric.Metric, is schema.Kind, attributes pcommon.Map) (*schema.Metric, bool) {
	var keys []string
	for key := range attributes.All() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if len(slices.Compact(slices.Clone(keys))) != len(keys) || !plainName(keys...) {
		return nil, false
	}
	declared := &schema.Metric{Name: m.Name(), Kind: is}
	if plain(m.Unit()) {
		declared.Unit = m.Unit()
	}
	for _, key := range keys {
		declared.Attributes = append(declared.Attributes, schema.Attribute{Key: key})
	}
	if d.metrics == nil {
		d.metrics, d.places = map[string]*schema.Metric{}, map[string]int{}
	}
	d.metrics[declared.Name] = declared
	return declared, true
}

// add drafts a series, if there is room for it.
func (d *draft) add(m *schema.Metric, values []string, room int) (place int, ok bool) {
	name := schema.SeriesName(m.Name, m.Attributes, values)
	if place, ok = d.places[name]; ok {
		return place, true
	}
	if place = len(d.series); place >= room {
		return 0, false
	}
	if d.places == nil {
		d.metrics, d.places = map[string]*schema.Metric{}, map[string]int{}
	}
	d.places[name] = place
	d.series = append(d.series, draftSeries{m, values})
	return place, true
}

// learn adds the draft to the schema and returns the numbers of its series.
// It is not false for what was checked before.
func (d *draft) learn(s *schema.Schema) (numbers []int, ok bool) {
	for _, n := range d.series {
		keys := make([]string, len(n.metric.Attributes))
		for i, a := range n.metric.Attributes {
			keys[i] = a.Key
		}
		number, ok := s.Learn(n.metric.Name, n.metric.Kind, n.metric.Unit, keys, n.values)
		if !ok {
			return nil, false
		}
		numbers = append(numbers, number)
	}
	return numbers, true
}

// plainName is whether an open schema learns metrics or keys of these names.
func plainName(names ...string) bool {
	for _, name := range names {
		if name == "" || len(name) > 255 || !letter(name[0]) {
			return false
		}
		for i := range len(name) {
			if c := name[i]; !letter(c) && (c < '0' || c > '9') && strings.IndexByte("_.-/", c) < 0 {
				return false
			}
		}
	}
	return true
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// plainValues is whether an open schema learns these values of a series.
func plainValues(values []string) bool {
	for _, v := range values {
		if len(v) > 255 || !utf8.ValidString(v) || len(values) > 1 && strings.Contains(v, ",") {
			return false
		}
		if strings.ContainsFunc(v, func(c rune) bool { return c < ' ' || c == 0x7F }) {
			return false
		}
	}
	return true
}
