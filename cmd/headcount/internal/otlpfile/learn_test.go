package otlpfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// An open schema takes what comes: first a label, then its other values.
func TestOpenSchemaLearns(t *testing.T) {
	s := schema.New()
	input := reportOf(someGUID, sum("a.b", pointOf(`"1"`))+","+sum("a.c", pointOf(`"2"`, "z", "1", "k", "2"))) + "\n" +
		reportOf(someGUID, gauge("a.d", pointOf(`"3"`, "range", "0")+","+pointOf(`"4"`, "range", "1,000+"))) + "\n" +
		reportOf(someGUID, sum("a.c", pointOf(`"5"`, "k", "2", "z", "3"))) + "\n"
	f, _ := read(t, input+input, s)
	values := []string{" a.b=1 a.c{k=2,z=1}=2", " a.d{range=0}=3 a.d{range=1,000+}=4", " a.c{k=2,z=3}=5"}
	if len(f.lines) != 6 || f.reports != 6 {
		t.Fatalf("got %q, want six reports", f.lines)
	}
	for i, line := range f.lines {
		if want := "19850a00fe9a4e3f9b7037c9a21ed84f 2026-11-26" + values[i%3]; line != want {
			t.Errorf("got %s, want %s", line, want)
		}
	}
	want := []schema.Metric{
		{Name: "a.b", Kind: schema.Counter, Unit: "{user}"},
		{Name: "a.c", Kind: schema.Counter, Unit: "{user}", Attributes: []schema.Attribute{{Key: "k", Values: []string{"2"}}, {Key: "z", Values: []string{"1", "3"}}}},
		{Name: "a.d", Kind: schema.RangeGauge, Unit: "{collection}", Attributes: []schema.Attribute{{Key: "range", Values: []string{"0", "1,000+"}}}},
	}
	if !reflect.DeepEqual(s.Metrics, want) {
		t.Errorf("got %+v, want %+v", s.Metrics, want)
	}
}

// What an open schema does not take teaches it nothing, also where a part of
// the report is right.
func TestOpenSchemaRefuses(t *testing.T) {
	right := sum("new.metric", pointOf(`"1"`, "new.key", "new"))
	long := strings.Repeat("x", 256)
	for _, test := range []struct{ name, metric, want string }{
		{"another kind", gauge("old.counter", pointOf(`"1"`, "k", "v")), answer.WrongKind},
		{"another kind of a range", sum("old.range", pointOf(`"1"`, "k", "v")), answer.WrongKind},
		{"another key", sum("old.counter", pointOf(`"1"`, "l", "v")), answer.UnknownLabel},
		{"a key too many", sum("old.counter", pointOf(`"1"`, "k", "v", "l", "v")), answer.UnknownLabel},
		{"no key", sum("old.counter", pointOf(`"1"`)), answer.UnknownLabel},
		{"a key twice", sum("a", pointOf(`"1"`, "k", "v", "k", "v")), answer.UnknownLabel},
		{"two keys in one report", sum("a", pointOf(`"1"`, "k", "v")+","+pointOf(`"1"`, "l", "v")), answer.UnknownLabel},
		{"two kinds in one report", sum("a", pointOf(`"1"`, "k", "v")) + "," + gauge("a", pointOf(`"1"`, "k", "v")), answer.WrongKind},
		{"a gauge without a label", gauge("a", pointOf(`"1"`)), answer.WrongKind},
		{"a gauge with two labels", gauge("a", pointOf(`"1"`, "k", "v", "l", "v")), answer.WrongKind},
		{"a known gauge with two labels", gauge("old.range", pointOf(`"1"`, "k", "v", "l", "v")), answer.WrongKind},
		{"a histogram", strings.Replace(sum("a", ""), `"sum"`, `"histogram"`, 1), answer.WrongKind},
		{"no type", `{"name":"a"}`, answer.WrongKind},
		{"delta", strings.Replace(sum("a", pointOf(`"1"`)), `Temporality":2`, `Temporality":1`, 1), answer.WrongKind},
		{"below zero", sum("a", pointOf(`"-1"`)), answer.AbsurdValue},
		{"above the largest", sum("a", pointOf(`"1000000000001"`)), answer.AbsurdValue},
		{"a day in 1970", sum("a", `{"timeUnixNano":"1","asInt":"1"}`), ""},
		{"the empty name", sum("", pointOf(`"1"`)), answer.UnknownMetric},
		{"a digit first", sum("1a", pointOf(`"1"`)), answer.UnknownMetric},
		{"a brace in the name", sum("a{k=v}", pointOf(`"1"`)), answer.UnknownMetric},
		{"a name of 256 bytes", sum(long, pointOf(`"1"`)), answer.UnknownMetric},
		{"a name that is not ASCII", sum("größe", pointOf(`"1"`)), answer.UnknownMetric},
		{"the empty key", strings.Replace(sum("a", pointOf(`"1"`, "k", "v")), `"key":"k",`, "", 1), answer.UnknownLabel},
		{"a comma in a key", sum("a", pointOf(`"1"`, "k,l", "v")), answer.UnknownLabel},
		{"a value of 256 bytes", sum("a", pointOf(`"1"`, "k", long)), answer.UnknownLabel},
		{"a control character", sum("a", pointOf(`"1"`, "k", `a\u0000`)), answer.UnknownLabel},
		{"the character 7F", sum("a", pointOf(`"1"`, "k", "\x7F")), answer.UnknownLabel},
		{"not UTF-8", sum("a", pointOf(`"1"`, "k", "\xFF")), answer.UnknownLabel},
		{"a comma where there are two labels", sum("a", pointOf(`"1"`, "k", "v,l=w", "l", "x")), answer.UnknownLabel},
		{"a label that is a number", strings.Replace(sum("a", pointOf(`"1"`, "k", "x")), `"stringValue":"x"`, `"intValue":"1"`, 1), answer.UnknownLabel},
	} {
		s := schema.New()
		taught := reportOf(someGUID, sum("old.counter", pointOf(`"1"`, "k", "v"))+","+gauge("old.range", pointOf(`"1"`, "k", "v"))) + "\n"
		if f, _ := read(t, taught, s); f.reports != 1 {
			t.Fatalf("got %q", f.lines)
		}
		report := reportOf(someGUID, right+","+test.metric)
		if test.want == "" { // the whole report is of that day
			test.want, report = answer.WrongDay, reportOf(someGUID, test.metric)
		}
		f, _ := read(t, report+"\n"+reportOf(someGUID, sum("next", pointOf(`"1"`)))+"\n", s)
		if f.kinds() != test.want || f.reports != 1 {
			t.Errorf("%s: got %q, want %s, and the next report", test.name, f.lines, test.want)
		}
		if len(s.Metrics) != 3 || len(s.Series) != 3 || len(s.Metrics[0].Attributes[0].Values) != 1 {
			t.Errorf("%s: it taught %+v", test.name, s.Metrics)
		}
	}
}

// What a refused report would have taught has no part in the next one.
func TestRefusedReportLeavesNothing(t *testing.T) {
	refused := reportOf(someGUID, sum("m", pointOf(`"1"`, "k", "v"))+","+sum("bad", pointOf(`"-1"`))) + "\n"
	for metrics, want := range map[string]string{
		sum("n", pointOf(`"1"`)) + "," + sum("m", pointOf(`"2"`, "k", "v")): " n=1 m{k=v}=2",
		sum("m", pointOf(`"2"`, "l", "v")):                                  " m{l=v}=2",
		gauge("m", pointOf(`"2"`, "l", "v")):                                " m{l=v}=2",
	} {
		f, _ := read(t, refused+reportOf(someGUID, metrics)+"\n", schema.New())
		if f.kinds() != answer.AbsurdValue || f.reports != 1 || !strings.HasSuffix(f.lines[1], "2026-11-26"+want) {
			t.Errorf("got %q, want one refused and then%s", f.lines, want)
		}
	}
}

// At the limit of the schema a report is refused whole.
func TestOpenSchemaIsFull(t *testing.T) {
	s := schema.New()
	many := func(from, to int) string {
		var points []string
		for i := from; i < to; i++ {
			points = append(points, pointOf(`"1"`, "k", fmt.Sprint("v", i)))
		}
		return sum("m", strings.Join(points, ","))
	}
	for _, step := range []struct {
		name, metrics, want string
		series              int
	}{
		{"below", many(0, schema.MaxSeries-1), "", schema.MaxSeries - 1},
		{"above by labels", many(schema.MaxSeries-2, schema.MaxSeries+1), answer.UnknownLabel, schema.MaxSeries - 1},
		{"above by metrics", sum("n", pointOf(`"1"`)) + "," + sum("o", pointOf(`"1"`)), answer.UnknownMetric, schema.MaxSeries - 1},
		{"at", sum("n", pointOf(`"1"`)+","+pointOf(`"2"`)), "", schema.MaxSeries},
		{"known ones when it is full", many(5, 50) + "," + sum("n", pointOf(`"1"`)), "", schema.MaxSeries},
		{"full", sum("o", pointOf(`"1"`)), answer.UnknownMetric, schema.MaxSeries},
	} {
		f, _ := read(t, reportOf(someGUID, step.metrics)+"\n", s)
		if f.kinds() != step.want || len(s.Series) != step.series || slices.ContainsFunc(s.Metrics, func(m schema.Metric) bool { return m.Name == "o" }) {
			t.Errorf("%s: got %s and %d series, want %q and %d", step.name, f.kinds(), len(s.Series), step.want, step.series)
		}
	}
}

// A closed schema never learns.
func TestClosedSchemaDoesNotLearn(t *testing.T) {
	s := load(t, "compreface")
	metrics, series := len(s.Metrics), len(s.Series)
	f, _ := read(t, reportOf(someGUID, sum("a.b", pointOf(`"1"`)))+reportOf(someGUID, sum(service, pointOf(`"1"`, serviceKey, "X"))), s)
	if f.kinds() != "unknown_metric unknown_label" || len(s.Metrics) != metrics || len(s.Series) != series {
		t.Errorf("got %q, %d metrics and %d series", f.kinds(), len(s.Metrics), len(s.Series))
	}
}

// Two lists of values can have one name in the schema. The wrong one is not
// taken for the right one.
func TestAmbiguousSeriesName(t *testing.T) {
	s, err := schema.Parse([]byte(`{"product":"P","metrics":[{"name":"m","kind":"counter","unit":"1",
		"attributes":[{"key":"a","values":["x,b=y","z"]},{"key":"b","values":["z","w"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	right, wrong := pointOf(`"1"`, "a", "x,b=y", "b", "z"), pointOf(`"1"`, "a", "x", "b", "y,b=z")
	for _, open := range []bool{false, true} {
		s.Open = open
		f, _ := read(t, reportOf(someGUID, sum("m", right))+reportOf(someGUID, sum("m", wrong)), s)
		if f.reports != 1 || f.kinds() != answer.UnknownLabel || len(s.Series) != 4 {
			t.Errorf("open %v: got %q, want one report and one rejected", open, f.lines)
		}
	}
}
