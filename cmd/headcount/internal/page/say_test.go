package page

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/page/pagetest"
	"headcount.example/cmd/headcount/internal/schema"
)

// Each share says of what it is: of things, or of the installations that
// report them.
func TestSharesSayOfWhat(t *testing.T) {
	f := pagetest.Typical()
	a := f.Answer(28)
	var things int64
	for i := range a.Gauges {
		things += a.Gauges[i].Things
		a.Gauges[i].Known -= 5
	}
	text := html.UnescapeString(render(t, a, Options{List: f.List}))
	of := fmt.Sprintf("the %s installations that report them (of %s installations that opted in", count(a.Gauges[0].Known), count(a.Denominator))
	for _, want := range []string{
		"Share of " + count(things) + " collections, of " + of, "Share of " + of, "Share of the collections of each week; each week: its 28 days. The newest week: share of " + count(things),
		`<th scope="col">Number of faces</th>`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	k := &maker{a, lexicon{f.List}, Options{}}
	a.Gauges = []answer.Gauge{{Name: "x", Range: "0", Things: 3, Largest: 1, Known: 4}, {Name: "x", Range: "1+", Things: 1, Largest: 2, Known: 4}}
	if s := k.size(a.Gauges); s.Largest[0].Values[1] != "25%" || s.Largest[1].Values[1] != "50%" || s.Things[0].Values[1] != "75%" {
		t.Errorf("got %v %v, want shares of 4 installations and of 4 things", s.Largest, s.Things)
	}
}

func TestRangeHead(t *testing.T) {
	for key, want := range map[string]string{"compreface.faces.range": "Number of faces", "affiliate.program.range": "Range", "affiliate.programs.range": "Range",
		"a.b_c.range": "Number of b c", "range": "Range", "r": "Range", "a.range": "Number of a", "": "Range", ".range": "Range"} {
		if got := rangeHead(schema.Metric{Attributes: []schema.Attribute{{Key: key}}}, "program", "programs"); got != want {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
	if got := rangeHead(schema.Metric{}, "x", "xs"); got != "Range" {
		t.Errorf("no label: got %q", got)
	}
}

// The page has the verdict of the terminal, in its words.
func TestVerdict(t *testing.T) {
	for want, findings := range map[string][]string{
		`<strong>Fine</strong>.`: nil,
		`<strong>1 thing to look at</strong>:</p><ul class="findings"><li>A &lt;b&gt;.</li></ul>`:   {"a <b>"},
		`<strong>2 things to look at</strong>:</p><ul class="findings"><li>A.</li><li>B.</li></ul>`: {"a", "b"},
	} {
		a := pagetest.New("compreface", 3, 40).Answer(14)
		a.Health.Findings = findings
		if text := strings.ReplaceAll(render(t, a, Options{}), "\n", ""); !strings.Contains(text, want) {
			t.Errorf("%q: the page does not say %q", findings, want)
		}
	}
}

// Before the first report the page says of which day that is.
func TestBeforeTheFirstReport(t *testing.T) {
	f := pagetest.New("compreface", 3, 40)
	a := answer.Compute(f.Counts, f.List, f.List, f.Beside, pagetest.AsOf-100, 28)
	text := render(t, a, Options{List: f.List})
	if want := "No report until 17\u00a0August 2026. The first is of " + long(f.Answer(28).Activity[0].Day) + "."; !strings.Contains(text, want) || strings.Contains(text, "has reported yet") {
		t.Errorf("the page does not say %q", want)
	}
}

func TestDots(t *testing.T) {
	for name, want := range map[string]string{"a": "a", "a.b.c": "a.<wbr/>b.<wbr/>c", "<a>.&": "&lt;a&gt;.<wbr/>&amp;"} {
		if got := string(dots(name)); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

// A narrow screen shows at once what is popular and how large things are.
func TestShort(t *testing.T) {
	large := &sizes{More: "collections", Half: "201–500"}
	top := []bar{{Text: "Face detection", Values: []string{"4", "50%"}, n: 4}}
	for want, h := range map[string]hero{
		"": {}, "Popular: Face detection (50%).": {Top: top}, "Half of the collections: 201–500 or below.": {Large: large},
		"Popular: Face detection (50%). Half of the collections: 201–500 or below.": {Top: top, Large: large},
	} {
		if got := h.short(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	unknown := hero{Top: []bar{{Text: "a", Unknown: true, n: 4}}, Large: &sizes{Unknown: true, Half: "0"}}
	if got := unknown.short(); got != "" {
		t.Errorf("not known: got %q", got)
	}
}
