package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
)

// Clocks that are wrong, totals that shrink, values that cannot be: counted.
func TestClocksAndTotals(t *testing.T) {
	dir := newDir(t)
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"),
		line(1, 0, 1), line(1, parse(t, "2019-12-31"), 1), line(1, parse(t, "2100-01-01"), 1), line(1, parse(t, "2020-01-01"), 1), line(1, parse(t, "2099-12-31"), 1),
		line(2, today-2, 10), line(2, today-1, 4), line(2, today, 12), line(3, today, 1_000_000_000_001), line(3, today, 1_000_000_000_000), line(4, today, -1))
	done := compact(t, dir, path)
	if done.Kinds[answer.WrongDay] != 3 || done.Kinds[answer.AbsurdValue] != 2 || done.Reports != 6 {
		t.Errorf("got %d reports, %v, want 6, 3 of wrong days, 2 absurd", done.Reports, done.Kinds)
	}
	a := answerOf(t, dir, today, 28)
	if a.Input.WentBack != 1 || a.Counters[0].Total != 1+12+1_000_000_000_000 || a.Health.LaterThanAsOf != 1 {
		t.Errorf("got %+v, a total of %d, %d later, want 1 went back, 1000000000013, 1", a.Input, a.Counters[0].Total, a.Health.LaterThanAsOf)
	}
}

// What is not a file of the Collector: an error that names it, at once.
func TestFilesThatAreNone(t *testing.T) {
	raw := t.TempDir()
	fifo := filepath.Join(raw, "fifo.jsonl")
	if err := makeFIFO(fifo); err != nil {
		t.Fatal(err)
	}
	loop := filepath.Join(raw, "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	empty := t.TempDir()
	notes := t.TempDir()
	write(t, filepath.Join(notes, "notes.txt"), "x")
	for name, test := range map[string]struct {
		file  string
		words []string
	}{
		"a missing file":             {filepath.Join(raw, "none"), []string{"none", "name the Collector's files"}},
		"a FIFO":                     {fifo, []string{fifo, "not a regular file"}},
		"a FIFO in a directory":      {raw, []string{fifo, "not a regular file"}},
		"a device":                   {os.DevNull, []string{os.DevNull, "not a regular file"}},
		"an empty directory":         {empty, []string{empty, "no file whose name ends in .jsonl"}},
		"a directory without .jsonl": {notes, []string{notes, "no file whose name ends in .jsonl"}},
		"a link to itself":           {loop, []string{loop}},
		"no name":                    {"", []string{"name the Collector's files"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			_, err := Compact(t.Context(), dir, CompactOptions{Files: []string{test.file}, Catalog: "compreface"})
			refused(t, "compact", err, test.words...)
			if _, err := Open(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("got %v, want that no archive was made", err)
			}
			compact(t, dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1)))
			before := tree(t, dir)
			for _, do := range []string{"erase", "prune"} {
				if err := commands(dir, test.file)[do](); err == nil && do == "erase" {
					t.Errorf("%s: got no error", do)
				}
			}
			if strings.HasPrefix(test.file, "a FIFO") {
				sameText(t, "files", tree(t, dir), before)
			}
		})
	}
	_, err := Compact(t.Context(), newDir(t), CompactOptions{Catalog: "compreface"})
	refused(t, "nothing", err, "no file to compact")
}

// The archive's own files are not the Collector's.
func TestFilesOfTheArchiveItself(t *testing.T) {
	dir := newDir(t)
	compact(t, dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), "foreign\n", line(1, today, 1)))
	for _, path := range []string{dir, filepath.Join(dir, rejectedName)} {
		_, err := Compact(t.Context(), dir, CompactOptions{Files: []string{path}})
		refused(t, "compact", err, rejectedName, "in the archive")
	}
}

// A file that vanishes after it was listed is a warning.
func TestFileThatVanishes(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	a, b := write(t, filepath.Join(raw, "a.jsonl"), line(1, today, 1)), write(t, filepath.Join(raw, "b.jsonl"), line(2, today, 1))
	was := step
	step = func(name string) {
		if name == "read" {
			os.Remove(b)
		}
	}
	done := compact(t, dir, raw)
	step = was
	if len(done.Warnings) != 1 || !strings.Contains(done.Warnings[0], b) || !strings.Contains(done.Warnings[0], "vanished") || done.Reports != 1 {
		t.Errorf("got %+v, want a warning about %s and what is in %s", done, b, a)
	}
}

// Names may be anything that the file system takes.
func TestStrangeNames(t *testing.T) {
	raw := filepath.Join(t.TempDir(), "a b\n[c]*ü\t\"'\\")
	dir := filepath.Join(t.TempDir(), "archive *[x]? ü\n")
	for i, name := range []string{" .jsonl", "a b.jsonl", "new\nline.jsonl", "ünï.jsonl", "[x]*?.jsonl", "-rf.jsonl", "%s.jsonl", "\xff\xfe.jsonl"} {
		write(t, filepath.Join(raw, name), line(i, today, 1), "foreign\n")
	}
	compact(t, dir, raw)
	before := tree(t, dir)
	compact(t, dir, raw)
	sameText(t, "files", tree(t, dir), before)
	write(t, filepath.Join(dir, ".new-manifest.json-1"), "left by a crash")
	write(t, filepath.Join(dir, "reports", ".new-x"), "left by a crash")
	appendTo(t, filepath.Join(raw, " .jsonl"), line(0, today, 3), askErase(1, today))
	compact(t, dir, raw)
	if r := erase(t, dir, EraseOptions{Files: []string{raw}, Closed: true}); len(r.Files) != 8 || r.Requests != 1 {
		t.Errorf("got %+v, want 8 files", r)
	}
	whole(t, dir)
	if n, _, torn := inputOf(t, dir); n != 8 || torn != 8 {
		t.Errorf("got %d reports, %d torn, want 8 and 8", n, torn)
	}
}
