package catalog_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Whatever is declared, New does not panic, and what it accepts can be put
// into YAML, the Collector's language and a Markdown table as it is. The
// checks below are written character by character and not with the patterns
// that they check. Each part is tried alone, beside parts that are sound, or
// next to nothing would be accepted; and then all together.
func FuzzNew(f *testing.F) {
	f.Add("Shop", 1, "shop.user.created", "{user}", "A user was created.", "shop.kind", "SEARCH", "PAYMENT", int64(0), int64(10))
	f.Add("A b", 2, "a", "1", "A.", "b", "0", "1-10", int64(5), int64(5))
	f.Add("a\n", -1, "a|b", "{${env:HOME}}", "A\u202e.", "install_guid", "a b", "`", int64(-1), int64(1))
	f.Add("OTel", 1, "otel.x", "}", "A | B.", "otel", "", "\xff", int64(9), int64(3))
	f.Fuzz(func(t *testing.T, product string, notice int, name, unit, text, key, v1, v2 string, low, high int64) {
		all := parts{product: product, notice: notice, name: name, unit: unit, text: text, key: key, values: []string{v1, v2},
			sizesName: name + "2", sizesUnit: unit, sizesText: text, sizesKey: key, bounds: []int64{low, high}}
		acceptsOnlyTheSafe(t, all)
		for _, change := range []func(p *parts){
			func(p *parts) { p.product = product },
			func(p *parts) { p.notice = notice },
			func(p *parts) { p.name = name },
			func(p *parts) { p.unit = unit },
			func(p *parts) { p.text = text },
			func(p *parts) { p.key = key },
			func(p *parts) { p.sizesKey = key },
			func(p *parts) { p.values[0] = v1 },
			func(p *parts) { p.values = []string{v1, v2} },
			func(p *parts) { p.bounds = []int64{low, high} },
		} {
			p := sample()
			change(&p)
			acceptsOnlyTheSafe(t, p)
		}
	})
}

func acceptsOnlyTheSafe(t *testing.T, p parts) {
	c := p.catalog()
	if c.Err() != nil {
		told, err := c.Notice()
		if c.Fingerprint() != "" || len(c.Metrics()) > 0 || len(told) > 0 || err == nil || c.Variable() != "" {
			t.Fatalf("a faulty catalog (%v) gives something", c.Err())
		}
		return
	}
	told, err := c.Notice()
	metrics := c.Metrics()
	if err != nil || len(metrics) != 2 || p.notice < 1 || p.bounds[0] < 0 || p.bounds[1] <= p.bounds[0] {
		t.Fatalf("accepted: %v, %d metrics of %+v", err, len(metrics), p)
	}
	consists(t, "product", p.product, 64, " ._-")
	consists(t, "variable", c.Variable(), 64+len("_TELEMETRY"), "_")
	for _, m := range metrics {
		consists(t, "unit", m.Unit, 63, "_%*./^+-{}")
		for _, v := range m.Attributes[0].Values {
			consists(t, "value", v, 64, "_.+/-")
		}
		for _, name := range []string{m.Name, m.Attributes[0].Key} {
			consists(t, "name", name, 255, "._")
			if strings.ToLower(name) != name || name[0] < 'a' || strings.Contains(name, "..") || strings.HasPrefix(name+".", "otel.") || name == "install_guid" {
				t.Fatalf("accepted the name %q", name)
			}
		}
		d := m.Description
		if len(d) > 200 || !utf8.ValidString(d) || strings.ContainsAny(d, "|<>`[]\\$") || strings.ContainsFunc(d, hidden) {
			t.Fatalf("accepted the description %q", d)
		}
	}
	rows := tableRows(string(told), "statistic")
	if len(rows) != 2 || strings.Count(rows[0], "|") != 5 || strings.Count(rows[1], "|") != 5 || strings.Count(rows[0], "`")%2 != 0 {
		t.Fatalf("the table is %q", rows)
	}
	if _, err := c.CollectorConfig(); err != nil {
		t.Fatalf("no configuration: %v", err)
	}
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
