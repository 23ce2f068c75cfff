package durable

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestReplaceAndRead(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if _, err := Read(path, 9); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	for _, content := range []string{"old", "new", ""} {
		if err := errors.Join(Replace(path, []byte(content)), Sync(path)); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path, 3); string(got) != content || err != nil {
			t.Errorf("%q, %v, want %q", got, err, content)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v: others may read it", info.Mode(), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
	if err := Replace(filepath.Join(dir, "none", "file"), nil); err == nil {
		t.Error("a directory was made")
	}
	if err := Sync(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// TestReadLimits at, below and above the limit, and of what is no file.
func TestReadLimits(t *testing.T) {
	dir := t.TempDir()
	for size, fits := range map[int]bool{0: true, 9: true, 10: true, 11: false} {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path, 10); (err == nil) != fits || fits && len(got) != size {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
	}
	if _, err := Read(dir, 10_000); err == nil {
		t.Error("read a directory")
	}
}

// TestCreateOnce: of many at once one succeeds, and its content is there in
// full.
func TestCreateOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var made atomic.Int64
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			switch err := Create(path, []byte("content")); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, os.ErrExist):
				t.Error(err)
			}
			if got, err := Read(path, 99); string(got) != "content" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

// TestCreateWithoutLinks: where a file system has no links an empty file
// stands in the place until the content is moved there. It is its owner's
// alone from the first moment, and of two only one makes it. What is to be
// moved there is missing here, so that the empty file stays to be looked at.
func TestCreateWithoutLinks(t *testing.T) {
	dir := t.TempDir()
	missing, place := filepath.Join(dir, "missing"), filepath.Join(dir, "file")
	if err := link(missing, place); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
	info, err := os.Stat(place)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != 0 || info.Mode() != 0o600 {
		t.Errorf("%d bytes, mode %v, want an empty file with mode 0600", info.Size(), info.Mode())
	}
	if err := link(missing, place); !errors.Is(err, os.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	release, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Lock(ctx, dir); err == nil {
		t.Error("locked twice")
	}
	release()
	again, err := Lock(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	again()
}

// TestTidy removes what a killed process left, and nothing else.
func TestTidy(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".new-123", ".new", "file", "x.new-1"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	Tidy(dir)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("%v, %v", left, err)
	}
	for _, f := range left {
		if f.Name() == ".new-123" {
			t.Error("still there")
		}
	}
}
