package panel

import (
	"regexp"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
)

// Every word of the notice is on the page.
func TestBlocksLeaveNothingOut(t *testing.T) {
	for _, list := range []*catalog.Catalog{compreface.Catalog, affiliate.Catalog} {
		notice, err := list.Notice()
		if err != nil {
			t.Fatal(err)
		}
		var shown []string
		for _, b := range blocks(string(notice)) {
			shown = append(shown, b.Heading, b.Text)
			shown = append(append(shown, b.Items...), b.Head...)
			for _, row := range b.Rows {
				if len(row) != len(b.Head) {
					t.Errorf("a row of %d below a head of %d: %q", len(row), len(b.Head), row)
				}
				shown = append(shown, row...)
			}
		}
		text := strings.Join(strings.Fields(strings.Join(shown, " ")), "")
		_, source, _ := strings.Cut(string(notice), "-->")
		source = regexp.MustCompile("(?m)^#+ |^- |^\\|[-| ]+\\|$|[`*|]").ReplaceAllString(source, " ")
		if want := strings.Join(strings.Fields(source), ""); text != want {
			t.Errorf("the notice is\n%s\nand the page shows\n%s", want, text)
		}
	}
}

func TestBlocksShowWhatTheyDoNotKnow(t *testing.T) {
	for _, source := range []string{"", "\n\n", "<!-- x -->", "| a |", "#", "- ", "<script>", "1. x\n2. y"} {
		var all string
		for _, b := range blocks(source) {
			all += b.Heading + b.Text + strings.Join(b.Items, "")
		}
		if strings.ContainsAny(source, "axy1<") && !strings.HasPrefix(source, "<!--") && all == "" {
			t.Errorf("%q is not shown", source)
		}
	}
}
