package panel_test

import (
	"context"
	"encoding/json"
	"errors"
	"html"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// Sizes are said to be in a report if they are, and are not guessed to be none.
func TestSizesThatAreNotThere(t *testing.T) {
	const included = "The sizes are included, as the application said them just now."
	not := func(names string) string { return "It has none, or could not say them, for: " + names + "." }
	type says = func(context.Context) ([]int64, error)
	some := func(context.Context) ([]int64, error) { return []int64{3}, nil }
	albums := catalog.NewRangeGauge("compreface.album.count", "{album}", catalog.Text{Title: "Albums", Description: "Albums, by size.", Question: "How large are albums?"}, "compreface.album.range", bucketing.Faces)
	for name, c := range map[string]struct {
		collections, albums says
		want                string
	}{
		"both":      {some, some, included},
		"an error":  {some, func(context.Context) ([]int64, error) { return nil, errors.New("away") }, not("compreface.album.count")},
		"negative":  {func(context.Context) ([]int64, error) { return []int64{1, -1}, nil }, some, not("compreface.collection.count")},
		"none":      {func(context.Context) ([]int64, error) { return nil, nil }, some, included},
		"not asked": {nil, nil, not("compreface.collection.count, compreface.album.count")},
	} {
		for _, on := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				h := open(t, "", func(h *house) {
					h.config.Catalog = catalog.New("CompreFace", 1, compreface.About, compreface.UserCreated, compreface.Collections, albums)
					if on {
						h.save(t, consent.Granted, 1)
					}
				})
				h.stats.Observe(compreface.Collections, c.collections)
				h.stats.Observe(albums, c.albums)
				_, page := h.get(t, "/?sizes")
				if view := html.UnescapeString(section(page, "preview")); !strings.Contains(view, c.want) || strings.Contains(view, included) != (c.want == included) {
					t.Errorf("the page does not say %q:\n%s", c.want, view)
				}
				if view := section(page, "preview"); strings.Contains(view, "sizes are examples") || strings.Contains(view, "(for example)") {
					t.Errorf("sizes were asked for, and the page says that they are examples:\n%s", view)
				}
				var missing []string
				for _, n := range []string{"compreface.collection.count", "compreface.album.count"} {
					if strings.Contains(c.want, n) {
						missing = append(missing, n)
					}
				}
				h.previews(t, "?sizes", on, true, missing)
				h.previews(t, "", on, false, []string{"compreface.collection.count", "compreface.album.count"})
			})
		}
	}
}

// previews fails if the preview in JSON does not say what is and is not in it.
func (h *house) previews(t *testing.T, query string, on, asked bool, missing []string) {
	t.Helper()
	var got struct {
		Zeros        bool
		SizesAsked   bool     `json:"sizes_asked"`
		SizesMissing []string `json:"sizes_missing"`
		Head         string
	}
	_, body := h.get(t, "/api/preview"+query)
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Zeros == on || got.SizesAsked != asked || strings.Join(got.SizesMissing, " ") != strings.Join(missing, " ") || got.SizesMissing == nil || got.Head == "" {
		t.Errorf("%q, on %v, missing %q: %s", query, on, missing, body[:300])
	}
}
