package datasheet

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

var update = flag.Bool("update", false, "write the golden files")

func load(t *testing.T, name string) *schema.Schema {
	t.Helper()
	list, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestGolden: docs/datasheet.md is the sheet of the first shipped catalog.
func TestGolden(t *testing.T) {
	sheet, err := New(load(t, "compreface"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for path, render := range map[string]func() ([]byte, error){
		"../../../../docs/datasheet.md": sheet.Markdown, "testdata/datasheet.golden.html": sheet.HTML,
	} {
		got, err := render()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not as the sheet is now (%v): look at it, and run go test ./internal/datasheet -update", path, err)
		}
	}
}

// TestEverything: each text and word of each catalog is on both pages.
func TestEverything(t *testing.T) {
	for _, name := range schema.Names {
		list := load(t, name)
		sheet, err := New(list, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{list.About.Recipient, list.About.Contact, list.About.Policy, "install_guid", "network address"}
		for _, m := range list.Metrics {
			want = append(want, m.Name, m.Title, m.Question, m.Description)
			for _, a := range m.Attributes {
				want = append(append(want, a.Key), a.Values...)
			}
		}
		for form, render := range map[string]func() ([]byte, error){"Markdown": sheet.Markdown, "HTML": sheet.HTML} {
			page, err := render()
			if err != nil {
				t.Fatal(err)
			}
			text := strings.ReplaceAll(string(page), "&#43;", "+")
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("%s, %s: got no %q", name, form, w)
				}
			}
		}
	}
}

// TestHostileCatalog: a catalog is a file like any other.
func TestHostileCatalog(t *testing.T) {
	list := load(t, "compreface")
	list.Product, list.About.Policy = "A | B <script>alert(1)</script>\n# C", "javascript:alert(1)"
	list.Metrics[0].Title = "<img src=x>"
	sheet, err := New(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := sheet.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, never := range []string{"<script>", "<img", `href="javascript`} {
		if bytes.Contains(page, []byte(never)) {
			t.Errorf("got %q on the page", never)
		}
	}
	text, err := sheet.Markdown()
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(string(text), "\n"); !strings.Contains(first, `A \| B`) || strings.Contains(string(text), "\n# C") {
		t.Errorf("got the heading %q", first)
	}
}

func TestSince(t *testing.T) {
	list, before := load(t, "compreface"), load(t, "compreface")
	list.Notice, before.Metrics = 2, before.Metrics[:1]
	sheet, err := New(list, []*schema.Schema{before})
	if err != nil {
		t.Fatal(err)
	}
	if got := []int{sheet.Metrics[0].Since, sheet.Metrics[1].Since}; got[0] != 1 || got[1] != 2 {
		t.Errorf("got %v, want 1 and 2", got)
	}
	if _, err := New(list, []*schema.Schema{load(t, "affiliate")}); err == nil {
		t.Error("got no error for another product's catalog, want one")
	}
}

func TestNoAbout(t *testing.T) {
	list := load(t, "compreface")
	list.About = schema.About{}
	if _, err := New(list, nil); err == nil || !strings.Contains(err.Error(), "catalog.JSON") {
		t.Errorf("got %v, want the remedy", err)
	}
	if data, err := json.Marshal(load(t, "compreface")); err != nil || !bytes.Contains(data, []byte("figure_days")) {
		t.Errorf("got %v, and no about in the stored list", err)
	}
}
