package publish

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// check holds a value to the part of JSON Schema that stats.schema.json uses.
// A word that it does not know is a fault.
func check(root, rule map[string]any, value any, at string) (faults []string) {
	fault := func(format string, args ...any) {
		faults = append(faults, at+": "+fmt.Sprintf(format, args...))
	}
	for word, arg := range rule {
		switch word {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			faults = append(faults, check(root, root["$defs"].(map[string]any)[name].(map[string]any), value, at)...)
		case "type":
			types, many := arg.([]any)
			if !many {
				types = []any{arg}
			}
			if !slices.ContainsFunc(types, func(t any) bool { return typeIs(value, t.(string)) }) {
				fault("%v is not of type %v", value, arg)
			}
		case "const":
			if value != arg {
				fault("%v is not %v", value, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), value) {
				fault("%v is not one of %v", value, arg)
			}
		case "pattern":
			if text, ok := value.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
				fault("%q does not match %v", text, arg)
			}
		case "minimum", "maximum", "multipleOf":
			if n, ok := value.(float64); ok && !within(word, n, arg.(float64)) {
				fault("%v: %s %v", n, word, arg)
			}
		case "required":
			object, _ := value.(map[string]any)
			for _, key := range arg.([]any) {
				if _, there := object[key.(string)]; !there {
					fault("%v is missing", key)
				}
			}
		case "properties":
			object, _ := value.(map[string]any)
			for key, v := range object {
				sub, known := arg.(map[string]any)[key].(map[string]any)
				if !known {
					fault("%s is not in the schema", key)
					continue
				}
				faults = append(faults, check(root, sub, v, at+"."+key)...)
			}
		case "items":
			list, _ := value.([]any)
			for i, v := range list {
				faults = append(faults, check(root, arg.(map[string]any), v, fmt.Sprintf("%s[%d]", at, i))...)
			}
		default:
			fault("the check does not know %q", word)
		}
	}
	return faults
}

func typeIs(value any, name string) bool {
	switch v := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case []any:
		return name == "array"
	default:
		return name == "object"
	}
}

func within(word string, n, limit float64) bool {
	switch word {
	case "minimum":
		return n >= limit
	case "maximum":
		return n <= limit
	default:
		return int64(n)%int64(limit) == 0
	}
}

func decode(t *testing.T, data []byte) (v map[string]any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// samples are pages that together have every status.
func samples(t *testing.T) map[string]Stats {
	small, mixed, none := newMemory(t), newMemory(t), newMemory(t)
	small.add(5, small.size(0), page1)
	mixed.add(9, []int64{0, 0, -1, 1, 0, 0, 0}, page1)
	mixed.add(12000, []int64{1, 0, -1, 0, 1, 0, 0}, page1)
	mixed.add(300, []int64{1, 0, -1, 0, 0, 1, 0}, page1)
	return map[string]Stats{
		"small": small.pages(t, page1)[0].Stats, "mixed": mixed.pages(t, page1)[0].Stats, "none": none.pages(t, page1)[0].Stats,
	}
}

func TestSchema(t *testing.T) {
	rules := decode(t, statsSchema)
	seen := map[Status]bool{}
	for name, s := range samples(t) {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range check(rules, rules, decode(t, data), name) {
			t.Error(f)
		}
		for _, table := range s.Tables {
			for _, f := range table.Figures {
				seen[f.Status] = true
			}
		}
	}
	for _, s := range []Status{Shown, NearlyAll, Suppressed, Zero, Missing} {
		if !seen[s] {
			t.Errorf("no sample has a figure that is %s", s)
		}
	}
}

// TestSchemaRefuses shows that the check can fail.
func TestSchemaRefuses(t *testing.T) {
	rules := decode(t, statsSchema)
	s := samples(t)["mixed"]
	for name, change := range map[string]func(v map[string]any){
		"exact figure":  func(v map[string]any) { v["active"].(map[string]any)["installations"] = 12309.0 },
		"no as-of":      func(v map[string]any) { delete(v, "as_of") },
		"other version": func(v map[string]any) { v["schema_version"] = 2.0 },
		"other status":  func(v map[string]any) { v["active"].(map[string]any)["status"] = "perhaps" },
		"bad day":       func(v map[string]any) { v["as_of"] = "yesterday" },
		"extra key":     func(v map[string]any) { v["install_guid"] = "x" },
		"share above 1": func(v map[string]any) { v["active"].(map[string]any)["share"] = 1.5 },
		"text as list":  func(v map[string]any) { v["tables"] = "none" },
	} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		v := decode(t, data)
		change(v)
		if len(check(rules, rules, v, name)) == 0 {
			t.Errorf("%s: got no fault, want one", name)
		}
	}
}

// TestStatusesLookDifferent: suppressed, zero and missing are three things.
func TestStatusesLookDifferent(t *testing.T) {
	seen := map[string]Status{}
	for _, s := range []Status{Suppressed, Zero, Missing, NearlyAll} {
		n := int64(0)
		f := Figure{Status: s, Installations: &n}
		if other, twice := seen[f.words()]; twice {
			t.Errorf("%s and %s both read %q", s, other, f.words())
		}
		seen[f.words()] = s
	}
}

func TestPage(t *testing.T) {
	page, err := renderPage(samples(t)["mixed"])
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, want := range []string{
		`<html lang="en">`, "12,310</span> active installations <span class=\"soft\">(opted in)</span>", "to <time datetime=\"2024-10-04\">",
		`class="n suppressed">hidden</td>`, `class="n zero">0</td>`, `class="n missing">not known</td>`, `class="n nearly_all">nearly all</td>`,
		"prefers-color-scheme:dark", "Only installations that opted in", "How to read this page", `href="stats.json"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("want %q in the page", want)
		}
	}
	for _, never := range []string{"<script", "http:", "https:", "ZgotmplZ", "url("} {
		if strings.Contains(text, never) {
			t.Errorf("%q is in the page", never)
		}
	}
	if len(page) > 30_000 {
		t.Errorf("got %d bytes, want at most 30,000", len(page))
	}
	if n := strings.Count(text, "<caption>"); n != strings.Count(text, "<table>") {
		t.Errorf("got %d captions for %d tables", n, strings.Count(text, "<table>"))
	}
}

// TestNamesAreEscaped: names come from a file.
func TestNamesAreEscaped(t *testing.T) {
	s := samples(t)["mixed"]
	s.Product, s.Tables[0].Title = "<script>alert(1)</script>", "</table>"
	page, err := renderPage(s)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(page), "<script>") || strings.Count(string(page), "</table>") != len(s.Tables)+1 {
		t.Error("a name is markup")
	}
}

func TestBadge(t *testing.T) {
	for name, want := range map[string]string{"mixed": "12,310", "small": "fewer than 10", "none": "0"} {
		badge, err := renderBadge(samples(t)[name])
		if err != nil {
			t.Fatal(err)
		}
		var svg struct {
			Title string   `xml:"title"`
			Texts []string `xml:"g>text"`
			Role  string   `xml:"role,attr"`
		}
		if err := xml.Unmarshal(badge, &svg); err != nil {
			t.Fatal(err)
		}
		if svg.Title != "active installations: "+want || svg.Role != "img" || !slices.Equal(svg.Texts, []string{"active installations", want}) {
			t.Errorf("%s: got %+v, want %q", name, svg, want)
		}
	}
}
