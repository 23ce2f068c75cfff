package page

import (
	"math"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"FACE_DETECTION": "Face detection", "API": "API", "EXPORT": "Export", "AUTO_API": "Auto api", "already fine": "Already fine",
		"camelCase": "CamelCase", "": "", "___": "___", "é_ü": "É ü",
	} {
		if got := words(in); got != want {
			t.Errorf("words(%q): got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"compreface.user.created": "User created", "affiliate.action": "Action", "single": "Single", "odd.": "Odd", "": "",
		"a." + strings.Repeat("x", 60): "X" + strings.Repeat("x", 59), "a." + strings.Repeat("x", 61): "X" + strings.Repeat("x", 58) + "…",
	} {
		if got := title(schema.Metric{Name: in}); got != want {
			t.Errorf("title(%q): got %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{
		"501-2000": "501–2,000", "1000001+": "1,000,001+", "0": "0", "5": "5", "small": "small", "1-b": "1-b", "-": "-", "+": "+", "": "",
		"9223372036854775807": "9,223,372,036,854,775,807", "10000000000000000000": "10000000000000000000", strings.Repeat("1", 255): strings.Repeat("1", 59) + "…",
	} {
		if got := rangeText(in); got != want {
			t.Errorf("rangeText(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestThings(t *testing.T) {
	for _, test := range []struct{ unit, name, one, more string }{
		{"{collection}", "compreface.collection.count", "collection", "collections"},
		{"1", "compreface.collection.count", "collection", "collections"},
		{"", "x.faces", "faces", "faces"},
	} {
		one, more := things(schema.Metric{Name: test.name, Unit: test.unit})
		if one != test.one || more != test.more {
			t.Errorf("%s %s: got %q and %q, want %q and %q", test.name, test.unit, one, more, test.one, test.more)
		}
	}
}

func TestLabel(t *testing.T) {
	list := schema.New()
	list.Learn("m", schema.Counter, "1", []string{"z", "a"}, []string{"ONE_OF", "TWO_OF"})
	c := answer.Counter{Name: "m", Labels: map[string]string{"a": "TWO_OF", "z": "ONE_OF"}}
	if text, technical := (lexicon{list}).label(c); text != "One of · Two of" || technical != "ONE_OF, TWO_OF" {
		t.Errorf("in the declared order: got %q and %q", text, technical)
	}
	if text, _ := (lexicon{}).label(c); text != "Two of · One of" {
		t.Errorf("without a list: got %q", text)
	}
}

func TestIsError(t *testing.T) {
	for name, want := range map[string]bool{"affiliate.error": true, "a.errors": true, "a.import_failure": true, "a.terror": false, "a.action": false} {
		if got := isError(name); got != want {
			t.Errorf("%s: got %t, want %t", name, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1000: "1,000", 8762: "8,762", -1234567: "−1,234,567", 999_999_999_999_999: "999,999,999,999,999",
		mostDigits: "1.00×10¹⁵", math.MaxInt64: "9.22×10¹⁸", math.MinInt64: "−9.22×10¹⁸",
	} {
		if got := count(n); got != want {
			t.Errorf("count(%d): got %s, want %s", n, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 7500: "7,500", 99_999: "99,999", 100_000: "100k", 2_500_000: "2.5M", 5e9: "5bn", 1e12: "1tn", 2e15: "2.00×10¹⁵"} {
		if got := short(v); got != want {
			t.Errorf("short(%g): got %s, want %s", v, got, want)
		}
	}
	for _, test := range []struct {
		n, of int64
		want  string
	}{
		{0, 0, notKnown}, {5, 0, notKnown}, {0, 5, "0%"}, {1, 5000, "<0.1%"}, {1, 1000, "0.1%"}, {994, 10_000, "9.9%"}, {995, 10_000, "10%"},
		{1, 3, "33%"}, {994, 1000, "99%"}, {995, 1000, ">99%"}, {9999, 10_000, ">99%"}, {5, 5, "100%"}, {math.MaxInt64, math.MaxInt64, "100%"},
	} {
		if got := percent(test.n, test.of); got != test.want {
			t.Errorf("percent(%d, %d): got %s, want %s", test.n, test.of, got, test.want)
		}
	}
	for share, want := range map[float64]string{-1: "0", 0: "0", 0.5: "50", 0.12345: "12.3", 1: "100", 7: "100"} {
		if got := width(share); got != want {
			t.Errorf("width(%g): got %s, want %s", share, got, want)
		}
	}
	if got := shareText(nil); got != notKnown {
		t.Errorf("no share: got %s", got)
	}
	if got := []string{signed(3), signed(0), signed(-3)}; !slices.Equal(got, []string{"+3", "0", "−3"}) {
		t.Errorf("signed: got %q", got)
	}
}

func TestSizesInWords(t *testing.T) {
	labels := []string{"0", "1-10", "11-50"}
	for _, test := range []struct {
		name   string
		values []int64
		want   string
	}{
		{"none", []int64{0, 0, 0}, "No face was reported."},
		{"one range", []int64{0, 4, 0}, "All faces are in the range 1–10."},
		{"middle", []int64{2, 3, 1}, "Half of the faces are in the range 1–10 or below. The largest are in the range 11–50."},
		{"smallest", []int64{5, 1, 0}, "Half of the faces or more are in the range 0. The largest are in the range 1–10."},
		{"largest", []int64{1, 1, 9}, "Half of the faces or more are in the range 11–50, the largest."},
	} {
		if got := sentenceOfSizes("face", "faces", labels, test.values); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
