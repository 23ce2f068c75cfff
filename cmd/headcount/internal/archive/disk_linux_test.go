package archive

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/day"
)

// fillDisk leaves no room in a directory, and returns what makes room.
func fillDisk(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	return func() { os.Remove(f.Name()) }
}

// Where the disk of the archive, or of the raw files, is full, the error says
// so, the archive is as it was, and the next run with room completes.
func TestFullDisk(t *testing.T) {
	for _, do := range []string{"compact", "erase"} {
		t.Run(do, func(t *testing.T) {
			disk := t.TempDir()
			if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "mode=0755,size=2m"); err != nil {
				t.Skip("needs root: to mount a small disk: ", err)
			}
			t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
			s := scene{filepath.Join(disk, "archive"), filepath.Join(disk, "raw")}
			path := write(t, filepath.Join(s.raw, rotatedName), many(0, 300))
			compact(t, s.dir, s.raw)
			appendTo(t, path, many(300, 600), askErase(3, today))
			if do == "erase" {
				compact(t, s.dir, s.raw)
			}
			before := s.state(t)
			free := fillDisk(t, disk)
			j := s.job(do)
			err := j.do(t.Context())
			if !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("got %v, want that there is no room", err)
			}
			if do == "compact" {
				refused(t, do, err, "the archive is as it was")
			}
			sameText(t, "answers", s.state(t), before)
			whole(t, s.dir)
			free()
			if err := j.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			whole(t, s.dir)
			s.clean(t, "")
		})
	}
}

// The same where the size of a file is limited, at any limit.
func TestFilesThatCannotGrow(t *testing.T) {
	raw := t.TempDir()
	write(t, filepath.Join(raw, rotatedName), many(0, 400), "foreign\n", line(3, today, 1)[:300]+"\n", askErase(3, today))
	from := scene{newDir(t), raw}
	compact(t, from.dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(900, today, 1)))
	for _, do := range []string{"compact", "erase"} {
		if do == "erase" {
			compact(t, from.dir, raw)
		}
		failed := 0
		for _, limit := range []uint64{1, 100, 1000, 3000, 5000, 8000, 20_000, 60_000} {
			s := from.copy(t)
			before := s.state(t)
			j := s.job(do)
			j.Limit = limit
			if _, out := j.start(t); out != "" {
				failed++
				if !strings.Contains(out, "file too large") {
					t.Errorf("%s, limit %d: got %q, want that a file is too large", do, limit, out)
				}
			}
			if now := s.state(t); now != before && do == "compact" {
				m, err := load(s.dir)
				if err != nil || len(m.Pending) != 1 {
					t.Errorf("%s, limit %d: the archive is neither the old nor the new one (%v)", do, limit, err)
				}
			}
			whole(t, s.dir)
			j.Limit = 0
			if err := j.do(t.Context()); err != nil {
				t.Fatal(err)
			}
			whole(t, s.dir)
			s.clean(t, "")
			if do == "erase" {
				if in := find(t, uuid.MustParse(guid(3)), s.dir, s.raw); len(in) > 0 {
					t.Errorf("limit %d: the identifier is in %s", limit, in)
				}
			}
		}
		if failed < 3 {
			t.Errorf("%s: got %d failures, want most", do, failed)
		}
	}
}

// What this user may not read or write is an error with its name.
func TestWithoutRights(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read and write everything: this is tested as an ordinary user")
	}
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today, 1))
	compact(t, dir, raw)
	for _, at := range []string{filepath.Join(dir, manifestName), path} {
		if err := os.Chmod(at, 0); err != nil {
			t.Fatal(err)
		}
		err := commands(dir, raw)["compact"]()
		refused(t, at, err, at, "permission denied")
		if at == path {
			refused(t, at, err, "the archive is as it was")
		}
		if err := os.Chmod(at, 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(dir, 0o700)
	appendTo(t, path, line(2, today, 1))
	refused(t, "read-only archive", commands(dir, raw)["compact"](), dir, "permission denied", "the archive is as it was")
	if n, _, _ := inputOf(t, dir); n != 1 {
		t.Errorf("got %d reports, want the 1 of before", n)
	}
}

// The memory and the work of many small files that begin alike, and of a
// large file, are bounded.
func TestBounds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long")
	}
	t.Run("10,000 files", func(t *testing.T) {
		raw, dir := t.TempDir(), newDir(t)
		for i := range 10_000 {
			write(t, filepath.Join(raw, guid(i)+".jsonl"), line(7, today-day.Day(i%28), i))
		}
		before := ioOf(t)
		j := job{Do: "compact", Dir: dir, Files: []string{raw}}
		if err := j.do(t.Context()); err != nil {
			t.Fatal(err)
		}
		used := ioOf(t) - before
		if used > 12*10_000 {
			t.Errorf("got %d reads, want at most 12 a file", used)
		}
		if n, _, _ := inputOf(t, dir); n != 10_000 {
			t.Errorf("got %d reports, want 10000", n)
		}
		if done := compact(t, dir, raw); done.Unchanged != 10_000 {
			t.Errorf("again: got %d unchanged, want all", done.Unchanged)
		}
	})
	t.Run("300 MB", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "usage.jsonl")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for i, size := 0, 0; size < 300<<20; i++ {
			part := many(i*1110, 1110)
			size += len(part)
			if _, err := f.WriteString(part); err != nil {
				t.Fatal(err)
			}
		}
		most := maxRSS(t, job{Do: "compact", Dir: newDir(t), Files: []string{path}})
		t.Logf("at most %d MB", most>>20)
		if most > 256<<20 {
			t.Errorf("got %d MB, want at most 256", most>>20)
		}
	})
}
