package prompt

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/consent"
)

// Two products that keep their decisions in one place: each is asked about, and
// the answer says for which one it is.
func TestTwoProductsInOnePlace(t *testing.T) {
	decisions := consent.NewFile(filepath.Join(t.TempDir(), "decisions"))
	other := catalog.New("Bakery", 3, list(3).About(), catalog.NewCounter("bakery.bread.sold", "{bread}", catalog.Text{
		Title: "Bread sold", Description: "A bread was sold.", Question: "How much bread is sold?"}))
	if err := other.Err(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*catalog.Catalog{list(3), other} {
		q, out := shop(), &bytes.Buffer{}
		q.Catalog, q.Decided = c, decisions
		record, err := Ask(t.Context(), q, strings.NewReader("y\n"), out)
		if err != nil || record.Decision != consent.Granted || record.For != c.Variable() {
			t.Fatalf("%s: got %+v, %v, want a yes for %s\n%s", c.Product(), record, err, c.Variable(), out)
		}
		if err := decisions.Save(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		again := &bytes.Buffer{}
		if record, err := Ask(t.Context(), q, strings.NewReader("y\n"), again); record.Decision != consent.Undecided || err != nil || again.Len() != 0 {
			t.Errorf("%s, asked again: got %+v, %v, want nothing\n%s", c.Product(), record, err, again)
		}
	}
}
