package texts

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

func TestIn(t *testing.T) {
	for _, tag := range append(Languages(), pseudoTag) {
		if got := In(tag).Tag; got != tag {
			t.Errorf("%s gives %s", tag, got)
		}
	}
	for _, tag := range []string{"", "tlh", "de-AT", "DE", "../en", "x-pseudo,en"} {
		if got := In(tag).Tag; got != "en" {
			t.Errorf("%q gives %s", tag, got)
		}
	}
}

// The rules of plurals are those of Unicode for every language that is shipped.
func TestForms(t *testing.T) {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	for _, tag := range Languages() {
		for n := range 1200 {
			for _, n := range []int{n, n + 1_000_000, -n} {
				i := max(n, -n)
				if got, want := form(tag, int64(n)), names[plural.Cardinal.MatchPlural(language.Make(tag), i, 0, 0, 0, 0)]; got != want {
					t.Fatalf("%s: %d has the form %q, want %q", tag, n, got, want)
				}
			}
		}
	}
}

func TestText(t *testing.T) {
	l := &Language{Tag: "xx", Direction: "ltr", texts: map[string]string{"a": "{x} and {y}, {x}", "b": "plain"}}
	for name, test := range map[string]struct{ got, want string }{
		"values":               {l.Text("a", "x", 1, "y", "two"), "1 and two, 1"},
		"a value like a place": {l.Text("a", "x", "{y}", "y", "{x}"), "{y} and {x}, {y}"},
		"a name without value": {l.Text("a", "x", 1, "y"), "1 and {y}, 1"},
		"no values":            {l.Text("a"), "{x} and {y}, {x}"},
		"a value too many":     {l.Text("b", "x", 1), "plain"},
		"an unknown key":       {l.Text("c", "x", 1), "!c!"},
		"no language":          {(*Language)(nil).Text("common.direction"), "ltr"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
	l.Direction = "rtl"
	if got, want := l.Text("a", "x", 1, "y", ""), "\u20681\u2069 and , \u20681\u2069"; got != want {
		t.Errorf("from right to left: %q, want %q", got, want)
	}
	// A part that is isolated itself does not tell the direction of the whole.
	if got, want := l.Text("a", "x", l.Text("a", "x", "نعم", "y", "A"), "y", 1)[:len("\u2067\u2067")], "\u2067\u2067"; got != want {
		t.Errorf("a text of isolated parts begins with %q, want %q", got, want)
	}
}

func TestCount(t *testing.T) {
	l := &Language{texts: map[string]string{"x.one": "{n} of {all}", "x.other": "{n} things of {all}", "common.thousands": ","}}
	for n, want := range map[int64]string{0: "0 things of 9", 1: "1 of 9", 2: "2 things of 9", 12345: "12,345 things of 9", -1: "-1 of 9"} {
		if got := l.Count("x", n, "all", 9); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := l.Count("y", 1); got != "!y.other!" {
		t.Errorf("an unknown key: %q", got)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 1_000_000: "1,000,000", 123_456_789: "123,456,789", -1234: "-1,234", -123: "-123",
		-9223372036854775808: "-9,223,372,036,854,775,808",
	} {
		if got := In("en").Number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestRange(t *testing.T) {
	for label, want := range map[string]string{
		"0": "0", "11-50": "11 to 50", "1-10": "1 to 10", "501-2000": "501 to 2,000", "1000001+": "1,000,001 or more",
		// No labels of ours: they are shown as they are.
		"": "", "SEARCH": "SEARCH", "1-": "1-", "-1": "-1", "1-2-3": "1-2-3", "01-10": "01-10", "+": "+", "1++": "1++", "1+-2": "1+-2", "1-2+": "1-2+", "-5+": "-5+",
		"99999999999999999999": "99999999999999999999", "٣": "٣",
	} {
		if got := In("en").Range(label); got != want {
			t.Errorf("%q: %q, want %q", label, got, want)
		}
	}
	rtl := &Language{Direction: "rtl", texts: In("en").texts}
	if got, want := rtl.Range("1000001+"), "\u2068\u20681,000,001\u2069 or more\u2069"; got != want {
		t.Errorf("from right to left: %q, want %q", got, want)
	}
}

func TestDates(t *testing.T) {
	at := time.Date(2026, time.November, 26, 23, 30, 59, 0, time.FixedZone("", -3600))
	l := In("en")
	if got := l.Date(at); got != "27 November 2026" {
		t.Errorf("the date is %q", got)
	}
	if got := l.Moment(at); got != "27 November 2026, 00:30 UTC" {
		t.Errorf("the moment is %q", got)
	}
}

func TestPseudo(t *testing.T) {
	l := Pseudo()
	if got, want := l.Text("common.month.5"), "[Máy~~]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := l.Text("panel.notice", "notice", "one"), "[Ñøtîcë one~~~~~~]"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := l.Number(1234), "1,234"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for key, text := range In("en").texts {
		if longer := l.texts[key]; !technical(key) && len(longer) < len(text)+len(text)*2/5 {
			t.Errorf("%s is %q", key, longer)
		}
	}
}

// Each language writes numbers, ranges and days its own way.
func TestOwnWays(t *testing.T) {
	day := time.Date(2026, time.November, 26, 8, 5, 0, 0, time.UTC)
	for tag, want := range map[string][4]string{
		"de": {"1.000.000", "501 bis 2.000", "1.000.001 oder mehr", "26. November 2026, 08:05 UTC"},
		"fr": {"1\u202f000\u202f000", "501 à 2\u202f000", "1\u202f000\u202f001 ou plus", "26 novembre 2026 à 08:05 UTC"},
		"es": {"1.000.000", "501 a 2.000", "1.000.001 o más", "26 de noviembre de 2026, 08:05 UTC"},
		"pt": {"1.000.000", "501 a 2.000", "1.000.001 ou mais", "26 de novembro de 2026, 08:05 UTC"},
		"ja": {"1,000,000", "501～2,000", "1,000,001 以上", "2026年11月26日 08:05 UTC"},
		"ar": {"1,000,000", "من 501 إلى 2,000", "1,000,001 أو أكثر", "26 نوفمبر 2026، 08:05 UTC"},
	} {
		l := In(tag)
		got := [4]string{l.Number(1_000_000), l.Range("501-2000"), l.Range("1000001+"), l.Moment(day)}
		for i := range got {
			got[i] = strings.NewReplacer(firstStrongIsolate, "", rightToLeftIsolate, "", popIsolate, "").Replace(got[i])
		}
		if got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
	days := map[int64]string{0: "0 يوم", 1: "يوم واحد", 2: "يومان", 3: "3 أيام", 30: "30 يومًا", 100: "100 يوم", 760: "760 يومًا"}
	for n, want := range days {
		if got := strings.NewReplacer(firstStrongIsolate, "", rightToLeftIsolate, "", popIsolate, "").Replace(In("ar").Count("common.days", n)); got != want {
			t.Errorf("%d days in Arabic: %q, want %q", n, got, want)
		}
	}
}
