package publish

import (
	"bytes"
	"html"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/page"
	"headcount.example/cmd/headcount/internal/schema"
)

func TestReadable(t *testing.T) {
	for in, want := range map[string]string{
		"FACE_DETECTION": "Face detection", "API": "API", "EXPORT": "Export", "AUTO_API": "Auto api", "already fine": "Already fine",
		"": "", "___": "___", "é_ü": "É ü",
	} {
		if got := readable(in); got != want {
			t.Errorf("readable(%q): got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"compreface.user.created": "User created", "single": "Single", "odd.": "Odd", "": ""} {
		if got := titleOf(schema.Metric{Name: in}); got != want {
			t.Errorf("titleOf(%q): got %q, want %q", in, got, want)
		}
	}
	if got := titleOf(schema.Metric{Name: "shop.user", Title: "Users created"}); got != "Users created" {
		t.Errorf("got %q, want the title", got)
	}
	for in, want := range map[string]string{
		"501-2000": "501–2,000", "1000001+": "1,000,001+", "0": "0", "small": "small", "1-b": "1-b", "1-2+": "1-2+", "-": "-", "+": "+", "": "",
		"9223372036854775807": "9,223,372,036,854,775,807", "10000000000000000000": "10000000000000000000",
	} {
		if got := rangeOf(in); got != want {
			t.Errorf("rangeOf(%q): got %q, want %q", in, got, want)
		}
	}
	for _, test := range []struct{ unit, name, one, more string }{
		{"{collection}", "compreface.collection.count", "collection", "collections"},
		{"1", "compreface.collection.count", "collection", "collections"},
		{"", "x.faces", "faces", "faces"},
	} {
		if one, more := thing(schema.Metric{Name: test.name, Unit: test.unit}); one != test.one || more != test.more {
			t.Errorf("%s %s: got %q and %q, want %q and %q", test.unit, test.name, one, more, test.one, test.more)
		}
	}
}

// TestInternalPage: both pages call a thing by one name.
func TestInternalPage(t *testing.T) {
	for _, name := range schema.Names {
		list, err := schema.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		b := figures.NewBuilder(list, page1.Month())
		b.Add(&figures.Installation{}, &schema.Report{Day: page1, Values: slices.Repeat([]int64{1}, len(list.Series))})
		a := answer.Compute(b.Tables(), list, list, answer.Known{}, page1, Window)
		var internal bytes.Buffer
		if err := page.Write(&internal, a, page.Options{List: list}); err != nil {
			t.Fatal(err)
		}
		text := html.UnescapeString(internal.String())
		p := newPlan(list, list)
		var names []string
		for _, g := range p.groups {
			if g.metric < 0 {
				continue
			}
			title, _, _ := strings.Cut(g.title, ":")
			names = append(names, title)
			x := p.metrics[g.metric]
			for _, c := range p.cells[x.first : x.first+x.listed] {
				if c.label != "At least one" {
					names = append(names, c.label)
				}
			}
		}
		for _, n := range names {
			if !strings.Contains(text, ">"+n) {
				t.Errorf("%s: %q is not on the internal page", name, n)
			}
		}
	}
}

// TestTechnicalNames are in the ids of stats.json, and not on the page.
func TestTechnicalNames(t *testing.T) {
	list, err := schema.Load("compreface")
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{list: list}
	m.add(20, make([]int64, len(list.Series)), page1)
	s := m.pages(t, page1)[0].Stats
	find(t, s, "compreface.service.created{compreface.service.type=FACE_DETECTION}")
	published, err := renderPage(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"compreface.", "FACE_DETECTION", "501-2000"} {
		if strings.Contains(string(published), never) {
			t.Errorf("%q is on the page", never)
		}
	}
	for _, want := range []string{">Services created<", ">Face detection<", ">501–2,000<", ">Collections: installations by their largest<",
		"“No collection” is one that has no collection.", "<dt>0</dt><dd>Not one on that date.</dd>"} {
		if !strings.Contains(string(published), want) {
			t.Errorf("want %q on the page", want)
		}
	}
}

// TestExplained: a list without the range "0" needs no word on it.
func TestExplained(t *testing.T) {
	p := newPlan(testList(t, 2), testList(t, 2))
	g := p.groups[len(p.groups)-1]
	if g.description != "" || !slices.Contains(p.cells, cell{"example.size/none", "No x"}) {
		t.Errorf("got %q and %v, want no description and a row “No x”", g.description, p.cells)
	}
}
