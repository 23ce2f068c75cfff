package otlpfile

import (
	"encoding/json"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// A judge says of every resource whether it is a report of the catalog.
type judge struct {
	schema *schema.Schema
	report schema.Report // the last one that was right
	guid   [16]byte      // of the last one
	known  bool          // whether it had a guid
	points []point
	draft  draft
}

// A point is a value of a report that is not taken yet.
type point struct {
	series int // number, or place in the draft
	draft  bool
	gauge  bool
	value  int64
}

func newJudge(s *schema.Schema) *judge { return &judge{schema: s} }

// decode reads a whole JSON object. OpenTelemetry's unmarshaler takes some
// things that are not JSON, and stops at an empty key; so JSON comes first.
func decode(object []byte) (pmetric.Metrics, bool) {
	if !json.Valid(object) || emptyKey(object) {
		return pmetric.Metrics{}, false
	}
	var u pmetric.JSONUnmarshaler
	md, err := u.UnmarshalMetrics(object)
	if err != nil {
		md, err = u.UnmarshalMetrics(mended(object))
	}
	return md, err == nil
}

// verdict returns the kind of a report's first fault, or "" and the report in
// j.report.
func (j *judge) verdict(rm pmetric.ResourceMetrics) string {
	var extras bool
	if j.known, extras = identify(rm.Resource().Attributes(), &j.guid); !j.known {
		return answer.BadGUID
	}
	if asksToErase(rm) {
		j.report.GUID, j.report.Erasure = j.guid, true
		j.report.Day, j.report.Values = dayOf(newest(rm)), j.report.Values[:0]
		return ""
	}
	if extras {
		return answer.UnwantedExtras
	}
	j.points = j.points[:0]
	j.draft.reset()
	for _, sm := range rm.ScopeMetrics().All() {
		for _, m := range sm.Metrics().All() {
			if kind := j.metric(m); kind != "" {
				return kind
			}
		}
	}
	d := dayOf(newest(rm))
	switch {
	case len(j.points) == 0:
		return answer.NoPoints
	case d == day.None:
		return answer.WrongDay
	}
	numbers, ok := j.draft.learn(j.schema)
	if !ok {
		return answer.UnknownMetric
	}
	j.take(d, numbers)
	return ""
}

// identify looks for the one identifier, and for other attributes.
func identify(attributes pcommon.Map, guid *[16]byte) (known, extras bool) {
	found := 0
	for key, value := range attributes.All() {
		if key != guidKey {
			extras = true
			continue
		}
		found++
		known = value.Type() == pcommon.ValueTypeStr && parseGUID(value.Str(), guid)
	}
	return known && found == 1, extras
}

func asksToErase(rm pmetric.ResourceMetrics) bool {
	for _, sm := range rm.ScopeMetrics().All() {
		for _, m := range sm.Metrics().All() {
			if m.Name() == schema.Erasure {
				return true
			}
		}
	}
	return false
}

// metric checks a metric and keeps its points.
func (j *judge) metric(m pmetric.Metric) string {
	is, points := typed(m)
	d := j.declared(m.Name())
	switch {
	case d == nil && !j.schema.Open || d == nil && !plainName(m.Name()):
		return answer.UnknownMetric
	case is == "" || d != nil && d.Kind != is:
		return answer.WrongKind
	}
	for _, p := range points.All() {
		attributes := p.Attributes()
		if j.schema.Open && is == schema.RangeGauge && attributes.Len() != 1 {
			return answer.WrongKind
		}
		series, kind := j.series(m, is, attributes)
		if kind != "" {
			return kind
		}
		if p.Flags() != 0 || p.ValueType() != pmetric.NumberDataPointValueTypeInt || p.IntValue() < 0 || p.IntValue() > j.schema.Max {
			return answer.AbsurdValue
		}
		series.gauge, series.value = is == schema.RangeGauge, p.IntValue()
		j.points = append(j.points, series)
	}
	return ""
}

// typed is what a metric counts as by its type, "" for what nothing may be.
func typed(m pmetric.Metric) (schema.Kind, pmetric.NumberDataPointSlice) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		if s := m.Sum(); s.IsMonotonic() && s.AggregationTemporality() == pmetric.AggregationTemporalityCumulative {
			return schema.Counter, s.DataPoints()
		}
	case pmetric.MetricTypeGauge:
		return schema.RangeGauge, m.Gauge().DataPoints()
	}
	return "", pmetric.NumberDataPointSlice{}
}

// take makes the report of the points. numbers are those of the draft's series.
func (j *judge) take(d day.Day, numbers []int) {
	r := &j.report
	r.GUID, r.Day, r.Erasure = j.guid, d, false
	r.Values = r.Values[:0]
	for range j.schema.Series {
		r.Values = append(r.Values, schema.Absent)
	}
	for _, p := range j.points {
		if p.draft {
			p.series = numbers[p.series]
		}
		if v := &r.Values[p.series]; p.gauge || p.value > *v {
			*v = p.value
		}
	}
}
