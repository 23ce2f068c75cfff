package collector_test

import (
	"slices"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var hostileRequests = []hostile{
	{"no resources", func(t *target) { t.request.ResourceMetrics = nil }, nothing},
	{"an empty resource", func(t *target) { t.request.ResourceMetrics = []*metricspb.ResourceMetrics{{}} }, nothing},
	{"an empty resource beside", func(t *target) {
		t.request.ResourceMetrics = append(t.request.ResourceMetrics, &metricspb.ResourceMetrics{})
	}, all},
	// Each resource stands for itself: a proxy may collect reports and pass them on together.
	{"two installations", func(t *target) {
		t.request.ResourceMetrics = append(t.request.ResourceMetrics, report(t.catalog, validGUID).ResourceMetrics...)
	}, func(base []row, t *target) []row { return slices.Concat(base, rowsOf(t.catalog, validGUID)) }},
	{"a good one and a bad one", func(t *target) {
		t.request.ResourceMetrics = append(t.request.ResourceMetrics, report(t.catalog, canary).ResourceMetrics...)
	}, all},
	{"a bad one and a good one", func(t *target) {
		t.request.ResourceMetrics = append(report(t.catalog, canary).ResourceMetrics, t.request.ResourceMetrics...)
	}, all},
	{"an installation twice", func(t *target) {
		t.request.ResourceMetrics = append(t.request.ResourceMetrics, report(t.catalog, t.guid).ResourceMetrics...)
		t.request.ResourceMetrics[1].SchemaUrl = canary
	}, all},
	{"a point of each statistic in a resource of its own", func(t *target) {
		t.request.ResourceMetrics = nil
		for _, m := range t.scope.Metrics {
			r := report(t.catalog, t.guid).ResourceMetrics[0]
			r.Resource.Attributes = append(r.Resource.Attributes, text(canary, m.Name))
			r.ScopeMetrics[0].Metrics = []*metricspb.Metric{m}
			t.request.ResourceMetrics = append(t.request.ResourceMetrics, r)
		}
	}, all},
	{"deeply nested attributes", func(t *target) {
		v := textValue(canary)
		for range 500 {
			v = &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{Values: []*commonpb.AnyValue{v}}}}
		}
		t.resource.Resource.Attributes = append(t.resource.Resource.Attributes, &commonpb.KeyValue{Key: "deep", Value: v})
	}, all},
	{"text for fields that do not exist", func(t *target) {
		everyMessage(t.request.ProtoReflect(), func(m protoreflect.Message) { m.SetUnknown(unknown(90, 1999, 536870911)) })
	}, all},
	// Fields of earlier OTLP versions: labels of a point (1), metrics of an
	// instrumentation library (1000), integer gauges, sums, histograms (4, 6, 8).
	{"fields of old versions", func(t *target) {
		old := copyOf(t.scope)
		old.SchemaUrl, old.Scope.Name, old.Metrics[0].Name = canary, canary, canary
		t.resource.ProtoReflect().SetUnknown(oldScope(old))
		t.everyPoint(func(p *metricspb.NumberDataPoint) { p.ProtoReflect().SetUnknown(unknown(1)) })
		t.every(func(m *metricspb.Metric) { m.ProtoReflect().SetUnknown(unknown(4, 6, 8)) })
	}, all},
	{"an old integer sum only", func(t *target) {
		t.labelled.Data = nil
		t.labelled.ProtoReflect().SetUnknown(unknown(6))
	}, withoutLabelled},
	// The Collector takes these for scopes when there are none, so they have to pass the same steps.
	{"old metrics of a library only", func(t *target) {
		old := copyOf(t.scope)
		old.SchemaUrl, old.Scope.Name = canary, canary
		old.Metrics = append(old.Metrics, &metricspb.Metric{Name: canary})
		t.resource.ScopeMetrics = nil
		t.resource.ProtoReflect().SetUnknown(oldScope(old))
	}, all},
}

func oldScope(s *metricspb.ScopeMetrics) []byte {
	b, _ := proto.Marshal(s)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1000, protowire.BytesType), b)
}

// unknown holds fields of every wire type with a canary, under these numbers.
func unknown(numbers ...protowire.Number) (b []byte) {
	for _, n := range numbers {
		b = protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), protowire.AppendString([]byte{10}, canary))
		if n > 1000 {
			b = protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), canaryNumber)
			b = protowire.AppendFixed64(protowire.AppendTag(b, n, protowire.Fixed64Type), canaryNumber)
			b = protowire.AppendFixed32(protowire.AppendTag(b, n, protowire.Fixed32Type), 1_234_554_321)
		}
	}
	return b
}

// everyMessage calls f for a message and everything in it.
func everyMessage(m protoreflect.Message, f func(protoreflect.Message)) {
	f(m)
	m.Range(func(d protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case d.Message() == nil:
		case d.IsList():
			for i := range v.List().Len() {
				everyMessage(v.List().Get(i).Message(), f)
			}
		default:
			everyMessage(v.Message(), f)
		}
		return true
	})
}
