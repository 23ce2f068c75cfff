package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRatios(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b []float64
		want float64
	}{
		{"equal", []float64{2, 2, 2}, []float64{2, 2, 2}, 1},
		{"twice", []float64{4, 6, 8}, []float64{2, 3, 4}, 2},
		// One round in which everything was ten times as slow changes nothing.
		{"a slow round", []float64{3, 30, 3}, []float64{2, 20, 2}, 1.5},
		// Medians of each (2 and 4) would say 0.5; round by round it is 1.
		{"round by round", []float64{1, 2, 9}, []float64{1, 4, 9}, 1},
		{"the middle of two", []float64{1, 3}, []float64{1, 1}, 2},
	} {
		if got := ratio(c.a, c.b); got != c.want {
			t.Errorf("%s: the ratio is %v, want %v", c.name, got, c.want)
		}
	}
	if got := ratio(nil, nil); !math.IsNaN(got) {
		t.Errorf("the ratio of nothing is %v", got)
	}
	values := []float64{3, 1, 2}
	if median(values) != 2 || values[0] != 3 {
		t.Errorf("the median of 3, 1, 2 is %v and leaves %v", median(values), values)
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{
		0.5: "0.50", 2.345: "2.35", 12.34: "12.3", 123.4: "123", 4567.8: "4,568", 1234567: "1,235,000", math.NaN(): "–"} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	if got := thousands(255_000_000); got != "255,000,000" {
		t.Error(got)
	}
}

func TestTargets(t *testing.T) {
	for _, c := range []struct {
		target target
		want   bool
	}{
		{target{limit: 1.5, value: 1.5}, true},
		{target{limit: 1.5, value: 1.51}, false},
		{target{limit: 15, least: true, value: 15}, true},
		{target{limit: 15, least: true, value: 14.9}, false},
		{target{limit: 0, value: 0}, true},
		{target{limit: 600, value: math.NaN()}, false},
		{target{limit: 15, least: true, value: math.NaN()}, false},
	} {
		if got := c.target.met(); got != c.want {
			t.Errorf("%+v is met: %t", c.target, got)
		}
	}
	for _, target := range targets(Record{}) {
		if target.met() && !strings.Contains(target.what, "goroutines") && !strings.Contains(target.what, "allocations") && !strings.Contains(target.what, "heap") {
			t.Errorf("nothing was measured, and this is met: %s", target.what)
		}
	}
}

// TestRun is the whole run, in little: every contender has its figures, and
// every target something to compare.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles programs")
	}
	r, err := measure(options{rounds: 2, turn: time.Millisecond}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range contenders() {
		got := r.Calls[i]
		if got.Name != c.name || len(got.One) != 2 || len(got.Two) == 2 == c.alone {
			t.Errorf("%s has the figures %+v", c.name, got)
		}
		for _, ns := range append(got.One, got.Two...) {
			if !(ns > 0 && ns < 1e9) {
				t.Errorf("%s takes %v ns", c.name, ns)
			}
		}
		if c.kind == ours && got.Allocs != 0 {
			t.Errorf("%s allocates %v times", c.name, got.Allocs)
		}
	}
	for _, target := range targets(r) {
		if math.IsNaN(target.value) {
			t.Errorf("no figure: %s", target.what)
		}
	}
	for _, day := range r.Wire.Days {
		if day.Body <= 0 || day.Request <= day.Body || day.Request > 600 {
			t.Errorf("a day on the wire: %+v", day)
		}
	}
	if f := r.footprint(undecided); f.Goroutines != 0 || f.Files != 0 {
		t.Errorf("undecided costs %+v", f)
	}
	if f := r.footprint(again); f.Goroutines != 1 {
		t.Errorf("granted costs %+v", f)
	}
	for _, b := range r.Binaries {
		if b.Bytes < 1e6 {
			t.Errorf("%s has %d bytes", b.Name, b.Bytes)
		}
	}
	text := tables(r)
	for _, c := range contenders() {
		if !strings.Contains(text, c.name) {
			t.Errorf("the table lacks %s", c.name)
		}
	}
	parses(t, r)
}

func parses(t *testing.T, r Record) {
	t.Helper()
	svg, err := chart(r)
	if err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	var words strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the chart is no XML: %v", err)
		}
		if data, ok := token.(xml.CharData); ok {
			words.Write(data)
		}
	}
	for _, c := range r.Calls {
		if !strings.Contains(words.String(), c.Name) {
			t.Errorf("the chart lacks %s", c.Name)
		}
	}
}

// The documents show what was recorded, and nothing else.
func TestDocumentsShowTheRecord(t *testing.T) {
	r, err := load("record.json")
	if err != nil {
		t.Fatal(err)
	}
	docs := t.TempDir()
	shown := map[string]string{}
	for _, name := range []string{"performance.md", "performance.svg"} {
		data, err := os.ReadFile(filepath.Join("../docs", name))
		if err != nil {
			t.Fatal(err)
		}
		shown[name] = string(data)
		if err := os.WriteFile(filepath.Join(docs, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := document(docs, r); err != nil {
		t.Fatal(err)
	}
	for name, want := range shown {
		got, err := os.ReadFile(filepath.Join(docs, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("docs/%s is not what record.json says: go run . -render", name)
		}
	}
	parses(t, r)
}

func TestRecordIsKept(t *testing.T) {
	r := Record{Date: "a day", Rounds: 2, Calls: []Call{{Name: "x", Kind: peer, One: []float64{1.25, 1e-7}, Allocs: 3}}}
	path := filepath.Join(t.TempDir(), "record.json")
	if err := save(path, r); err != nil {
		t.Fatal(err)
	}
	got, err := load(path)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%+v became %+v, %v", r, got, err)
	}
	data, err := r.json()
	if err != nil || !strings.Contains(string(data), `"one": [1.25,1e-7]`) {
		t.Errorf("%s, %v", data, err)
	}
}

func TestInsert(t *testing.T) {
	got, err := insert("a\n"+begin+"old\n"+end+"b\n", "new\n")
	if want := "a\n" + begin + "\nnew\n\n" + end + "b\n"; err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := insert("no place\n", "new\n"); err == nil {
		t.Error("figures were put into a document without a place for them")
	}
}
