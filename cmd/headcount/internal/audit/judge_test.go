package audit

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/schema"
)

const guid = "3f2b8c1e-9a4d-4e6f-8b7a-0c1d2e3f4a5b"

var now = time.Date(2026, time.November, 26, 13, 0, 0, 0, time.UTC)

func list(t testing.TB) *List {
	t.Helper()
	s, err := schema.Load("compreface")
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewList(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// good is a report as the Collector writes it.
var good = strings.ReplaceAll(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"`+guid+`"}}]},`+
	`"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[`+
	`{"name":"compreface.user.created","unit":"{user}","sum":{"dataPoints":[{"timeUnixNano":"TODAY","asInt":"7"}],"aggregationTemporality":2,"isMonotonic":true}},`+
	`{"name":"headcount.erasure.requested","unit":"{request}","gauge":{"dataPoints":[{"timeUnixNano":"TODAY","asInt":"1"}]}},`+
	`{"name":"compreface.collection.count","unit":"{collection}","gauge":{"dataPoints":[`+
	`{"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"1-10"}}],"timeUnixNano":"TODAY","asInt":"3"}]}}`+
	`]}]}]}`, "TODAY", fmt.Sprint(now.Truncate(24*time.Hour).UnixNano()))

func TestJudgeAccepts(t *testing.T) {
	for name, text := range map[string]string{
		"a report":            good,
		"spaces":              strings.ReplaceAll(good, `,"`, ` , "`),
		"empty fields":        strings.Replace(good, `{"name":"headcount"}`, `{"name":"headcount","version":"","attributes":[],"droppedAttributesCount":0}`, 1),
		"a scope that is new": strings.Replace(good, `"scope":{"name":"headcount"}`, `"scope":{}`, 1),
	} {
		rows, deviations := list(t).Judge([]byte(text), now)
		if len(rows) != 3 || len(deviations) > 0 {
			t.Errorf("%s: got %d rows and %q, want 3 and nothing", name, len(rows), deviations)
		}
	}
}

// Each of these differs from a good report in one place, and is named.
func TestJudgeRefuses(t *testing.T) {
	for _, test := range []struct {
		carrier  Carrier
		old, new string
	}{
		{Delivery, good, good[:len(good)-3]},
		{Delivery, good, good + "{}"},
		{Signal, `{"resourceMetrics"`, `{"resourceLogs":[{}],"resourceMetrics"`},
		{UnknownField, `{"resourceMetrics"`, `{"x":1,"resourceMetrics"`},
		{UnknownField, `"scope":{"name":"headcount"}`, `"scope":{"name":"headcount","name":"headcount"}`},
		{UnknownField, `"scopeMetrics":[`, `"scopeMetrics":{},"x":[`},
		{Identifier, guid, "560eee90-5fca-11eb-988b-0242ac120003"},
		{Identifier, guid, strings.ToUpper(guid)},
		{Identifier, guid, guid + `\n`},
		{Identifier, `{"key":"install_guid","value":{"stringValue":"` + guid + `"}}`, ""},
		{ResourceAttribute, `{"key":"install_guid"`, `{"key":"host.name","value":{"stringValue":"x"}},{"key":"install_guid"`},
		{ResourceAttribute, `{"key":"install_guid"`, `{"key":"install_guid","value":{"stringValue":"x"}},{"key":"install_guid"`},
		{ResourceAttribute, `{"stringValue":"` + guid + `"}`, `{"intValue":"1"}`},
		{EntityRef, `]},"scopeMetrics"`, `],"entityRefs":[{"type":"x"}]},"scopeMetrics"`},
		{Dropped, `]},"scopeMetrics"`, `],"droppedAttributesCount":1},"scopeMetrics"`},
		{ResourceSchema, `,"scopeMetrics"`, `,"schemaUrl":"x","scopeMetrics"`},
		{ScopeSchema, `"metrics":[`, `"schemaUrl":"x","metrics":[`},
		{ScopeName, `"headcount"}`, `"http.server"}`},
		{ScopeVersion, `"headcount"}`, `"headcount","version":"1"}`},
		{ScopeAttribute, `"headcount"}`, `"headcount","attributes":[{"key":"a"}]}`},
		{MetricName, `"compreface.user.created"`, `"compreface.user.deleted"`},
		{Description, `"unit":"{user}"`, `"unit":"{user}","description":"x"`},
		{Metadata, `"unit":"{user}"`, `"unit":"{user}","metadata":[{"key":"a"}]`},
		{Unit, `{user}`, `1`},
		{Kind, `"sum":`, `"gauge":`},
		{Kind, `"sum":`, `"histogram":`},
		{Temporality, `"aggregationTemporality":2`, `"aggregationTemporality":1`},
		{Temporality, `"isMonotonic":true`, `"isMonotonic":false`},
		{Label, `"1-10"`, `"12"`},
		{Label, `[{"key":"compreface.faces.range"`, `[{"key":"a","value":{"stringValue":"b"}},{"key":"compreface.faces.range"`},
		{Label, `{"stringValue":"1-10"}`, `{"boolValue":true}`},
		{Value, `"asInt":"7"`, `"asInt":"-7"`},
		{Value, `"asInt":"7"`, `"asInt":"1000000000001"`},
		{Value, `"asInt":"7"`, `"asDouble":7`},
		{Time, `000000","asInt":"7"`, `000001","asInt":"7"`},
		{Time, fmt.Sprint(now.Truncate(24 * time.Hour).UnixNano()), "0"},
		{StartTime, `"asInt":"7"`, `"startTimeUnixNano":"1","asInt":"7"`},
		{Flags, `"asInt":"7"`, `"flags":1,"asInt":"7"`},
		{Exemplar, `"asInt":"7"`, `"exemplars":[{}],"asInt":"7"`},
		{Twice, `"dataPoints":[{`, `"dataPoints":[{"timeUnixNano":"` + fmt.Sprint(now.Truncate(24*time.Hour).UnixNano()) + `","asInt":"7"},{`},
	} {
		text := strings.Replace(good, test.old, test.new, 1)
		if text == good {
			t.Fatalf("%s: nothing changed by %q", test.carrier, test.old)
		}
		_, deviations := list(t).Judge([]byte(text), now)
		if !slices.ContainsFunc(deviations, func(d Deviation) bool { return d.Carrier == test.carrier && len(d.Bytes) > 0 }) {
			t.Errorf("%s: %q for %q: got %q", test.carrier, test.new, test.old, deviations)
		}
	}
}

func TestPieces(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"lines":               {"{}\n\n{}\n", []string{"{}", "{}"}},
		"two on a line":       {good + good + "\n", []string{good, good}},
		"torn at a bracket":   {`{"resourceMetrics":[` + good + "\n", []string{`{"resourceMetrics":[`, good}},
		"the text of a begin": {strings.Replace(good, "{user}", `{\"resourceMetrics\":`, 1), []string{strings.Replace(good, "{user}", `{\"resourceMetrics\":`, 1)}},
		"logs":                {`{"resourceLogs":[]}` + good, []string{`{"resourceLogs":[]}`, good}},
		"nothing":             {"", nil},
	} {
		var got []string
		for _, p := range Pieces([]byte(test.text)) {
			got = append(got, string(p))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// An open schema is no list.
func TestNewListNeedsACatalog(t *testing.T) {
	if _, err := NewList(schema.New()); err == nil {
		t.Error("an open schema is taken for a list")
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(good))
	l := list(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, _ := l.Judge(text, now)
		for _, r := range rows {
			if r.Value < 0 || r.Value > l.Max() {
				t.Errorf("%q: got the row %v", text, r)
			}
		}
	})
}
