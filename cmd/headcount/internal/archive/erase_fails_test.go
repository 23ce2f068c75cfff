package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// eraseFails runs an erasure that must fail, and returns its error.
func eraseFails(ctx context.Context, t *testing.T, dir string, files ...string) error {
	t.Helper()
	_, err := Erase(ctx, dir, EraseOptions{Files: files, Now: today.Time()})
	if err == nil {
		t.Fatal("got no error")
	}
	return err
}

// pendingOf is how many requests wait for erase.
func pendingOf(t *testing.T, dir string) int64 {
	t.Helper()
	a, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return a.Known().Pending
}

// A request waits until its receipt is written, and not only until the
// archive is done.
func TestPendingUntilTheReceipt(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), line(1, today, 1), line(2, today, 1), askErase(1, today))
	compact(t, dir, raw)
	was := step
	defer func() { step = was }()
	ctx, cancel := context.WithCancel(t.Context())
	step = func(name string) {
		if name == "filled" {
			cancel()
			appendTo(t, path, "\n") // it has changed: this file fails
		}
	}
	err := eraseFails(ctx, t, dir, raw)
	step = was
	refused(t, "erase", err, "the archive is done", "run headcount erase again", path)
	if n := pendingOf(t, dir); n != 1 {
		t.Errorf("after an erasure that failed: got %d requests that wait, want 1", n)
	}
	compact(t, dir, raw)
	if n := pendingOf(t, dir); n != 1 {
		t.Errorf("after compact: got %d requests that wait, want 1", n)
	}
	appendTo(t, path, askErase(2, today))
	compact(t, dir, raw)
	if n := pendingOf(t, dir); n != 2 {
		t.Errorf("after another request: got %d requests that wait, want 2", n)
	}
	if r := erase(t, dir, EraseOptions{Files: []string{raw}}); r.Requests != 2 || r.Number != 1 {
		t.Errorf("got %+v, want receipt 1 for 2 requests", r)
	}
	if n := pendingOf(t, dir); n != 0 {
		t.Errorf("after the receipt: got %d requests that wait, want none", n)
	}
}

// An error about the file that takes the place of a raw one names the raw one.
func TestEraseErrorNamesTheRawFile(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), line(1, today, 1), line(2, today, 1), askErase(1, today))
	compact(t, dir, raw)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	_, inode := numbers(info)
	anew := filepath.Join(raw, fmt.Sprintf("%s%d", ".headcount-", inode))
	if err := os.Mkdir(anew, 0o700); err != nil { // so that the new file cannot be made
		t.Fatal(err)
	}
	err = eraseFails(t.Context(), t, dir, raw)
	refused(t, "erase", err, "the archive is done", path, "run headcount erase again")
	if !errors.Is(err, syscall.EISDIR) || strings.Contains(err.Error(), ".headcount-") {
		t.Errorf("got %q, want %v and no temporary name", err, syscall.EISDIR)
	}
}

// Receipts are numbered one by one, whatever else changes the archive.
func TestReceiptNumbers(t *testing.T) {
	dir := newDir(t)
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1), askErase(1, today))
	for want := int64(1); want <= 3; want++ {
		compact(t, dir, path)
		if r := erase(t, dir, EraseOptions{}); r.Number != want {
			t.Errorf("got receipt %d, want %d", r.Number, want)
		}
		appendTo(t, path, line(int(want)+1, today, 1))
	}
}
