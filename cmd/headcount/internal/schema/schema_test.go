package schema

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const small = `{"product":"P","notice":3,"max":9,"metrics":[{"name":"a","kind":"counter","unit":"{a}"},{"name":"b","kind":"counter","attributes":[{"key":"k","values":["x","y"]},{"key":"l","values":["1","2"]}]},{"name":"c","kind":"range_gauge","attributes":[{"key":"r","values":["0","1+"]}]}]}`

func parse(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func names(s *Schema) string {
	var list []string
	for _, x := range s.Series {
		list = append(list, x.Name)
	}
	return strings.Join(list, " ")
}

func TestParse(t *testing.T) {
	s := parse(t, small)
	if got, want := names(s), "a b{k=x,l=1} b{k=x,l=2} b{k=y,l=1} b{k=y,l=2} c{r=0} c{r=1+}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if s.Product != "P" || s.Notice != 3 || s.Max != 9 || s.Open {
		t.Errorf("got %+v", s)
	}
	if s := parse(t, strings.Replace(small, `"max":9,`, "", 1)); s.Max != DefaultMax {
		t.Errorf("got %d, want %d", s.Max, DefaultMax)
	}
}

func TestParseErrors(t *testing.T) {
	metric := func(m string) string { return `{"product":"P","metrics":[` + m + `]}` }
	many := `"` + strings.Join(strings.Split(fmt.Sprint(make([]int, 1025)), " "), `","`) + `"`
	for name, test := range map[string]struct{ text, want string }{
		"nothing":           {"", "not a catalog in JSON"},
		"not JSON":          {"x", "not a catalog in JSON"},
		"no product":        {`{"metrics":[{"name":"a","kind":"counter"}]}`, `"product" and "metrics" are needed`},
		"no metrics":        {`{"product":"P"}`, `"product" and "metrics" are needed`},
		"no name":           {metric(`{"kind":"counter"}`), `metric name ""`},
		"the request":       {metric(`{"name":"headcount.erasure.requested","kind":"counter"}`), "cannot be declared"},
		"no kind":           {metric(`{"name":"a"}`), `known are "counter"`},
		"another kind":      {metric(`{"name":"a","kind":"histogram"}`), `the kind "histogram"`},
		"twice":             {metric(`{"name":"a","kind":"counter"},{"name":"a","kind":"counter"}`), "declared twice"},
		"gauge, no range":   {metric(`{"name":"a","kind":"range_gauge"}`), "needs one, the range"},
		"gauge, two labels": {metric(`{"name":"a","kind":"range_gauge","attributes":[{"key":"a","values":["1"]},{"key":"b","values":["1"]}]}`), "has 2 labels"},
		"label, no key":     {metric(`{"name":"a","kind":"counter","attributes":[{"values":["1"]}]}`), "without a key or values"},
		"label, no values":  {metric(`{"name":"a","kind":"counter","attributes":[{"key":"k"}]}`), "without a key or values"},
		"more behind it":    {metric(`{"name":"a","kind":"counter"}`) + "{}", "not a catalog in JSON"},
		"largest, negative": {`{"product":"P","max":-1,"metrics":[{"name":"a","kind":"counter"}]}`, `"max" is -1`},
		"label twice":       {metric(`{"name":"a","kind":"counter","attributes":[{"key":"k","values":["1"]},{"key":"k","values":["2"]}]}`), `the label "k" twice`},
		"value twice":       {metric(`{"name":"a","kind":"counter","attributes":[{"key":"k","values":["1","1"]}]}`), "declared twice"},
		"too many of one":   {metric(`{"name":"a","kind":"counter","attributes":[{"key":"k","values":[` + many + `]}]}`), "more than 1024 series"},
	} {
		if _, err := Parse([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

func TestLoad(t *testing.T) {
	for _, name := range Names {
		if s, err := Load(name); err != nil || s.Open || len(s.Series) == 0 {
			t.Errorf("%s: got %+v, %v", name, s, err)
		}
	}
	if s, err := Load(""); err != nil || !s.Open {
		t.Errorf("no name: got %+v, %v, want an open schema", s, err)
	}
	path := filepath.Join(t.TempDir(), "list.json")
	if err := os.WriteFile(path, []byte(small), 0o644); err != nil {
		t.Fatal(err)
	}
	if s, err := Load(path); err != nil || s.Product != "P" {
		t.Errorf("a file: got %+v, %v", s, err)
	}
	for name, want := range map[string]string{"none": `catalog "none" is neither a shipped one (compreface, affiliate) nor a file`, t.TempDir(): "catalog: "} {
		if _, err := Load(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
}

func TestFind(t *testing.T) {
	s := parse(t, small)
	for i, x := range s.Series {
		var values [][]byte
		for _, v := range x.Values {
			values = append(values, []byte(v))
		}
		if got, ok := s.Find([]byte(s.Metrics[x.Metric].Name), values...); !ok || got != i {
			t.Errorf("%s: got %d, %v, want %d", x.Name, got, ok, i)
		}
	}
	for _, test := range [][]string{{"z"}, {"a", "x"}, {"b"}, {"b", "x"}, {"b", "1", "x"}, {"c", "2"}, {"c{r=0}"}} {
		var values [][]byte
		for _, v := range test[1:] {
			values = append(values, []byte(v))
		}
		if got, ok := s.Find([]byte(test[0]), values...); ok {
			t.Errorf("%q: got %d, want none", test, got)
		}
	}
}

// The numbers of the series stay when others are added.
func TestExtend(t *testing.T) {
	s := parse(t, small)
	before := names(s)
	by := parse(t, `{"product":"P","metrics":[{"name":"new","kind":"counter"},{"name":"b","kind":"counter","attributes":[{"key":"k","values":["z","x"]},{"key":"l","values":["1"]}]}]}`)
	if err := s.Extend(by); err != nil {
		t.Fatal(err)
	}
	if got, want := names(s), before+" new b{k=z,l=1}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for other, want := range map[string]string{
		`{"name":"a","kind":"range_gauge","attributes":[{"key":"k","values":["1"]}]}`:                            "a counter with 0 labels",
		`{"name":"a","kind":"counter","attributes":[{"key":"k","values":["1"]}]}`:                                "a counter with 0 labels",
		`{"name":"c","kind":"counter","attributes":[{"key":"r","values":["1"]}]}`:                                "a range_gauge with 1 labels",
		`{"name":"b","kind":"counter","attributes":[{"key":"k","values":["1"]},{"key":"other","values":["1"]}]}`: `the label "l"`,
	} {
		if err := s.Clone().Extend(parse(t, `{"product":"P","metrics":[`+other+`]}`)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", other, err, want)
		}
	}
	if got := by.Metrics[1].Attributes[0].Values; len(got) != 2 {
		t.Errorf("the other list has changed: %q", got)
	}
	if got := s.Metrics[1].Attributes[0].Values; fmt.Sprint(got) != "[x y z]" {
		t.Errorf("got the values %q, want x y z", got)
	}
}

func TestLearn(t *testing.T) {
	s := New()
	learn := func(name string, kind Kind, keys, values []string) bool {
		_, ok := s.Learn(name, kind, "1", keys, values)
		return ok
	}
	for i, test := range []struct {
		ok   bool
		name string
		kind Kind
		keys []string
		vals []string
	}{
		{true, "a", Counter, nil, nil}, {true, "a", Counter, nil, nil}, {false, "a", RangeGauge, []string{"r"}, []string{"1"}}, {false, "a", Counter, []string{"k"}, []string{"v"}},
		{true, "r", RangeGauge, []string{"r"}, []string{"1"}}, {false, "r", RangeGauge, []string{"other"}, []string{"1"}}, {false, "q", RangeGauge, nil, nil},
		{true, "c", Counter, []string{"k"}, []string{"v"}}, {false, "c", RangeGauge, []string{"k"}, []string{"v"}},
		{false, "", Counter, nil, nil}, {false, Erasure, Counter, nil, nil}, {false, "b", Counter, []string{"k"}, nil},
	} {
		if got := learn(test.name, test.kind, test.keys, test.vals); got != test.ok {
			t.Errorf("%d: %s: got %v, want %v", i, test.name, got, test.ok)
		}
	}
	for i := len(s.Series); i < MaxSeries; i++ {
		if !learn("many", Counter, []string{"k"}, []string{fmt.Sprint(i)}) {
			t.Fatalf("series %d is not learnt", i)
		}
	}
	if learn("many", Counter, []string{"k"}, []string{"one more"}) || len(s.Series) != MaxSeries {
		t.Errorf("got %d series, want %d and no more", len(s.Series), MaxSeries)
	}
	if metrics := len(s.Metrics); learn("new", Counter, nil, nil) || len(s.Metrics) != metrics {
		t.Errorf("got %d metrics, want %d and no more", len(s.Metrics), metrics)
	}
	if s.Open = false; learn("z", Counter, nil, nil) {
		t.Error("a closed list has learnt")
	}
}

func TestRangeStart(t *testing.T) {
	for label, want := range map[string]int64{"": 0, "0": 0, "1-10": 1, "501-2000": 501, "1000001+": 1000001, "x1": 0, "007": 7} {
		if got := RangeStart(label); got != want {
			t.Errorf("%q: got %d, want %d", label, got, want)
		}
	}
	if got := RangeStart(strings.Repeat("9", 99)); got < 1<<58 {
		t.Errorf("many digits: got %d, want a large number", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(`{"product":"P","metrics":[{"name":"a","kind":"counter","attributes":[{"key":"","values":["{,="]}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		again := &Schema{}
		if err := json.Unmarshal(text, again); err != nil || !again.Equal(s) || names(again) != names(s) {
			t.Errorf("got %+v, %v, want the same list", again, err)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	text, err := json.Marshal(parse(f, small))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"metrics":[{"name":"c","kind":"range_gauge"}],"series":[{"metric":0}]}`))
	f.Add([]byte(`{"metrics":[],"series":[{"metric":-1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &Schema{}
		if json.Unmarshal(data, s) != nil {
			return
		}
		for _, x := range s.Series {
			if m := s.Metrics[x.Metric]; m.Kind == RangeGauge && len(x.Values) != 1 {
				t.Errorf("%s is a range gauge with the values %q", x.Name, x.Values)
			}
		}
		if c := s.Clone(); !c.Equal(s) {
			t.Errorf("got %+v, want %+v", c, s)
		}
	})
}
