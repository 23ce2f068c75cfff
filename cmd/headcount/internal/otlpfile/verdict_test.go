package otlpfile

import (
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

const (
	service    = "compreface.service.created"
	serviceKey = "compreface.service.type"
	faces      = "compreface.collection.count"
	facesKey   = "compreface.faces.range"
)

// What is a report of a closed schema, and why not.
func TestVerdict(t *testing.T) {
	good := reportOf(someGUID, users("1"))
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	attribute := `{"key":"install_guid","value":{"stringValue":"` + someGUID + `"}}`
	at := func(nanos string) string { return with(`"`+someDay+`"`, nanos) }
	valued := func(value string) string { return reportOf(someGUID, sum("compreface.user.created", pointOf(value))) }
	labelled := func(labels ...string) string {
		return reportOf(someGUID, sum(service, pointOf(`"1"`, labels...)))
	}
	for _, test := range []struct{ name, report, want string }{
		{"a report", good, "1"},
		{"an upper-case identifier", with(someGUID, strings.ToUpper(someGUID)), answer.BadGUID},
		{"version 1", with("-4e3f-", "-1e3f-"), answer.BadGUID},
		{"version 5", with("-4e3f-", "-5e3f-"), answer.BadGUID},
		{"variant 0111", with("-9b70-", "-7b70-"), answer.BadGUID},
		{"variant 1000", with("-9b70-", "-8b70-"), "1"},
		{"variant 1011", with("-9b70-", "-bb70-"), "1"},
		{"variant 1100", with("-9b70-", "-cb70-"), answer.BadGUID},
		{"an identifier without hyphens", with(someGUID, strings.ReplaceAll(someGUID, "-", "")), answer.BadGUID},
		{"an identifier in braces", with(someGUID, "{"+someGUID+"}"), answer.BadGUID},
		{"an identifier one digit short", with(someGUID, someGUID[:35]), answer.BadGUID},
		{"an identifier one digit long", with(someGUID, someGUID+"0"), answer.BadGUID},
		{"a letter that is no digit", with("19850a00", "19850g00"), answer.BadGUID},
		{"the empty identifier", with(someGUID, ""), answer.BadGUID},
		{"no attribute", with(attribute, ""), answer.BadGUID},
		{"another attribute alone", with("install_guid", "host.name"), answer.BadGUID},
		{"two identifiers", with(attribute, attribute+","+attribute), answer.BadGUID},
		{"an identifier that is a number", with(`"stringValue":"`+someGUID+`"`, `"intValue":"1"`), answer.BadGUID},
		{"an identifier that is bytes", with(`"stringValue":"`+someGUID+`"`, `"bytesValue":"MTk4NTBhMDA="`), answer.BadGUID},
		{"an identifier without a value", with(`{"stringValue":"`+someGUID+`"}`, `null`), answer.BadGUID},
		{"another attribute beside", with(attribute, attribute+`,{"key":"host.name","value":{"stringValue":"a"}}`), answer.UnwantedExtras},
		{"an escaped identifier", with("19850a00", `\u00319850a00`), "1"},

		{"an unknown metric", with("compreface.user.created", "compreface.user.deleted"), answer.UnknownMetric},
		{"a metric without a name", with(`"name":"compreface.user.created",`, ""), answer.UnknownMetric},
		{"another product's metric", reportOf(someGUID, sum("affiliate.action", pointOf(`"1"`))), answer.UnknownMetric},
		{"one unknown metric of two", reportOf(someGUID, users("1")+","+sum("a.b", pointOf(`"1"`))), answer.UnknownMetric},
		{"an unknown metric without points", reportOf(someGUID, users("1")+","+sum("a.b", "")), answer.UnknownMetric},

		{"not monotonic", with(`"isMonotonic":true`, `"isMonotonic":false`), answer.WrongKind},
		{"monotonic is missing", with(`,"isMonotonic":true`, ``), answer.WrongKind},
		{"delta", with(`Temporality":2`, `Temporality":1`), answer.WrongKind},
		{"unspecified temporality", with(`Temporality":2`, `Temporality":0`), answer.WrongKind},
		{"temporality by its name", with(`Temporality":2`, `Temporality":"AGGREGATION_TEMPORALITY_CUMULATIVE"`), "1"},
		{"a counter as a gauge", reportOf(someGUID, gauge("compreface.user.created", pointOf(`"1"`))), answer.WrongKind},
		{"a counter as a histogram", with(`"sum":`, `"histogram":`), answer.WrongKind},
		{"a metric without a type", reportOf(someGUID, `{"name":"compreface.user.created"}`), answer.WrongKind},
		{"a range as a sum", reportOf(someGUID, sum(faces, pointOf(`"1"`, facesKey, "0"))), answer.WrongKind},

		{"a label", labelled(serviceKey, "FACE_DETECTION"), service + "{compreface.service.type=FACE_DETECTION}=1"},
		{"a label too many", labelled(serviceKey, "FACE_DETECTION", "a", "b"), answer.UnknownLabel},
		{"a label twice", labelled(serviceKey, "FACE_DETECTION", serviceKey, "FACE_DETECTION"), answer.UnknownLabel},
		{"no label", labelled(), answer.UnknownLabel},
		{"another key", labelled("service.type", "FACE_DETECTION"), answer.UnknownLabel},
		{"another value", labelled(serviceKey, "FACE_DETECTIO"), answer.UnknownLabel},
		{"the empty value", labelled(serviceKey, ""), answer.UnknownLabel},
		{"a label where none is declared", reportOf(someGUID, sum("compreface.user.created", pointOf(`"1"`, "a", "b"))), answer.UnknownLabel},
		{"a label that is a number", strings.Replace(labelled(serviceKey, "x"), `"stringValue":"x"`, `"intValue":"1"`, 1), answer.UnknownLabel},
		{"a range", reportOf(someGUID, gauge(faces, pointOf(`"3"`, facesKey, "11-50"))), faces + "{compreface.faces.range=11-50}=3"},
		{"an unknown range", reportOf(someGUID, gauge(faces, pointOf(`"3"`, facesKey, "11-51"))), answer.UnknownLabel},

		{"a number as a number", valued("7"), "7"},
		{"zero", valued(`"0"`), "0"},
		{"minus zero", valued(`-0`), "0"},
		{"below zero", valued(`"-1"`), answer.AbsurdValue},
		{"below the largest", valued(`"999999999999"`), "999999999999"},
		{"the largest", valued(`"1000000000000"`), "1000000000000"},
		{"the largest as a number", valued(`1000000000000`), "1000000000000"},
		{"above the largest as a number", valued(`1000000000001`), answer.AbsurdValue},
		{"above the largest", valued(`"1000000000001"`), answer.AbsurdValue},
		{"the largest number there is", valued(`"9223372036854775807"`), answer.AbsurdValue},
		{"2^63", valued(`"9223372036854775808"`), answer.AbsurdValue},
		{"2^63 as a number", valued(`9223372036854775808`), answer.AbsurdValue},
		{"-2^63-1", valued(`-9223372036854775809`), answer.AbsurdValue},
		{"a fraction", valued(`1.5`), answer.AbsurdValue},
		{"a fraction as a text", valued(`"1.5"`), answer.AbsurdValue},
		{"an exponent", valued(`1e3`), answer.AbsurdValue},
		{"null", valued(`null`), answer.AbsurdValue},
		{"true", valued(`true`), answer.AbsurdValue},
		{"a text", valued(`"many \" , } "`), answer.AbsurdValue},
		{"a double that is none", with(`"asInt":"1"`, `"as_double" : "x"`), answer.AbsurdValue},
		{"a fraction in a report without an identifier", strings.Replace(valued("1.5"), guidKey, "a", 1), answer.BadGUID},
		{"leading zeros", valued(`"007"`), "7"},
		{"a double", with(`"asInt":"1"`, `"asDouble":1`), answer.AbsurdValue},
		{"no value", with(`,"asInt":"1"`, ``), answer.AbsurdValue},
		{"a point that says it has no value", with(`"asInt":"1"`, `"asInt":"1","flags":1`), answer.AbsurdValue},
		{"an absurd range", reportOf(someGUID, gauge(faces, pointOf(`"-3"`, facesKey, "11-50"))), answer.AbsurdValue},

		{"no scope", with(`{"scope":{"name":"headcount"},"metrics":[`+users("1")+`]}`, ""), answer.NoPoints},
		{"no metric", reportOf(someGUID, ""), answer.NoPoints},
		{"no point", reportOf(someGUID, sum("compreface.user.created", "")), answer.NoPoints},

		{"no time", with(`"timeUnixNano":"`+someDay+`",`, ``), answer.WrongDay},
		{"time 0", at(`"0"`), answer.WrongDay},
		{"1970", at(`"86400000000000"`), answer.WrongDay},
		{"the last moment of 2019", at(`"1577836799999999999"`), answer.WrongDay},
		{"the first moment of 2020", at(`"1577836800000000000"`), "1"},
		{"the last moment of 2099", at(`"4102444799999999999"`), "1"},
		{"the first moment of 2100", at(`"4102444800000000000"`), answer.WrongDay},
		{"the last moment there is", at(`"18446744073709551615"`), answer.WrongDay},
		{"2^64", at(`"18446744073709551616"`), answer.WrongDay},
		{"a time before 1970", at(`"-1"`), answer.WrongDay},
		{"a time that is a text", at(`"today"`), answer.WrongDay},
		{"one time of two that is a text", reportOf(someGUID, sum("compreface.user.created", pointOf(`"1"`)+","+strings.Replace(pointOf(`"1"`), someDay, "x", 1))), answer.WrongDay},
		{"time as a number", at(someDay), "1"},
		{"another name of the time", with("timeUnixNano", "time_unix_nano"), "1"},

		{"a counter twice, larger first", reportOf(someGUID, users("5")+","+users("3")), "5"},
		{"a counter twice, larger last", reportOf(someGUID, users("3")+","+users("5")), "5"},
		{"a range twice", reportOf(someGUID, gauge(faces, pointOf(`"5"`, facesKey, "0")+","+pointOf(`"3"`, facesKey, "0"))), faces + "{compreface.faces.range=0}=3"},

		{"a description, metadata, another unit", with(`"unit":"{user}"`, `"unit":"1","description":"x","metadata":[{"key":"a","value":{}}]`), "1"},
		{"a start time and exemplars", with(`"asInt"`, `"startTimeUnixNano":"5","exemplars":[{"asInt":"1"}],"asInt"`), "1"},
		{"another scope with attributes", with(`{"name":"headcount"}`, `{"name":"x","version":"1","attributes":[{"key":"a","value":{}}]}`), "1"},
		{"fields that OTLP does not know", with(`"unit"`, `"x":[{"y":null}],"unit"`), "1"},
		{"schema URLs and entity references", with(`]},"scopeM`, `],"entityRefs":[{"type":"x"}]},"schemaUrl":"u","scopeM`), "1"},
		{"two scopes", with(`]}]}]}`, `]},{"scope":{},"metrics":[`+users("4")+`]}]}]}`), "4"},

		{"the identifier before the extras", with(attribute, `{"key":"a","value":{}}`), answer.BadGUID},
		{"the extras before the metrics", with(attribute, attribute+`,{"key":"a","value":{}},{"key":"a","value":{}}`), answer.UnwantedExtras},
		{"the first metric before the second", reportOf(someGUID, sum("compreface.user.created", pointOf(`"-1"`))+","+sum("a", "")), answer.AbsurdValue},
		{"the metric before the day", with(someDay+`","asInt":"1"`, `0","asInt":"-1"`), answer.AbsurdValue},
		{"the points before the day", reportOf(someGUID, sum("compreface.user.created", "")), answer.NoPoints},
	} {
		s := load(t, "compreface")
		f, _ := read(t, test.report+"\n", s)
		if len(f.lines) != 1 {
			t.Errorf("%s: got %q, want one report or piece", test.name, f.lines)
			continue
		}
		if f.kinds() != "" {
			if f.kinds() != test.want {
				t.Errorf("%s: got %s, want %s", test.name, f.kinds(), test.want)
			}
			if has := f.rejected[0].HasGUID; has != (test.want != answer.BadGUID) {
				t.Errorf("%s: has an identifier: got %v", test.name, has)
			}
			continue
		}
		want := test.want
		if !strings.Contains(want, "=") {
			want = "compreface.user.created=" + want
		}
		if _, values, _ := strings.Cut(f.lines[0], " 20"); !strings.HasSuffix(values, " "+want) {
			t.Errorf("%s: got %s, want %s", test.name, f.lines[0], want)
		}
	}
}

// The day is that of the newest point.
func TestDayOfTheNewestPoint(t *testing.T) {
	later := strings.Replace(pointOf(`"1"`), someDay, "1795737600000000000", 1)
	for _, points := range []string{later + "," + pointOf(`"1"`), pointOf(`"1"`) + "," + later, pointOf(`"1"`) + "," + later + "," + pointOf(`"1"`)} {
		f, _ := read(t, reportOf(someGUID, sum("compreface.user.created", points)), load(t, "compreface"))
		if len(f.lines) != 1 || !strings.Contains(f.lines[0], " 2026-11-27 ") {
			t.Errorf("got %q, want a report of 2026-11-27", f.lines)
		}
	}
}

// A request to erase is one, with anything else in it.
func TestErasure(t *testing.T) {
	request := gauge(schema.Erasure, pointOf(`"1"`))
	extra := strings.Replace(reportOf(someGUID, request), `"attributes":[`, `"attributes":[{"key":"a","value":{}},`, 1)
	bare := `{"name":"` + schema.Erasure + `"}`
	histogram := `{"name":"` + schema.Erasure + `","histogram":{"dataPoints":[{"timeUnixNano":"` + someDay + `"}]}}`
	for _, test := range []struct{ name, report, day string }{
		{"as the Collector writes it", reportOf(someGUID, request), "2026-11-26"},
		{"beside a counter", reportOf(someGUID, users("1")+","+request), "2026-11-26"},
		{"beside an unknown metric", reportOf(someGUID, sum("a.b", pointOf(`"-1"`))+","+request), "2026-11-26"},
		{"with another attribute", extra, "2026-11-26"},
		{"with a value below 0", reportOf(someGUID, gauge(schema.Erasure, pointOf(`"-1"`, "a", "b"))), "2026-11-26"},
		{"with a value that is a text", reportOf(someGUID, gauge(schema.Erasure, pointOf(`"yes"`))), "2026-11-26"},
		{"with a double", strings.Replace(reportOf(someGUID, request), `"asInt":"1"`, `"asDouble":"x"`, 1), "2026-11-26"},
		{"at a time that is a text", strings.Replace(reportOf(someGUID, request), someDay, "x", 1), "none"},
		{"as a sum", reportOf(someGUID, sum(schema.Erasure, pointOf(`"1"`))), "2026-11-26"},
		{"as a histogram", reportOf(someGUID, histogram), "2026-11-26"},
		{"as an exponential histogram", reportOf(someGUID, strings.Replace(histogram, "histogram", "exponentialHistogram", 1)), "2026-11-26"},
		{"as a summary", reportOf(someGUID, strings.Replace(histogram, "histogram", "summary", 1)), "2026-11-26"},
		{"without a type", reportOf(someGUID, bare), "none"},
		{"in 1970", strings.Replace(reportOf(someGUID, request), someDay, "1", 1), "none"},
		{"in 2100", strings.Replace(reportOf(someGUID, request), someDay, "4102444800000000000", 1), "none"},
	} {
		for _, name := range []string{"compreface", ""} {
			s := load(t, name)
			f, _ := read(t, test.report+"\n", s)
			want := "19850a00fe9a4e3f9b7037c9a21ed84f " + test.day + " erase 0"
			if len(f.lines) != 1 || f.lines[0] != want {
				t.Errorf("%s: got %q, want %s", test.name, f.lines, want)
			}
			if s.Open && len(s.Metrics) > 0 {
				t.Errorf("%s: a request taught %d metrics", test.name, len(s.Metrics))
			}
		}
	}
	f, _ := read(t, strings.Replace(reportOf(someGUID, request), "-4e3f-", "-1e3f-", 1), load(t, "compreface"))
	if f.kinds() != answer.BadGUID {
		t.Errorf("a request with an identifier of version 1: got %q, want it refused", f.lines)
	}
}

// A report after a request to erase has its values and no request, and the
// other way round.
func TestReportAfterErasure(t *testing.T) {
	request := reportOf(someGUID, gauge(schema.Erasure, pointOf(`"1"`)))
	spaced := strings.Replace(reportOf(otherGUID, users("2")), `{"key"`, `{ "key"`, 1)
	f, _ := read(t, request+spaced+request+reportOf(someGUID, users("1")), load(t, "compreface"))
	if f.reports != 4 {
		t.Fatalf("got %q, want four reports", f.lines)
	}
	for i, want := range []string{" erase 0", "26 compreface.user.created=2", " erase 0", "26 compreface.user.created=1"} {
		if !strings.HasSuffix(f.lines[i], want) {
			t.Errorf("got %s, want %s", f.lines[i], want)
		}
	}
}

func TestDayOf(t *testing.T) {
	for nanos, want := range map[uint64]day.Day{
		0: day.None, 1577836799999999999: day.None, 1577836800000000000: day.First,
		4102444799999999999: day.Last, 4102444800000000000: day.None, 1<<64 - 1: day.None,
	} {
		if got := dayOf(nanos); got != want {
			t.Errorf("%d: got %s, want %s", nanos, got, want)
		}
	}
}
