package archive

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

// Which raw files erase rewrites, and which it leaves.
func TestWhichFilesAreRewritten(t *testing.T) {
	text := line(1, today, 1) + line(2, today, 1) + askErase(1, today)
	for name, test := range map[string]struct {
		file   string
		open   bool // by another program
		named  bool // by itself, not in its directory
		closed bool
		action string
		why    string
	}{
		"rotated":                     {rotatedName, false, false, false, rewritten, ""},
		"rotated by size":             {"usage-2026-11-24T00-00-00.000-size.jsonl", false, false, false, rewritten, ""},
		"rotated as logrotate does":   {"usage.jsonl.1", false, false, false, rewritten, ""},
		"compressed":                  {"usage.jsonl.gz", false, false, false, rewritten, ""},
		"rotated, and open":           {rotatedName, true, true, true, live, "another program has it open"},
		"live":                        {"usage.jsonl", true, true, true, live, "another program has it open"},
		"in a directory, not rotated": {"usage.jsonl", false, false, false, left, "run headcount erase again and name the file itself"},
		"named":                       {"usage.jsonl", false, true, false, rewritten, ""},
		"closed":                      {"usage.jsonl", false, false, true, rewritten, ""},
		"closed, and open":            {"usage.jsonl", true, false, true, live, "another program has it open"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			content := text
			if strings.HasSuffix(test.file, ".gz") {
				content = gzipped(t, text)
			}
			path := write(t, filepath.Join(raw, test.file), content)
			compact(t, dir, path)
			if test.open {
				hold(t, path)
			}
			o := EraseOptions{Files: []string{raw}, Closed: test.closed}
			if test.named {
				o.Files = []string{path}
			}
			r := erase(t, dir, o)
			if got := r.Files[0]; got.Action != test.action || !strings.Contains(got.Why, test.why) || (test.why == "") != (got.Why == "") {
				t.Errorf("got %+v, want %q because %q", got, test.action, test.why)
			}
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if untouched := string(data) == content; untouched != (test.action != rewritten) {
				t.Errorf("untouched is %v", untouched)
			}
			if live, named := strings.Contains(r.Until, "#rotate-now"), strings.Contains(r.Until, "as is said of each file"); live != (test.action == "live") || named != (test.action == left) {
				t.Errorf("got until %q of a file with the action %q", r.Until, test.action)
			}
			if test.action != rewritten && (r.Left != 2 || r.Until == "") || test.action == rewritten && (r.Left != 0 || r.Until != "" || r.Files[0].Removed != 2) {
				t.Errorf("got %d left until %q, %d removed, want 2 pieces", r.Left, r.Until, r.Files[0].Removed)
			}
			if in := find(t, idOf(1), dir); len(in) > 0 {
				t.Errorf("the identifier is in %s", in)
			}
		})
	}
}

// A file that is live, or may be, and holds nothing to erase needs no remedy.
func TestLiveFileWithNothingToErase(t *testing.T) {
	for _, open := range []bool{true, false} {
		raw, dir := t.TempDir(), newDir(t)
		path := write(t, filepath.Join(raw, "usage.jsonl"), line(2, today, 1))
		compact(t, dir, raw, write(t, filepath.Join(t.TempDir(), rotatedName), line(1, today, 1), askErase(1, today)))
		if open {
			hold(t, path)
		}
		r := erase(t, dir, EraseOptions{Files: []string{raw}})
		want := ErasedFile{Name: path, Action: live}
		if r.Files[0] != want || r.Left != 0 || r.Until != "" || r.Unsearched != 1 {
			t.Errorf("open: %v: got %+v, want %+v, and 1 file that was not searched", open, r, want)
		}
	}
}

// What was left because it was open goes with the next erase.
func TestLeftUntilItIsRotated(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	live := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 1), line(2, today, 1), askErase(1, today))
	compact(t, dir, raw)
	end := hold(t, live)
	if r := erase(t, dir, EraseOptions{Files: []string{raw}}); r.Left != 2 {
		t.Fatalf("got %+v, want 2 pieces left", r)
	}
	end()
	rename(t, live, filepath.Join(raw, rotatedName))
	write(t, live, line(3, today, 1))
	if r := erase(t, dir, EraseOptions{Files: []string{raw}}); r.Requests != 0 || r.Left != 0 || r.Files[0].Removed != 2 {
		t.Errorf("got %+v, want 2 pieces removed", r)
	}
	if in := find(t, idOf(1), dir, raw); len(in) > 0 {
		t.Errorf("the identifier is in %s", in)
	}
	compact(t, dir, raw)
	if n, again, _ := inputOf(t, dir); n != 2 || again != 0 {
		t.Errorf("got %d reports, %d duplicates, want 2 and 0", n, again)
	}
}

// A file that was written anew is not read twice, and what was not read of it
// is read.
func TestRewrittenFileIsNotReadTwice(t *testing.T) {
	for name, later := range map[string]string{
		"read to the end":       "",
		"with unread reports":   line(4, today, 1) + line(1, today, 9) + line(5, today, 2),
		"with a torn tail":      line(4, today, 1)[:200],
		"with its own tail":     line(1, today, 1)[:340],
		"with a line in pieces": strings.TrimSpace(line(4, today, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			path := write(t, filepath.Join(raw, rotatedName), line(1, today, 1), line(2, today, 1), line(3, today, 1), askErase(1, today))
			compact(t, dir, raw)
			appendTo(t, path, later)
			straight := newDir(t)
			compact(t, straight, raw)
			erase(t, dir, EraseOptions{Files: []string{raw}})
			for range 2 {
				compact(t, dir, raw)
			}
			a, b := answerOf(t, dir, today, 28).Input, answerOf(t, straight, today, 28).Input
			a.Torn, b.Torn = 0, 0
			if a != b {
				t.Errorf("got %+v, want %+v", a, b)
			}
			if in := find(t, idOf(1), dir, raw); len(in) > 0 {
				t.Errorf("the identifier is in %s", in)
			}
		})
	}
}

// Owner, mode and time of a file stay.
func TestOwnerModeAndTimeStay(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), line(1, today, 1), line(2, today, 1), askErase(1, today))
	at := time.Date(2026, 11, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	root := os.Getuid() == 0
	if root {
		if err := os.Chown(path, 10001, 10002); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
	compact(t, dir, raw)
	was, _ := os.Stat(path)
	erase(t, dir, EraseOptions{Files: []string{raw}})
	now, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if os.SameFile(was, now) || now.Size() >= was.Size() {
		t.Fatal("the file was not written anew")
	}
	if now.Mode() != was.Mode() || !now.ModTime().Equal(at) || !reflect.DeepEqual(ownerOf(now), ownerOf(was)) {
		t.Errorf("got mode %s, time %s, owner %v, want %s, %s, %v", now.Mode(), now.ModTime(), ownerOf(now), was.Mode(), at, ownerOf(was))
	}
}

// A link is followed: what it leads to is rewritten, and it stays.
func TestEraseThroughALink(t *testing.T) {
	raw, other, dir := t.TempDir(), t.TempDir(), newDir(t)
	path := write(t, filepath.Join(other, rotatedName), line(1, today, 1), line(2, today, 1), askErase(1, today))
	link := filepath.Join(raw, rotatedName)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	compact(t, dir, raw)
	erase(t, dir, EraseOptions{Files: []string{raw}})
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v", err)
	}
	if in := find(t, idOf(1), dir, raw, other); len(in) > 0 {
		t.Errorf("the identifier is in %s", in)
	}
}

// A file with a second name would keep there what is removed here.
func TestEraseOfAFileWithTwoNames(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), line(1, today, 1), askErase(1, today))
	if err := os.Link(path, filepath.Join(t.TempDir(), "backup")); err != nil {
		t.Fatal(err)
	}
	compact(t, dir, raw)
	r := erase(t, dir, EraseOptions{Files: []string{raw}})
	if got := r.Files[0]; got.Action != left || !strings.Contains(got.Why, "hard links") || got.Left != 2 {
		t.Errorf("got %+v, want it left because of its hard links", got)
	}
}

// A file that another program changes while it is written anew stays.
func TestRawFileThatChangesMeanwhile(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), line(1, today, 1), line(2, today, 1), askErase(1, today))
	compact(t, dir, raw)
	was := step
	step = func(name string) {
		if name == "filled" {
			appendTo(t, path, line(3, today, 1))
		}
	}
	_, err := Erase(context.Background(), dir, EraseOptions{Files: []string{raw}, Now: today.Time()})
	step = was
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "run the command again") {
		t.Errorf("got %v, want that it changed", err)
	}
	compact(t, dir, raw)
	if n, again, _ := inputOf(t, dir); n != 2 || again != 0 {
		t.Errorf("got %d reports, %d duplicates, want 2 and 0", n, again)
	}
	r := erase(t, dir, EraseOptions{Files: []string{raw}})
	if r.Requests != 1 || r.Files[0].Removed != 2 {
		t.Errorf("the next run: got %+v, want the request and 2 pieces", r)
	}
}
