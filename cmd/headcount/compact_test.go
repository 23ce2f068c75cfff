package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A wrong catalog is warned about, and prune removes nothing.
func TestWrongCatalog(t *testing.T) {
	dir := t.TempDir()
	raw := write(t, filepath.Join(dir, "usage-2026-09-01T00-00-00.000.jsonl"), strings.Repeat(reportLine(t, guidA, "2026-09-01", 1, 1), 12))
	old := time.Now().AddDate(0, 0, -60)
	if err := os.Chtimes(raw, old, old); err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "archive")
	if out := fine(t, "compact", "--archive", archive, "--catalog", "affiliate", raw); !strings.Contains(out, "none of 12 reports is as the catalog ") {
		t.Errorf("got %q, want a warning", out)
	}
	if out := fine(t, "prune", "--archive", archive, raw); !strings.Contains(out, "perhaps it was compacted with") {
		t.Errorf("got %q, want why the file stays", out)
	}
	if _, err := os.Stat(raw); err != nil {
		t.Error(err)
	}
	if out := fine(t, "compact", "--archive", archive, "--catalog", "compreface", raw); !strings.Contains(out, "12 reports new in ") {
		t.Errorf("with the right catalog: got %q", out)
	}
}

func TestCompactSaysWhatIsKnownUnderAnotherName(t *testing.T) {
	dir := t.TempDir()
	archive, raw := filepath.Join(dir, "archive"), write(t, filepath.Join(dir, "usage.jsonl"), reportLine(t, guidA, "2026-11-24", 1, 1))
	if out := fine(t, "compact", "--archive", archive, raw); !strings.Contains(out, "no catalog: names come from the data") || strings.Contains(out, "another name") {
		t.Errorf("got %q, want that there is no catalog, and no other name", out)
	}
	if err := os.Rename(raw, raw+".1"); err != nil {
		t.Fatal(err)
	}
	out := fine(t, "compact", "--archive", archive, raw+".1")
	if !strings.Contains(out, "1 file known under another name") || !strings.Contains(out, "1 of them unchanged") || strings.Contains(out, "no catalog") {
		t.Errorf("got %q, want an unchanged file that is known under another name", out)
	}
}

func TestRetentionOfOneOrMore(t *testing.T) {
	archive := compactedArchive(t)
	for _, flag := range []string{"--raw-days", "--months"} {
		for _, value := range []string{"0", "-1", "x", "", "-99999999999999999999", "1.5"} {
			r := headcount("prune", "--archive", archive, flag, value)
			if r.code != exitUsage {
				t.Errorf("%s %s: got exit code %d, want 2", flag, value, r.code)
			}
			r.oneLine(t, flag+`: "`+value+`" is not a whole number of 1 or more`)
		}
		for _, value := range []string{"1", "2", "2147483647", "2147483648", "99999999999999999999"} {
			fine(t, "prune", "--archive", archive, "--dry-run", flag, value)
		}
	}
}
