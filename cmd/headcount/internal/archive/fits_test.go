package archive

import (
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
)

// A catalog that fits none of many reports is warned about, and the right one
// reads them all.
func TestWrongCatalog(t *testing.T) {
	catalog := catalogFile(t, usersMetric, "a.b", `"product":"CompreFace"`, `"product":"Affiliate Platform"`)
	odd := strings.Replace(line(50, today, 1), `"asInt":"1"`, `"asInt":"-1"`, 1)
	for name, test := range map[string]struct {
		text   string
		warned string // "": not
	}{
		"below the minimum":          {many(0, 9), ""},
		"at the minimum":             {many(0, 10), "none of 10 reports"},
		"above it":                   {many(0, 1200), "none of 1,200 reports"},
		"with a request to erase":    {many(0, 10) + askErase(1, today), "none of 10 reports"},
		"with what is no report":     {many(0, 9) + "foreign\nforeign\n" + line(1, today, 1)[:200] + "\n", ""},
		"with a report that is fine": {many(0, 10) + strings.Replace(line(60, today, 1), usersMetric, "a.b", 1), ""},
	} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			path := write(t, filepath.Join(raw, rotatedName), test.text)
			o := CompactOptions{Files: []string{raw}, Catalog: catalog}
			done, err := Compact(t.Context(), dir, o)
			if err != nil {
				t.Fatal(err)
			}
			warned := strings.Join(done.Warnings, "\n")
			if test.warned == "" {
				if warned != "" {
					t.Errorf("got %q, want no warning", warned)
				}
				return
			}
			for _, want := range []string{test.warned, `"Affiliate Platform"`, "(" + answer.UnknownMetric + " ", "is --catalog right?"} {
				if !strings.Contains(warned, want) {
					t.Errorf("got %q, want %q in it", warned, want)
				}
			}
			if kept := prune(t, dir, PruneOptions{Files: []string{raw}}); len(kept.RawFiles) > 0 {
				t.Errorf("got %q removed, want nothing", kept.RawFiles)
			}
			if done := compact(t, dir, path, write(t, filepath.Join(raw, "usage.jsonl"), odd)); done.Reports < 9 || done.Kinds[answer.AbsurdValue] != 1 {
				t.Errorf("with the right catalog: got %+v, want all reports", done)
			}
			whole(t, dir)
		})
	}
}

// A run of hostile reports does not stop the daily loop of an archive that
// has reports.
func TestHostileReportsDoNotStop(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 1))
	compact(t, dir, raw)
	appendTo(t, path, strings.Repeat(strings.Replace(line(2, today, 1), usersMetric, "unknown.metric", 1), 40))
	if done := compact(t, dir, raw); done.Kinds[answer.UnknownMetric] != 40 {
		t.Errorf("got %+v, want 40 of unknown metrics", done)
	}
}
