package catalog_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// Whatever is declared, New does not panic, and what it accepts can be put
// into YAML, the Collector's language and a Markdown table as it is. The
// checks below are written character by character and not with the patterns
// that they check.
func FuzzNew(f *testing.F) {
	f.Add("Shop", 1, "shop.user.created", "{user}", "A user was created.", "shop.kind", "SEARCH", "PAYMENT", int64(0), int64(10))
	f.Add("A b", 2, "a", "1", "A.", "b", "0", "1-10", int64(5), int64(5))
	f.Add("a\n", -1, "a|b", "{${env:HOME}}", "A\u202e.", "install_guid", "a b", "`", int64(-1), int64(1))
	f.Add("OTel", 1, "otel.x", "}", "A | B.", "otel", "", "\xff", int64(9), int64(3))
	f.Fuzz(func(t *testing.T, product string, notice int, name, unit, text, key, v1, v2 string, low, high int64) {
		c := catalog.New(product, notice,
			catalog.NewCounter(name, unit, text, catalog.OneOf(key, v1, v2)),
			catalog.NewSizes(name+"2", unit, text, key, bucketing.New(low, high)))
		fingerprint, metrics := c.Fingerprint(), c.Metrics()
		told, err := c.Notice()
		if c.Err() != nil {
			if fingerprint != "" || len(metrics) > 0 || len(told) > 0 || err == nil || c.Variable() != "" {
				t.Fatalf("a faulty catalog (%v) gives something", c.Err())
			}
			return
		}
		if err != nil || len(metrics) != 2 || len(fingerprint) != 64 || notice < 1 || low < 0 || high <= low || v1 == v2 || key == "install_guid" {
			t.Fatalf("accepted: %v, %d metrics, fingerprint %q", err, len(metrics), fingerprint)
		}
		consists(t, "product", product, 64, " ._-")
		consists(t, "variable", c.Variable(), 64+len("_TELEMETRY"), "_")
		for _, m := range metrics {
			consists(t, "name", m.Name, 255, "._")
			consists(t, "unit", m.Unit, 63, "_%*./^+-{}")
			for _, a := range m.Attributes {
				consists(t, "key", a.Key, 255, "._")
				for _, v := range a.Values {
					consists(t, "value", v, 64, "_.+/-")
				}
			}
			for _, word := range []string{m.Name, m.Attributes[0].Key} {
				if strings.ToLower(word) != word || word[0] < 'a' || strings.Contains(word, "..") || strings.HasPrefix(word+".", "otel.") {
					t.Fatalf("accepted the name %q", word)
				}
			}
		}
		if len(text) > 200 || !utf8.ValidString(text) || strings.ContainsAny(text, "|<>`[]\\$") || strings.ContainsFunc(text, hidden) {
			t.Fatalf("accepted the description %q", text)
		}
		rows := tableRows(string(told), "statistic")
		if len(rows) != 2 || strings.Count(rows[0], "|") != 4 || strings.Count(rows[1], "|") != 4 || strings.Count(rows[0], "`")%2 != 0 {
			t.Fatalf("the table is %q", rows)
		}
		if _, err := c.CollectorConfig(); err != nil {
			t.Fatalf("no configuration: %v", err)
		}
	})
}

// consists asserts 1 to limit letters, digits and the other characters, all
// ASCII.
func consists(t *testing.T, what, word string, limit int, others string) {
	t.Helper()
	if word == "" || len(word) > limit {
		t.Fatalf("accepted the %s %q of %d bytes", what, word, len(word))
	}
	for _, b := range []byte(word) {
		if b >= 0x80 || !unicode.IsLetter(rune(b)) && !unicode.IsDigit(rune(b)) && strings.IndexByte(others, b) < 0 {
			t.Fatalf("accepted the %s %q", what, word)
		}
	}
}

// hidden is true for control and format characters and for every space but
// the plain one: a reader would not see them.
func hidden(r rune) bool {
	return r != ' ' && (unicode.IsControl(r) || unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp))
}
