package archive

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// The same input again writes no file and changes no byte of any answer.
func TestSameInputAgain(t *testing.T) {
	files, dir := small(t, 3), newDir(t)
	compact(t, dir, files...)
	before, want := tree(t, dir), answers(t, dir)
	for range 3 {
		done := compact(t, dir, files...)
		if done.Reports != 0 || done.Bytes != 0 || done.Unchanged != len(files) || len(done.Months) != 0 || len(done.Warnings) != 0 {
			t.Errorf("got %+v, want nothing new", done)
		}
	}
	sameText(t, "files", tree(t, dir), before)
	sameText(t, "answers", answers(t, dir), want)
}

// However the files are read, every byte of every answer is the same.
func TestOrderOfReadingFiles(t *testing.T) {
	files, once := small(t, 5), newDir(t)
	compact(t, once, files...)
	want := answers(t, once)
	t.Run("one by one", func(t *testing.T) {
		dir := newDir(t)
		for _, f := range files {
			compact(t, dir, f)
		}
		sameText(t, "answers", answers(t, dir), want)
		whole(t, dir)
	})
	t.Run("their directory", func(t *testing.T) {
		dir := newDir(t)
		compact(t, dir, filepath.Dir(files[0]))
		sameText(t, "answers", answers(t, dir), want)
	})
	t.Run("erased in between", func(t *testing.T) {
		dir := newDir(t)
		for _, f := range files {
			compact(t, dir, f)
			erase(t, dir, EraseOptions{})
		}
		erase(t, once, EraseOptions{})
		sameText(t, "answers", answers(t, dir), answers(t, once))
		whole(t, dir)
	})
}

// One file under several names in one call is one file.
func TestOneFileUnderSeveralNames(t *testing.T) {
	raw := t.TempDir()
	path := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 5), line(2, today, 7))
	link, hard := filepath.Join(raw, "link.jsonl"), filepath.Join(raw, "hard.jsonl")
	for _, make := range []error{os.Symlink(path, link), os.Link(path, hard)} {
		if make != nil {
			t.Fatal(make)
		}
	}
	for name, args := range map[string][]string{
		"twice":           {path, path},
		"two paths":       {path, filepath.Join(raw, "..", filepath.Base(raw), "usage.jsonl")},
		"a symbolic link": {path, link},
		"the link alone":  {link},
		"a hard link":     {hard, path},
		"its directory":   {path, raw, raw + "/"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			compact(t, dir, args...)
			compact(t, dir, args...)
			if n, again, _ := inputOf(t, dir); n != 2 || again != 0 {
				t.Errorf("got %d reports, %d duplicates, want 2 and none", n, again)
			}
			before := tree(t, dir)
			if done := compact(t, dir, args...); done.Reports != 0 || len(done.Warnings) > 0 {
				t.Errorf("again: got %+v, want nothing new", done)
			}
			sameText(t, "files", tree(t, dir), before)
		})
	}
}

// What compact says it did is what it did.
func TestCompacted(t *testing.T) {
	dir := newDir(t)
	text := line(1, today, 5) + askErase(1, today) + line(1, today, 6) + line(2, today-40, 1) + "{\"resourceMetrics\":[tor\nforeign\n"
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), text)
	got := compact(t, dir, path)
	want := &Compacted{Files: 1, Bytes: int64(len(text)), Reports: 2, Erasures: 1, LateErased: 1,
		Kinds: map[string]int64{"torn": 1, "foreign": 1}, Months: []string{"2026-10", "2026-11"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	appendTo(t, path, line(1, today, 7)+line(3, today, 1))
	got = compact(t, dir, path)
	if got.Reports != 1 || got.LateErased != 1 {
		t.Errorf("after it: got %d reports, %d late, want 1 and 1", got.Reports, got.LateErased)
	}
	if held := answerOf(t, dir, today, 28); held.Health.LateErased != 2 || held.Installations.Ever != 2 || held.Installations.Erased != 1 {
		t.Errorf("got %d late, %d ever, %d erased, want 2, 2, 1", held.Health.LateErased, held.Installations.Ever, held.Installations.Erased)
	}
	if r := erase(t, dir, EraseOptions{}); r.Reports != 1 {
		t.Errorf("erased: got %d reports, want the 1 from before the request", r.Reports)
	}
}
