package otlpfile

import (
	"bytes"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// The scanner takes what OpenTelemetry's marshaler writes, and allocates
// nothing.
func TestScannerTakesTheCollectorsForm(t *testing.T) {
	for _, name := range []string{"compreface", "affiliate"} {
		s := load(t, name)
		c := newScanner(s)
		lines := bytes.SplitAfter(fleet(t, s, 200), []byte("\n"))
		for _, line := range lines[:200] {
			if end, ok := c.scan(line); !ok || end != len(line)-1 {
				t.Fatalf("%s: got %d, %v, want all of %s", name, end, ok, line)
			}
		}
		if n := testing.AllocsPerRun(10, func() {
			for _, line := range lines[:200] {
				c.scan(line)
			}
		}); n != 0 {
			t.Errorf("%s: got %v allocations, want none", name, n)
		}
	}
}

// What the scanner takes and what it leaves to pdata. That pdata then says
// the same is the matter of TestParsersAgree.
func TestScannerTakes(t *testing.T) {
	good := reportOf(someGUID, users("1"))
	detection, recognition := pointOf(`"1"`, serviceKey, "FACE_DETECTION"), pointOf(`"2"`, serviceKey, "FACE_RECOGNITION")
	for _, test := range []struct {
		name, input string
		want        bool
	}{
		{"a report", good, true},
		{"a report and more", good + "garbage", true},
		{"metrics in another order", reportOf(someGUID, sum2(detection)+","+users("1")), true},
		{"points in another order", reportOf(someGUID, sum2(recognition+","+detection)), true},
		{"a series twice", reportOf(someGUID, sum2(detection+","+detection)), true},
		{"a metric twice", reportOf(someGUID, users("1")+","+users("2")), true},
		{"the largest value", reportOf(someGUID, users("1000000000000")), true},
		{"above the largest value", reportOf(someGUID, users("1000000000001")), false},
		{"a value of 19 digits", reportOf(someGUID, users("0000000000000000001")), false},
		{"no digit", reportOf(someGUID, users("")), false},
		{"a sign", reportOf(someGUID, users("+1")), false},
		{"a number", strings.Replace(good, `"1"`, `1`, 1), false},
		{"a time of 18 digits", strings.Replace(good, someDay, someDay[1:], 1), false},
		{"a time of 20 digits", strings.Replace(good, someDay, "0"+someDay, 1), false},
		{"a day that no report has", strings.Replace(good, someDay, "4102444800000000000", 1), false},
		{"a letter in the time", strings.Replace(good, someDay, "x"+someDay[1:], 1), false},
		{"version 1", strings.Replace(good, "-4e3f-", "-1e3f-", 1), false},
		{"a space", strings.Replace(good, ":", ": ", 1), false},
		{"a NUL", strings.Replace(good, ":", ":\x00", 1), false},
		{"another unit", strings.Replace(good, "{user}", "1", 1), false},
		{"a start time", strings.Replace(good, `"asInt"`, `"startTimeUnixNano":"1","asInt"`, 1), false},
		{"no metric", reportOf(someGUID, ""), false},
		{"no point", reportOf(someGUID, sum("compreface.user.created", "")), false},
		{"an unknown metric", reportOf(someGUID, sum("a.b", pointOf(`"1"`))), false},
		{"an unknown label", reportOf(someGUID, sum2(pointOf(`"1"`, serviceKey, "X"))), false},
		{"a request to erase", reportOf(someGUID, gauge(schema.Erasure, pointOf(`"1"`))), false},
		{"two resources", strings.Replace(good, `]}]}`, `]}]},{"resource":{}}`, 1), false},
		{"nothing", "", false},
	} {
		c := newScanner(load(t, "compreface"))
		end, ok := c.scan([]byte(test.input))
		if ok != test.want || ok && end != len(strings.TrimSuffix(test.input, "garbage")) {
			t.Errorf("%s: got %d, %v, want %v", test.name, end, ok, test.want)
		}
	}
	for end := range good {
		if _, ok := newScanner(load(t, "compreface")).scan([]byte(good[:end])); ok {
			t.Errorf("a report cut at byte %d: taken", end)
		}
	}
}

func sum2(points string) string {
	return strings.Replace(sum(service, points), "{user}", "{service}", 1)
}

// A metric with two labels, values that JSON escapes and a long list.
func TestScannerAndOtherCatalogs(t *testing.T) {
	s, err := schema.Parse([]byte(`{"product":"P","metrics":[
		{"name":"m","kind":"counter","unit":"","attributes":[{"key":"a","values":["1","2"]},{"key":"b","values":["1","2","3","4","5","6","7"]}]},
		{"name":"q","kind":"counter","unit":"1","attributes":[{"key":"k","values":["x","\"","ä","\\"]}]},
		{"name":"q\"","kind":"counter","unit":"1"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	m := func(points string) string { return strings.Replace(sum("m", points), `"unit":"{user}",`, "", 1) }
	q := func(name, points string) string { return strings.Replace(sum(name, points), "{user}", "1", 1) }
	for _, test := range []struct {
		name, metrics, want string
		takes               bool
	}{
		{"two labels", m(pointOf(`"1"`, "a", "2", "b", "7")), " m{a=2,b=7}=1", true},
		{"two labels, the other order", m(pointOf(`"1"`, "b", "7", "a", "2")), " m{a=2,b=7}=1", false},
		{"a value", q("q", pointOf(`"1"`, "k", "x")), " q{k=x}=1", true},
		{"a quote", q("q", pointOf(`"1"`, "k", `\"`)), ` q{k="}=1`, false},
		{"an umlaut", q("q", pointOf(`"1"`, "k", "ä")), ` q{k=ä}=1`, false},
		{"a quote in the name", q(`q\"`, pointOf(`"1"`)), ` q"=1`, false},
	} {
		report := reportOf(someGUID, test.metrics)
		if _, ok := newScanner(s).scan([]byte(report)); ok != test.takes {
			t.Errorf("%s: the scanner takes it: got %v, want %v", test.name, ok, test.takes)
		}
		f, _ := read(t, report+"\n", s)
		if f.reports != 1 || !strings.HasSuffix(f.lines[0], "2026-11-26"+test.want) {
			t.Errorf("%s: got %q, want %s", test.name, f.lines, test.want)
		}
	}
	for _, value := range []string{`"`, `\`} { // not escaped: this is not JSON
		if _, ok := newScanner(s).scan([]byte(reportOf(someGUID, q("q", pointOf(`"1"`, "k", value))))); ok {
			t.Errorf("the scanner takes the value %s as it is", value)
		}
	}
}
