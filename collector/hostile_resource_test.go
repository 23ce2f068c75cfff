package collector_test

import (
	"strings"

	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
)

// guid replaces the identifier.
func guid(v *commonpb.AnyValue) func(*target) {
	return func(t *target) { t.resource.Resource.Attributes[0].Value = v }
}

func resourceAttributes(more ...*commonpb.KeyValue) func(*target) {
	return func(t *target) {
		t.resource.Resource.Attributes = append(t.resource.Resource.Attributes, more...)
	}
}

var (
	listValue = &commonpb.AnyValue{Value: &commonpb.AnyValue_ArrayValue{ArrayValue: &commonpb.ArrayValue{
		Values: []*commonpb.AnyValue{textValue(canary), textValue(validGUID)}}}}
	mapValue = &commonpb.AnyValue{Value: &commonpb.AnyValue_KvlistValue{KvlistValue: &commonpb.KeyValueList{
		Values: []*commonpb.KeyValue{text(canary, canary), text("install_guid", validGUID)}}}}
	bytesValue  = &commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: canaryID}}
	intValue    = &commonpb.AnyValue{Value: &commonpb.AnyValue_IntValue{IntValue: canaryNumber}}
	doubleValue = &commonpb.AnyValue{Value: &commonpb.AnyValue_DoubleValue{DoubleValue: canaryNumber}}
	boolValue   = &commonpb.AnyValue{Value: &commonpb.AnyValue_BoolValue{BoolValue: true}}
	indexValue  = &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValueStrindex{StringValueStrindex: 1_234_554_321}}
)

const validGUID = "3f2b8c1e-9a4d-4e6f-8b7a-0c1d2e3f4a5b"

var hostileResources = []hostile{
	{"attributes beside the identifier", resourceAttributes(text("host.name", canary), text("service.name", canary),
		&commonpb.KeyValue{Key: "list", Value: listValue}, &commonpb.KeyValue{Key: canary, Value: mapValue},
		&commonpb.KeyValue{Key: "bytes", Value: bytesValue}, &commonpb.KeyValue{Key: "n", Value: intValue}), all},
	{"an attribute twice", resourceAttributes(text("host.name", canary), text("host.name", canary)), all},
	{"a second identifier", resourceAttributes(text("install_guid", canary)), all},
	{"a second identifier of another type", resourceAttributes(&commonpb.KeyValue{Key: "install_guid", Value: mapValue}), all},
	{"a second identifier first", func(t *target) {
		t.resource.Resource.Attributes = append([]*commonpb.KeyValue{text("install_guid", canary)}, t.resource.Resource.Attributes...)
	}, nothing},
	{"no identifier", func(t *target) { t.resource.Resource.Attributes = nil }, nothing},
	{"no resource", func(t *target) { t.resource.Resource = nil }, nothing},
	{"identifier under another key", func(t *target) { t.resource.Resource.Attributes[0].Key = "install.guid" }, nothing},
	{"empty identifier", guid(textValue("")), nothing},
	{"identifier without a value", guid(nil), nothing},
	{"identifier of no type", guid(&commonpb.AnyValue{}), nothing},
	{"e-mail address as identifier", guid(textValue(canary + "@example.com")), nothing},
	{"identifier of version 1", guid(textValue("560eee90-5fca-11eb-988b-0242ac120003")), nothing},
	{"identifier of version 5", guid(textValue("3f2b8c1e-9a4d-5e6f-8b7a-0c1d2e3f4a5b")), nothing},
	{"identifier of another variant", guid(textValue("3f2b8c1e-9a4d-4e6f-cb7a-0c1d2e3f4a5b")), nothing},
	{"nil identifier", guid(textValue("00000000-0000-0000-0000-000000000000")), nothing},
	{"upper-case identifier", guid(textValue(strings.ToUpper(validGUID))), nothing},
	{"identifier in braces", guid(textValue("{" + validGUID + "}")), nothing},
	{"identifier as a URN", guid(textValue("urn:uuid:" + validGUID)), nothing},
	{"identifier and a new line", guid(textValue(validGUID + "\n")), nothing},
	{"new line and identifier", guid(textValue("\n" + validGUID)), nothing},
	{"identifier and a line of text", guid(textValue(validGUID + "\n" + canary)), nothing},
	{"line of text and identifier", guid(textValue(canary + "\n" + validGUID)), nothing},
	{"identifier and a zero byte", guid(textValue(validGUID + "\x00" + canary)), nothing},
	{"identifier as bytes", guid(bytesValue), nothing},
	{"identifier as the bytes of its text", guid(&commonpb.AnyValue{Value: &commonpb.AnyValue_BytesValue{BytesValue: []byte(validGUID)}}), nothing},
	{"identifier as an integer", guid(intValue), nothing},
	{"identifier as a double", guid(doubleValue), nothing},
	{"identifier as a boolean", guid(boolValue), nothing},
	{"identifier as a list", guid(listValue), nothing},
	{"identifier as a map", guid(mapValue), nothing},
	{"identifier as an index", guid(indexValue), nothing},
	{"index of the identifier's key", func(t *target) { t.resource.Resource.Attributes[0].KeyStrindex = 1_234_554_321 }, all},
	{"entity references", func(t *target) {
		t.resource.Resource.EntityRefs = []*commonpb.EntityRef{{SchemaUrl: canary, Type: canary,
			IdKeys: []string{canary, "install_guid"}, DescriptionKeys: []string{canary}}}
	}, all},
	{"count of dropped resource attributes", func(t *target) { t.resource.Resource.DroppedAttributesCount = 1_234_554_321 }, all},
	{"schema URL of the resource", func(t *target) { t.resource.SchemaUrl = "https://" + canary }, all},
}

var hostileScopes = []hostile{
	{"no scope", func(t *target) { t.scope.Scope = nil }, all},
	{"name of the scope", func(t *target) { t.scope.Scope.Name = canary }, all},
	{"version of the scope", func(t *target) { t.scope.Scope.Version = canary }, all},
	{"attributes of the scope", func(t *target) {
		t.scope.Scope.Attributes = []*commonpb.KeyValue{text(canary, canary), text(canary, canary), {Key: "m", Value: mapValue}}
	}, all},
	{"count of dropped scope attributes", func(t *target) { t.scope.Scope.DroppedAttributesCount = 1_234_554_321 }, all},
	{"schema URL of the scope", func(t *target) { t.scope.SchemaUrl = "https://" + canary }, all},
	{"no scopes", func(t *target) { t.resource.ScopeMetrics = nil }, nothing},
	{"a scope without metrics", func(t *target) { t.scope.Metrics = nil }, nothing},
	{"everything in the resource", func(t *target) {
		t.resource.Resource = &resourcepb.Resource{DroppedAttributesCount: 1_234_554_321,
			Attributes: []*commonpb.KeyValue{text("install_guid", t.guid), text("install_guid", canary), text(canary, canary)},
			EntityRefs: []*commonpb.EntityRef{{Type: canary}}}
		t.resource.SchemaUrl = canary
	}, all},
}
