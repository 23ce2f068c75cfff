package collector_test

import (
	"math"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
)

// exemplars holds everything that an exemplar can carry.
func exemplars() []*metricspb.Exemplar {
	return []*metricspb.Exemplar{
		{FilteredAttributes: []*commonpb.KeyValue{text(canary, canary), {Key: "m", Value: mapValue}}, TimeUnixNano: canaryNumber,
			TraceId: canaryID, SpanId: canaryID[:8], Value: &metricspb.Exemplar_AsInt{AsInt: canaryNumber}},
		{FilteredAttributes: []*commonpb.KeyValue{text("user.email", canary)}, Value: &metricspb.Exemplar_AsDouble{AsDouble: canaryNumber}},
	}
}

// points changes every point of the report.
func points(f func(*metricspb.NumberDataPoint)) func(*target) {
	return func(t *target) { t.everyPoint(f) }
}

// values gives the first point of the counter with labels another value.
func number(n int64) func(*target) {
	return func(t *target) { t.point().Value = integer(n) }
}

func doubled(f float64) func(*target) {
	return func(t *target) { t.point().Value = double(f) }
}

// twinned gives the second point the labels of the first and another value,
// so that one series comes twice and the number of points stays.
func twinned(n int64) func(*target) {
	return func(t *target) {
		p := t.labelled.GetSum().DataPoints
		p[1].Attributes = copyOf(p[0]).Attributes
		p[1].Value = integer(n)
	}
}

// twin is what is left of them: one point, with the larger value.
func twin(n int64) func([]row, *target) []row {
	return func(base []row, t *target) []row { return withoutSecond(pointIs(n)(base, t), t) }
}

func withoutSecond(base []row, t *target) []row {
	first := withoutPoint(base, t) // the second is now the first
	rest := withoutPoint(first, t)
	return append(rest, difference(base, first)...)
}

func difference(a, b []row) (left []row) {
	in := map[row]bool{}
	for _, r := range b {
		in[r] = true
	}
	for _, r := range a {
		if !in[r] {
			left = append(left, r)
		}
	}
	return left
}

var hostilePoints = []hostile{
	{"nothing changed", func(*target) {}, all},
	{"exemplars", points(func(p *metricspb.NumberDataPoint) { p.Exemplars = exemplars() }), all},
	{"start times", points(func(p *metricspb.NumberDataPoint) { p.StartTimeUnixNano = canaryNumber }), all},
	{"latest start times", points(func(p *metricspb.NumberDataPoint) { p.StartTimeUnixNano = math.MaxUint64 }), all},
	{"no start times", points(func(p *metricspb.NumberDataPoint) { p.StartTimeUnixNano = 0 }), all},
	{"times", points(func(p *metricspb.NumberDataPoint) { p.TimeUnixNano = canaryNumber }), all},
	{"latest times", points(func(p *metricspb.NumberDataPoint) { p.TimeUnixNano = math.MaxUint64 }), all},
	{"no times", points(func(p *metricspb.NumberDataPoint) { p.TimeUnixNano = 0 }), all},
	{"flag of no value", func(t *target) { t.point().Flags = 1 }, withoutPoint},
	{"unknown flags", func(t *target) { t.point().Flags = 1_234_554_321 }, withoutPoint},
	{"a double", doubled(3.5), withoutPoint},
	{"a double that is whole", doubled(7), withoutPoint},
	{"a huge double", doubled(canaryNumber), withoutPoint},
	{"NaN", doubled(math.NaN()), withoutPoint},
	{"infinity", doubled(math.Inf(1)), withoutPoint},
	{"negative infinity", doubled(math.Inf(-1)), withoutPoint},
	{"the smallest double", doubled(math.SmallestNonzeroFloat64), withoutPoint},
	// No condition can tell these from the integer 0, and they say no more.
	{"zero as a double", doubled(0), pointIs(0)},
	{"negative zero", doubled(math.Copysign(0, -1)), pointIs(0)},
	{"no value", func(t *target) { t.point().Value = nil }, pointIs(0)},
	{"zero", number(0), pointIs(0)},
	{"negative", number(-1), withoutPoint},
	{"the smallest integer", number(math.MinInt64), withoutPoint},
	{"the largest allowed", number(1_000_000_000_000), pointIs(1_000_000_000_000)},
	{"one more than allowed", number(1_000_000_000_001), withoutPoint},
	{"a number with a meaning", number(canaryNumber), withoutPoint},
	{"the largest integer", number(math.MaxInt64), withoutPoint},
	{"a negative size", func(t *target) { t.size().Value = integer(-5) }, func(base []row, t *target) []row {
		return difference(base, firstRow(base, t.sizesName()))
	}},
	{"every value absurd", points(func(p *metricspb.NumberDataPoint) { p.Value = integer(canaryNumber) }), nothing},
	{"a series twice, then larger", twinned(5000), twin(5000)},
	{"a series twice, then smaller", twinned(1), withoutSecond},
}

func firstRow(base []row, metric string) []row {
	for _, r := range base {
		if r.metric == metric {
			return []row{r}
		}
	}
	return nil
}

// labelOf changes the labels of the first point of the counter with labels.
func labelOf(f func(*metricspb.NumberDataPoint)) func(*target) {
	return func(t *target) { f(t.point()) }
}

func labelIs(v *commonpb.AnyValue) func(*target) {
	return func(t *target) { t.point().Attributes[0].Value = v }
}

var hostileLabels = []hostile{
	{"one label more", labelOf(func(p *metricspb.NumberDataPoint) { p.Attributes = append(p.Attributes, text(canary, canary)) }), withoutPoint},
	{"one label more, first", labelOf(func(p *metricspb.NumberDataPoint) {
		p.Attributes = append([]*commonpb.KeyValue{text(canary, canary)}, p.Attributes...)
	}), withoutPoint},
	{"a label twice", labelOf(func(p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, text(p.Attributes[0].Key, canary))
	}), withoutPoint},
	{"a label twice alike", labelOf(func(p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, copyOf(p.Attributes[0]))
	}), withoutPoint},
	{"no label", labelOf(func(p *metricspb.NumberDataPoint) { p.Attributes = nil }), withoutPoint},
	{"another label", labelOf(func(p *metricspb.NumberDataPoint) { p.Attributes[0].Key = canary }), withoutPoint},
	{"index of the label's key", labelOf(func(p *metricspb.NumberDataPoint) { p.Attributes[0].KeyStrindex = 1_234_554_321 }), all},
	{"identifier as a label", labelOf(func(p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, text("install_guid", validGUID))
	}), withoutPoint},
	{"labels on every point", points(func(p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, text("user.email", canary))
	}), nothing},
	{"undeclared value", labelIs(textValue(canary)), withoutPoint},
	{"declared value and more", labelOf(func(p *metricspb.NumberDataPoint) {
		p.Attributes[0].Value = textValue(p.Attributes[0].Value.GetStringValue() + canary)
	}), withoutPoint},
	{"declared value and a new line", labelOf(func(p *metricspb.NumberDataPoint) {
		p.Attributes[0].Value = textValue(p.Attributes[0].Value.GetStringValue() + "\n")
	}), withoutPoint},
	{"empty value", labelIs(textValue("")), withoutPoint},
	{"value of no type", labelIs(&commonpb.AnyValue{}), withoutPoint},
	{"value left out", labelIs(nil), withoutPoint},
	{"value as bytes", labelIs(bytesValue), withoutPoint},
	{"value as an integer", labelIs(intValue), withoutPoint},
	{"value as a double", labelIs(doubleValue), withoutPoint},
	{"value as a boolean", labelIs(boolValue), withoutPoint},
	{"value as a list", labelIs(listValue), withoutPoint},
	{"value as a map", labelIs(mapValue), withoutPoint},
	{"value as an index", labelIs(indexValue), withoutPoint},
	{"undeclared range", func(t *target) { t.size().Attributes[0].Value = textValue("12-13") }, func(base []row, t *target) []row {
		return difference(base, firstRow(base, t.sizesName()))
	}},
}
