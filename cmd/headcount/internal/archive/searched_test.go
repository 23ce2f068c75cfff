package archive

import (
	"os"
	"path/filepath"
	"testing"
)

// A receipt says of how many files that compact has read nothing is known,
// and a file that was searched counts again when there is more in it.
func TestUnsearched(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	live, rotated := filepath.Join(raw, "usage.jsonl"), filepath.Join(raw, rotatedName)
	foreign := write(t, filepath.Join(t.TempDir(), "usage.jsonl.1"), line(9, today, 1))
	write(t, rotated, line(1, today-1, 1), line(2, today-1, 1))
	write(t, live, line(1, today, 1), line(2, today, 1))
	end := hold(t, live)
	defer func() { end() }()
	for _, s := range []struct {
		what  string
		do    func()
		files []string
		want  int
	}{
		{"no request, no file", func() {}, nil, 0},
		{"a request, no file", func() { appendTo(t, live, askErase(1, today)) }, nil, 2},
		{"again", func() {}, nil, 2},
		{"one file", func() {}, []string{rotated}, 1},
		{"a file that is not known", func() {}, []string{foreign}, 1},
		{"the live file, and pieces are left in it", func() {}, []string{live}, 0},
		{"pieces were left in it", func() {}, nil, 1},
		{"it is rotated, and not given", func() { end(); rename(t, live, live+".1"); write(t, live, line(3, today, 1)) }, nil, 2},
		{"the directory", func() {}, []string{raw}, 0},
		{"all was searched", func() {}, nil, 0},
		{"the file is compressed", func() { compressed(t, live+".1") }, nil, 0},
		{"there are new reports", func() { appendTo(t, live, line(4, today, 1)) }, nil, 1},
		{"another request", func() { appendTo(t, live, askErase(3, today)) }, nil, 3},
		{"a file is removed", func() { os.Remove(rotated) }, nil, 2},
		{"a compressed file is renamed", func() { rename(t, live+".1.gz", live+".2.gz") }, nil, 2},
	} {
		s.do()
		compact(t, dir, raw)
		if r := erase(t, dir, EraseOptions{Files: s.files}); r.Unsearched != s.want {
			t.Errorf("%s: got %d files that were not searched, want %d", s.what, r.Unsearched, s.want)
		}
	}
}

// compressed replaces a file by its gzip file.
func compressed(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path+".gz", gzipped(t, string(data)))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// A file known under another name is said to be so, and has nothing new.
func TestKnownUnderAnotherName(t *testing.T) {
	for _, name := range []string{"usage.jsonl", "usage.jsonl.gz"} {
		raw, dir := t.TempDir(), newDir(t)
		content := line(1, today, 1)
		if filepath.Ext(name) == ".gz" {
			content = gzipped(t, content)
		}
		path := write(t, filepath.Join(raw, name), content)
		if done := compact(t, dir, raw); done.Renamed != 0 || done.Unchanged != 0 {
			t.Errorf("%s: got %+v, want a new file", name, done)
		}
		rename(t, path, filepath.Join(raw, "x-"+name))
		if done := compact(t, dir, raw); done.Renamed != 1 || done.Unchanged != 1 || done.Reports != 0 {
			t.Errorf("%s, renamed: got %+v, want 1 unchanged file under another name", name, done)
		}
		if done := compact(t, dir, raw); done.Renamed != 0 || done.Unchanged != 1 {
			t.Errorf("%s, again: got %+v, want 1 unchanged file", name, done)
		}
	}
}
