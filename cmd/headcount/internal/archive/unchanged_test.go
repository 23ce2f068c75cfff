package archive

import (
	"path/filepath"
	"strings"
	"testing"
)

// A new archive without a catalog is said to check nothing, and only then.
func TestNoCatalog(t *testing.T) {
	raw := t.TempDir()
	path := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today-1, 1))
	for _, catalog := range []string{"", "compreface"} {
		dir := newDir(t)
		for run, want := range []bool{catalog == "", false} {
			done, err := Compact(t.Context(), dir, CompactOptions{Files: []string{raw}, Catalog: catalog})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(strings.Join(done.Warnings, ""), "no catalog: names come from the data"); got != want {
				t.Errorf("catalog %q, run %d: got the warnings %q, want one: %v", catalog, run, done.Warnings, want)
			}
		}
		appendTo(t, path, line(1, today, 2))
	}
}
