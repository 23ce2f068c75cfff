package notice

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"headcount.example/internal/texts"
)

func shop() Data {
	return Data{
		Product: "Shop", Variable: "SHOP_TELEMETRY", Notice: 7, Recipient: "Shop Ltd", Purpose: "To see.", Contact: "a@shop.example",
		Policy: "https://shop.example/policy", ReportDays: 30, FigureDays: 400, ErasureDays: 1, Erasure: "headcount.erasure.requested",
		Metrics: []Metric{
			{Title: "Users", Name: "shop.user", Question: "How many?", Description: "A user.", Total: true, Labels: []Label{{"shop.way", []string{"WEB", "APP"}}}},
			{Title: "Baskets", Name: "shop.basket", Question: "How large?", Description: "A basket."},
		},
	}
}

// In every language the notice has the same blocks, and every fact is in it.
func TestBuild(t *testing.T) {
	english := Build(shop(), texts.In("en"))
	for _, tag := range append(texts.Languages(), "x-pseudo") {
		blocks := Build(shop(), texts.In(tag))
		if len(blocks) != len(english) {
			t.Fatalf("%s: %d blocks, English has %d", tag, len(blocks), len(english))
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
			if tag == "x-pseudo" && want == "install_guid" {
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
	d := shop()
	plain := fmt.Sprint(Build(d, nil))
	d.Results, d.Others = "https://shop.example/results", "A partner gets them."
	all := fmt.Sprint(Build(d, nil))
	for _, want := range []string{d.Results, d.Others} {
		if !strings.Contains(all, want) || strings.Contains(plain, want) {
			t.Errorf("%q is not said, or said without reason", want)
		}
	}
	if promise := "no one else gets reports"; strings.Contains(all, promise) || !strings.Contains(plain, promise) {
		t.Errorf("%q is said where others get reports, or not said where none do", promise)
	}
}

func TestMarkdown(t *testing.T) {
	got := Markdown([]Block{
		{Heading: "Title"}, {Text: "Words."}, {Heading: "Part"}, {Items: []string{"a", "b"}}, {Head: []string{"x", "y"}, Rows: [][]string{{"1", "2"}}},
	})
	const want = "# Title\n\nWords.\n\n## Part\n\n- a\n- b\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// In text that runs from right to left a technical name is set apart, so that its dots
// and the brackets around it keep their places.
func TestNameIsIsolated(t *testing.T) {
	for tag, want := range map[string]string{"en": "Users (shop.user)", "ar": "\u2068Users\u2069 (\u2068shop.user\u2069)"} {
		for _, b := range Build(shop(), texts.In(tag)) {
			if len(b.Rows) == 2 && b.Rows[0][0] != want {
				t.Errorf("%s: got %q, want %q", tag, b.Rows[0][0], want)
			}
		}
	}
}
