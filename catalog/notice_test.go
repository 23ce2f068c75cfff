package catalog_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/internal/texts"
)

// noticed is a catalog whose notice has every kind of row.
func noticed(change func(*catalog.About)) *catalog.Catalog {
	a := catalog.About{Recipient: "Shop Ltd", Purpose: "To see.", Contact: "a@shop.example", Policy: "https://shop.example/policy",
		ReportDays: 30, FigureDays: 400, ErasureDays: 1}
	if change != nil {
		change(&a)
	}
	return catalog.New("Shop", 7, a,
		catalog.NewCounter("shop.user", "{user}", catalog.Text{Title: "Users", Question: "How many?", Description: "A user."},
			catalog.OneOf("shop.way", "WEB", "APP")),
		catalog.NewCounter("shop.visit", "{visit}", catalog.Text{Title: "Visits", Question: "How many?", Description: "A visit."}),
		catalog.NewRangeGauge("shop.basket", "{basket}", catalog.Text{Title: "Baskets", Question: "How large?", Description: "A basket."},
			"shop.goods", bucketing.New(10)))
}

// blocksOf returns the notice in a language without the block that says that the catalog
// has no translation.
func blocksOf(t *testing.T, c *catalog.Catalog, tag string) []catalog.Block {
	t.Helper()
	sound(t, c)
	blocks, translated := c.Document(tag)
	if !translated {
		if blocks[1].Text != texts.In(tag).Text("notice.untranslated", "product", "Shop") {
			t.Errorf("%s: got the second block %+v, want one that says that the catalog's sentences are English", tag, blocks[1])
		}
		blocks = slices.Delete(blocks, 1, 2)
	}
	return blocks
}

// In every language the notice has the same blocks, and every fact is in it.
func TestDocument(t *testing.T) {
	english := blocksOf(t, noticed(nil), "en")
	for _, tag := range append(texts.Languages(), texts.Pseudo().Tag) {
		blocks := blocksOf(t, noticed(nil), tag)
		if len(blocks) != len(english) {
			t.Fatalf("%s: got %d blocks, want %d as in English", tag, len(blocks), len(english))
		}
		for i, b := range blocks {
			parts := 0
			for _, filled := range []bool{b.Heading != "", b.Text != "", b.Items != nil, b.Head != nil && b.Rows != nil} {
				if filled {
					parts++
				}
			}
			if parts != 1 || len(b.Items) != len(english[i].Items) || len(b.Rows) != len(english[i].Rows) {
				t.Errorf("%s: block %d has %d parts: %+v", tag, i, parts, b)
			}
			for _, row := range b.Rows {
				if len(row) != len(b.Head) || slices.Contains(row, "") {
					t.Errorf("%s: a row of %d below a head of %d: %q", tag, len(row), len(b.Head), row)
				}
			}
		}
		all := strings.NewReplacer("\u2067", "", "\u2068", "", "\u2069", "").Replace(fmt.Sprintf("%q", blocks))
		for _, want := range []string{
			"Shop", "7", "Shop Ltd", "To see.", "a@shop.example", "https://shop.example/policy", "30", "400", "shop.user", "WEB, APP",
			"SHOP_TELEMETRY=accept:7", "SHOP_TELEMETRY=off", "DO_NOT_TRACK=1", "install_guid", "headcount.erasure.requested",
		} {
			if tag == texts.Pseudo().Tag && want == "install_guid" {
				continue // a word of the text, which is written with accents there
			}
			if !strings.Contains(all, want) {
				t.Errorf("%s: the notice does not say %q", tag, want)
			}
		}
		if strings.Contains(all, "!notice.") || regexp.MustCompile(`\{[a-z]+\}`).MatchString(all) {
			t.Errorf("%s: a text or a value is missing:\n%s", tag, all)
		}
	}
	if all := fmt.Sprint(english); strings.Contains(all, "sign-up") || !strings.Contains(all, "within 1 day after") || !strings.Contains(all, "pseudonymous") {
		t.Errorf("the notice says\n%s", all)
	}
}

func TestOptionalFacts(t *testing.T) {
	const results, others = "https://shop.example/results", "A partner gets them."
	plain := fmt.Sprint(blocksOf(t, noticed(nil), "en"))
	all := fmt.Sprint(blocksOf(t, noticed(func(a *catalog.About) { a.Results, a.Others = results, others }), "en"))
	for _, want := range []string{results, others} {
		if !strings.Contains(all, want) || strings.Contains(plain, want) {
			t.Errorf("%q is not said, or said without reason", want)
		}
	}
	if promise := "no one else gets reports"; strings.Contains(all, promise) || !strings.Contains(plain, promise) {
		t.Errorf("%q is said where others get reports, or not said where none do", promise)
	}
}

// In text that runs from right to left a technical name is set apart, so that its dots
// and the brackets around it keep their places.
func TestNameIsIsolated(t *testing.T) {
	for tag, want := range map[string]string{"en": "Users (shop.user)", "ar": "\u2068Users\u2069 (\u2068shop.user\u2069)"} {
		found := 0
		for _, b := range blocksOf(t, noticed(nil), tag) {
			if len(b.Rows) == 3 {
				found++
				if got := b.Rows[0][0]; got != want {
					t.Errorf("%s: got %q, want %q", tag, got, want)
				}
			}
		}
		if found != 1 {
			t.Errorf("%s: got %d tables of three rows, want the list", tag, found)
		}
	}
}
