package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"headcount.example/cmd/headcount/internal/atomicfile"
)

// A reader that leaves, as head does, is no failure and no message.
func TestBrokenPipe(t *testing.T) {
	archive := compactedArchive(t)
	for _, args := range [][]string{
		{"report", "--archive", archive, "--as-of", "2026-11-24"},
		{"report", "--archive", archive, "--as-of", "2026-11-24", "--format", "json"},
		{"report", "--archive", archive, "--as-of", "2026-11-24", "--format", "csv"},
		{"report", "--archive", archive, "--as-of", "2026-11-24", "--format", "html"},
		{"export", "--archive", archive, "actions"},
		{"export", "--archive", archive, "collections"},
		{"erase", "--archive", archive},
		{"version"},
		{"--help"},
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		var stderr bytes.Buffer
		if code := run(context.Background(), args, w, &stderr); code != exitFine || stderr.Len() > 0 {
			t.Errorf("%q: got exit code %d and %q, want 0 and nothing", args, code, stderr.String())
		}
		w.Close()
	}
}

// Any other error of the output is a failure.
func TestFullOutput(t *testing.T) {
	archive := compactedArchive(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full:", err)
	}
	defer full.Close()
	var stderr bytes.Buffer
	code := run(context.Background(), []string{"report", "--archive", archive, "--as-of", "2026-11-24"}, full, &stderr)
	if code != exitFailure {
		t.Errorf("got exit code %d, want 1", code)
	}
	result{stderr: stderr.String()}.oneLine(t, "no space left")
}

func TestOutputFile(t *testing.T) {
	archive, dir := compactedArchive(t), t.TempDir()
	for _, test := range []struct {
		args         []string
		before, mode fs.FileMode
	}{
		{[]string{"report", "--as-of", "2026-11-24"}, 0, 0o644},
		{[]string{"report", "--as-of", "2026-11-24", "--format", "csv"}, 0o664, 0o644},
		{[]string{"report", "--as-of", "2026-11-24"}, 0o600, 0o600},
		{[]string{"export", "actions"}, 0, 0o600}, // identifiers are for the owner
		{[]string{"export", "collections"}, 0o644, 0o600},
	} {
		args := append(test.args, "--archive", archive)
		want := fine(t, args...)
		path := write(t, filepath.Join(dir, "out"), "what was there before, and is longer than nothing")
		if err := errors.Join(os.Chmod(path, max(test.before, 0o200)), remove(path, test.before == 0)); err != nil {
			t.Fatal(err)
		}
		if out := fine(t, append(args, "--output", path)...); out != "" {
			t.Errorf("%q: got %q on the standard output, want nothing", args, out)
		}
		if got := read(t, path); got != want {
			t.Errorf("%q: got %q in the file, want %q", args, got, want)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != test.mode {
			t.Errorf("%q: got the mode %v, %v; want %v", args, info.Mode(), err, test.mode)
		}
	}
}

// An error of the file that becomes the output names no temporary file, and
// has a remedy.
func TestOutputErrors(t *testing.T) {
	for cause, want := range map[error]string{
		syscall.EROFS:  "write in a: " + syscall.EROFS.Error() + "; that file system can only be read: name a place on another one",
		syscall.EACCES: "write in a: " + syscall.EACCES.Error() + "; run headcount as the user that owns it",
		syscall.ENOSPC: "write in a: " + syscall.ENOSPC.Error() + "; free space there",
	} {
		err := named(filepath.Join("a", "b"), &fs.PathError{Op: "open", Path: filepath.Join("a", atomicfile.Prefix+"b-123"), Err: cause})
		if got := err.Error() + remedy(err); !strings.HasPrefix(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	other := errors.New("other")
	if err := named("a", other); err != other {
		t.Errorf("got %v, want it as it was", err)
	}
}

func remove(path string, really bool) error {
	if !really {
		return nil
	}
	return os.Remove(path)
}

// A link stays a link, and what is no file is written to.
func TestOutputToALinkAndADevice(t *testing.T) {
	archive, dir := compactedArchive(t), t.TempDir()
	file, link := write(t, filepath.Join(dir, "file"), "old"), filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	fine(t, "report", "--archive", archive, "--as-of", "2026-11-24", "--output", link)
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 || !strings.Contains(read(t, file), "CompreFace") {
		t.Errorf("got the mode %v, %v, and %q in the file; want a link, and the report", info.Mode(), err, read(t, file))
	}
	fine(t, "report", "--archive", archive, "--as-of", "2026-11-24", "--output", os.DevNull)
	if info, err := os.Stat(os.DevNull); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Fatalf("got %v, %v; want the device as it was", info.Mode(), err)
	}
	headcount("report", "--archive", archive, "--output", dir).oneLine(t, "it is a directory; name a file in it")
}

// What fails leaves the file that was there, and nothing beside it.
func TestOutputFileIsWholeOrAsItWas(t *testing.T) {
	archive, dir := compactedArchive(t), t.TempDir()
	path := write(t, filepath.Join(dir, "out"), "as it was")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if r := headcountIn(ctx, "export", "--archive", archive, "actions", "--output", path); r.code != exitFailure {
		t.Errorf("got exit code %d, want 1", r.code)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 || read(t, path) != "as it was" {
		t.Errorf("got the files %v, %v, and %q", names, err, read(t, path))
	}
	r := headcount("report", "--archive", archive, "--output", filepath.Join(dir, "none", "out"))
	if r.code != exitFailure {
		t.Errorf("got exit code %d, want 1", r.code)
	}
	r.oneLine(t, "--output "+filepath.Join(dir, "none", "out")+": the directory "+filepath.Join(dir, "none")+" does not exist; make it")
	headcount("report", "--archive", archive, "--output", filepath.Join(path, "out")).oneLine(t, path+" is not a directory")
	if r := headcount("report", "--archive", archive, "--as-of", "2026-11-24", "--output", dir); r.code != exitFailure || !strings.Contains(r.stderr, dir) {
		t.Errorf("a directory: got exit code %d and %q", r.code, r.stderr)
	}
}
