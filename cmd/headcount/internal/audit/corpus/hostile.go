package corpus

import (
	"math"
	"slices"
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"headcount.example/cmd/headcount/internal/audit"
)

// A hostile case hides a canary in a report, or makes it say what is not on
// the list.
type hostile struct {
	carrier audit.Carrier
	name    string
	change  func(*report) bool // false where the catalog has no such part
}

// always is a change that every report has a place for.
func always(c audit.Carrier, name string, change func(*report)) hostile {
	return hostile{c, name, func(r *report) bool { change(r); return true }}
}

// onCounter changes the first counter, or the report where there is none.
func onCounter(c audit.Carrier, name string, change func(*report, *metricspb.Metric)) hostile {
	return hostile{c, name, func(r *report) bool {
		if r.counter == nil {
			return false
		}
		change(r, r.counter)
		return true
	}}
}

// onPoint changes every point.
func onPoint(c audit.Carrier, name string, change func(*report, *metricspb.NumberDataPoint)) hostile {
	return hostile{c, name, func(r *report) bool {
		return r.every(func(p *metricspb.NumberDataPoint) { change(r, p) })
	}}
}

// values are a canary in every type that OTLP has.
func values(mark string) []*commonpb.AnyValue {
	return []*commonpb.AnyValue{
		textValue(mark),
		{Value: &commonpb.AnyValue_BytesValue{BytesValue: []byte(mark)}},
		{Value: &commonpb.AnyValue_IntValue{IntValue: 1_234_554_321}},
		{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: 1_234_554_321.5}},
		{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}},
		{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: []*commonpb.AnyValue{textValue(mark)}}}},
		{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{Values: []*commonpb.KeyValue{text(mark, mark)}}}},
		{},
		nil,
	}
}

// attributes are one of each type.
func attributes(mark string) (list []*commonpb.KeyValue) {
	for _, v := range values(mark) {
		list = append(list, &commonpb.KeyValue{Key: "user.email", Value: v})
	}
	return append(list, text(mark, mark), text(mark, mark))
}

func identifier(name string, of func(r *report) *commonpb.AnyValue) hostile {
	return always(audit.Identifier, name, func(r *report) { r.resource.Resource.Attributes[0].Value = of(r) })
}

func identifierText(name string, of func(guid, mark string) string) hostile {
	return identifier(name, func(r *report) *commonpb.AnyValue { return textValue(of(r.guid, r.mark)) })
}

// withValues are cases for each type of a value.
func withValues(c audit.Carrier, name string, change func(*report, *commonpb.AnyValue) bool) (list []hostile) {
	for i, kind := range []string{"text", "bytes", "integer", "double", "boolean", "list", "map", "no type", "nothing"} {
		list = append(list, hostile{c, name + ": " + kind, func(r *report) bool { return change(r, values(r.mark)[i]) }})
	}
	return list
}

var hostileResources = slices.Concat([]hostile{
	always(audit.ResourceAttribute, "attributes beside the identifier", func(r *report) {
		r.resource.Resource.Attributes = append(r.resource.Resource.Attributes, text("host.name", r.mark), text("service.name", r.mark), text("client.address", r.mark))
	}),
	always(audit.ResourceAttribute, "attributes of every type, and twice", func(r *report) {
		r.resource.Resource.Attributes = append(r.resource.Resource.Attributes, attributes(r.mark)...)
	}),
	always(audit.ResourceAttribute, "attributes before the identifier", func(r *report) {
		r.resource.Resource.Attributes = append(attributes(r.mark), r.resource.Resource.Attributes...)
	}),
	always(audit.Identifier, "a second one", func(r *report) {
		r.resource.Resource.Attributes = append(r.resource.Resource.Attributes, text("install_guid", r.mark))
	}),
	always(audit.Identifier, "a second one, first", func(r *report) {
		r.resource.Resource.Attributes = append([]*commonpb.KeyValue{text("install_guid", r.mark)}, r.resource.Resource.Attributes...)
	}),
	always(audit.Identifier, "none", func(r *report) { r.resource.Resource.Attributes = nil }),
	always(audit.Identifier, "no resource", func(r *report) { r.resource.Resource = nil }),
	always(audit.Identifier, "under another key", func(r *report) { r.resource.Resource.Attributes[0].Key = "install.guid" }),
	identifierText("empty", func(string, string) string { return "" }),
	identifierText("an e-mail address", func(_, mark string) string { return mark + "@example.com" }),
	identifierText("a UUID of version 1, with address and time", func(string, string) string { return "560eee90-5fca-11eb-988b-0242ac120003" }),
	identifierText("a UUID of version 5", func(string, string) string { return "3f2b8c1e-9a4d-5e6f-8b7a-0c1d2e3f4a5b" }),
	identifierText("of another variant", func(string, string) string { return "3f2b8c1e-9a4d-4e6f-cb7a-0c1d2e3f4a5b" }),
	identifierText("in upper case", func(guid, _ string) string { return "A" + strings.ToUpper(guid[1:]) }),
	identifierText("in braces", func(guid, _ string) string { return "{" + guid + "}" }),
	identifierText("and a new line", func(guid, _ string) string { return guid + "\n" }),
	identifierText("and more after a new line", func(guid, mark string) string { return guid + "\n" + mark }),
	identifierText("and more before a new line", func(guid, mark string) string { return mark + "\n" + guid }),
	identifierText("and more", func(guid, mark string) string { return guid + mark }),
	identifierText("after more", func(guid, mark string) string { return mark + guid }),
	always(audit.EntityRef, "entity references", func(r *report) {
		r.resource.Resource.EntityRefs = []*commonpb.EntityRef{{SchemaUrl: r.mark, Type: r.mark, IdKeys: []string{r.mark, "install_guid"}, DescriptionKeys: []string{r.mark}}}
	}),
	always(audit.ResourceSchema, "schema URL", func(r *report) { r.resource.SchemaUrl = "https://" + r.mark }),
	always(audit.Dropped, "count of the resource", func(r *report) { r.resource.Resource.DroppedAttributesCount = 1_234_554_321 }),
	always(audit.Dropped, "count of the scope", func(r *report) { r.scope.Scope.DroppedAttributesCount = 1_234_554_321 }),
	always(audit.ScopeName, "another name", func(r *report) { r.scope.Scope.Name = r.mark }),
	always(audit.ScopeName, "a scope for each metric", func(r *report) {
		r.resource.ScopeMetrics = nil
		for _, m := range r.scope.Metrics {
			r.resource.ScopeMetrics = append(r.resource.ScopeMetrics, &metricspb.ScopeMetrics{
				Scope: &commonpb.InstrumentationScope{Name: r.mark}, Metrics: []*metricspb.Metric{m}})
		}
	}),
	always(audit.ScopeVersion, "version", func(r *report) { r.scope.Scope.Version = r.mark }),
	always(audit.ScopeAttribute, "attributes", func(r *report) { r.scope.Scope.Attributes = attributes(r.mark) }),
	always(audit.ScopeSchema, "schema URL", func(r *report) { r.scope.SchemaUrl = "https://" + r.mark }),
	always(audit.UnknownField, "deprecated field of the resource", func(r *report) { r.resource.ProtoReflect().SetUnknown(unknownText(1000, r.mark)) }),
	always(audit.UnknownField, "of every part", func(r *report) {
		for _, m := range []proto.Message{r.data, r.resource, r.resource.Resource, r.scope, r.scope.Scope} {
			m.ProtoReflect().SetUnknown(unknownText(777, r.mark))
		}
		r.every(func(p *metricspb.NumberDataPoint) { p.ProtoReflect().SetUnknown(unknownText(1, r.mark)) }) // was labels
	}),
}, withValues(audit.Identifier, "of another type", func(r *report, v *commonpb.AnyValue) bool {
	r.resource.Resource.Attributes[0].Value = v
	return true
}))

var hostilePoints = slices.Concat([]hostile{
	onPoint(audit.StartTime, "when the process started", func(_ *report, p *metricspb.NumberDataPoint) { p.StartTimeUnixNano = 1_700_000_000_123_456_789 }),
	onPoint(audit.StartTime, "the latest", func(_ *report, p *metricspb.NumberDataPoint) { p.StartTimeUnixNano = math.MaxUint64 }),
	onPoint(audit.Time, "in nanoseconds", func(_ *report, p *metricspb.NumberDataPoint) { p.TimeUnixNano = 1_700_000_000_123_456_789 }),
	onPoint(audit.Time, "the latest", func(_ *report, p *metricspb.NumberDataPoint) { p.TimeUnixNano = math.MaxUint64 }),
	onPoint(audit.Time, "none", func(_ *report, p *metricspb.NumberDataPoint) { p.TimeUnixNano = 0 }),
	onPoint(audit.Flags, "no recorded value", func(_ *report, p *metricspb.NumberDataPoint) { p.Flags = 1 }),
	onPoint(audit.Flags, "free bits", func(_ *report, p *metricspb.NumberDataPoint) { p.Flags = 1_234_554_322 }),
	onPoint(audit.Exemplar, "with trace, span and attributes", func(r *report, p *metricspb.NumberDataPoint) { p.Exemplars = exemplars(r.mark) }),
	onPoint(audit.Value, "double", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = double(3.25) }),
	onPoint(audit.Value, "whole double", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = double(7) }),
	onPoint(audit.Value, "negative double", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = double(-7.5) }),
	onPoint(audit.Value, "not a number", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = double(math.NaN()) }),
	onPoint(audit.Value, "infinity", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = double(math.Inf(1)) }),
	onPoint(audit.Value, "negative", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = integer(-1) }),
	onPoint(audit.Value, "the smallest", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = integer(math.MinInt64) }),
	onPoint(audit.Value, "one too large", func(r *report, p *metricspb.NumberDataPoint) { p.Value = integer(r.corpus.list.Max() + 1) }),
	onPoint(audit.Value, "a number with a meaning", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = integer(4_917_012_345_678_901) }),
	onPoint(audit.Value, "the largest", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = integer(math.MaxInt64) }),
	onPoint(audit.Value, "none", func(_ *report, p *metricspb.NumberDataPoint) { p.Value = nil }),
	onPoint(audit.Label, "one more", func(r *report, p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, text("user.email", r.mark))
	}),
	onPoint(audit.Label, "one more, first", func(r *report, p *metricspb.NumberDataPoint) {
		p.Attributes = append([]*commonpb.KeyValue{text("user.email", r.mark)}, p.Attributes...)
	}),
	onPoint(audit.Label, "of every type", func(r *report, p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, attributes(r.mark)...)
	}),
	onPoint(audit.Label, "the identifier", func(r *report, p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, text("install_guid", r.guid))
	}),
	onLabel("twice", func(r *report, p *metricspb.NumberDataPoint) {
		p.Attributes = append(p.Attributes, text(p.Attributes[0].Key, r.mark))
	}),
	onLabel("under another key", func(r *report, p *metricspb.NumberDataPoint) { p.Attributes[0].Key = r.mark }),
	onLabel("a value and more", func(r *report, p *metricspb.NumberDataPoint) {
		p.Attributes[0].Value = textValue(p.Attributes[0].Value.GetStringValue() + r.mark)
	}),
	onLabel("a value and a new line", func(_ *report, p *metricspb.NumberDataPoint) {
		p.Attributes[0].Value = textValue(p.Attributes[0].Value.GetStringValue() + "\n")
	}),
	onLabel("left out", func(_ *report, p *metricspb.NumberDataPoint) { p.Attributes = nil }),
}, withValues(audit.Label, "undeclared value", func(r *report, v *commonpb.AnyValue) bool {
	found := false
	r.every(func(p *metricspb.NumberDataPoint) {
		for _, a := range p.Attributes {
			a.Value, found = v, true
		}
	})
	return found
}))

// onLabel changes the points that have labels.
func onLabel(name string, change func(*report, *metricspb.NumberDataPoint)) hostile {
	return hostile{audit.Label, name, func(r *report) (found bool) {
		r.every(func(p *metricspb.NumberDataPoint) {
			if len(p.Attributes) > 0 {
				change(r, p)
				found = true
			}
		})
		return found
	}}
}

// exemplars hold everything that an exemplar can carry.
func exemplars(mark string) []*metricspb.Exemplar {
	id := []byte(mark + strings.Repeat("q", 16))
	return []*metricspb.Exemplar{{FilteredAttributes: attributes(mark), TimeUnixNano: 1_700_000_000_123_456_789,
		TraceId: id[:16], SpanId: id[:8], Value: &metricspb.Exemplar_AsInt{AsInt: 1_234_554_321}}}
}

var hostiles = slices.Concat(hostileResources, hostileMetrics, hostilePoints)
