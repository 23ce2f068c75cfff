//go:build unix

package consent

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"headcount.example/internal/durable"
)

const stranger = 65534

// chown gives a file to another user.
func chown(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: to give a file to another user")
	}
	if err := os.Lchown(path, stranger, stranger); err != nil {
		t.Fatal(err)
	}
}

// believed fills a File with a yes that is good until a test spoils it.
func believed(t *testing.T) *File {
	t.Helper()
	f := place(t)
	save(t, f, Granted, 1)
	holds(t, f, Granted, 1)
	return f
}

func TestModes(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	f := place(t)
	save(t, f, Granted, 1)
	mode := func(t *testing.T, path string, want fs.FileMode) {
		t.Helper()
		if info, err := os.Stat(path); err != nil || info.Mode() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	t.Run("odd umask", func(t *testing.T) {
		if os.Geteuid() != 0 {
			t.Skip("needs root: to read what not even its owner may read")
		}
		g := ready(t)
		syscall.Umask(0o477) // odd on purpose: not even the owner may read
		save(t, g, Granted, 1)
		mode(t, g.path(fileName), 0o600)
	})
	for path, want := range map[string]fs.FileMode{
		f.dir: 0o700 | fs.ModeDir, filepath.Dir(f.dir): 0o700 | fs.ModeDir,
		f.path(fileName): 0o600, f.path(lockName): 0o600,
	} {
		mode(t, path, want)
	}
}

func TestOpenFile(t *testing.T) {
	for mode := fs.FileMode(0o400); mode <= 0o777; mode++ {
		private := mode&0o077 == 0
		if bits := mode & 0o077; bits&(bits-1) != 0 && bits != 0o077 {
			continue // one bit at a time, and all of them
		}
		for _, d := range []Decision{Granted, Denied} { // either takes its place
			f := believed(t)
			if err := os.Chmod(f.path(fileName), mode); err != nil {
				t.Fatal(err)
			}
			if private {
				holds(t, f, Granted, 1)
				continue
			}
			off(t, f, f.path(fileName))
			save(t, f, d, 2)
			holds(t, f, d, 2)
		}
	}
}

func TestOpenDirectory(t *testing.T) {
	for _, mode := range []fs.FileMode{0o700, 0o711, 0o750, 0o755, 0o720, 0o702, 0o770, 0o777} {
		t.Run(fmt.Sprintf("%04o", mode), func(t *testing.T) {
			f := believed(t)
			if err := os.Chmod(f.dir, mode); err != nil {
				t.Fatal(err)
			}
			if mode&0o022 == 0 {
				holds(t, f, Granted, 1)
				save(t, f, Denied, 1)
				holds(t, f, Denied, 1)
				return
			}
			off(t, f, f.dir)
			if err := f.Save(context.Background(), Record{Decision: Granted, Notice: 1}); err == nil || !strings.Contains(err.Error(), "chmod 700") {
				t.Errorf("a yes was saved: %v", err)
			}
			save(t, f, Denied, 1) // and repairs what is ours
			holds(t, f, Denied, 1)
			if err := os.Chmod(f.dir, mode); err != nil {
				t.Fatal(err)
			}
			holds(t, f, Denied, 1) // a no needs no trust
		})
	}
}

func TestForeignFile(t *testing.T) {
	f := believed(t)
	chown(t, f.path(fileName))
	off(t, f, f.path(fileName))
	save(t, f, Denied, 1)
	holds(t, f, Denied, 1)
}

func TestForeignDirectory(t *testing.T) {
	f := believed(t)
	chown(t, f.dir)
	off(t, f, f.dir)
	err := f.Save(context.Background(), Record{Decision: Granted, Notice: 1})
	if err == nil || !strings.Contains(err.Error(), "belongs to user 65534") || !strings.Contains(err.Error(), "subdirectory") {
		t.Errorf("a yes was saved, or the error names no remedy: %v", err)
	}
	save(t, f, Denied, 1) // root says no for a service, which can read it
	holds(t, f, Denied, 1)
	for _, name := range []string{fileName} {
		if info, err := os.Stat(f.path(name)); err != nil || info.Sys().(*syscall.Stat_t).Uid != stranger {
			t.Errorf("%s: got owner %+v, %v, want the service", name, info.Sys(), err)
		}
	}
}

// TestPodRestarts: Kubernetes' fsGroup gives everything on a volume to the
// group of the pod at every start. What the application made is repaired and
// believed; a directory of another owner is not.
func TestPodRestarts(t *testing.T) {
	restart := func(f *File) {
		t.Helper()
		for path, mode := range map[string]fs.FileMode{f.dir: 0o770 | fs.ModeSetgid, f.path(fileName): 0o660, f.path(lockName): 0o660} {
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := believed(t)
	restart(f)
	holds(t, f, Granted, 1)
	for path, want := range map[string]fs.FileMode{f.dir: 0o700, f.path(fileName): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
	restart(f)
	save(t, f, Denied, 1)
	holds(t, f, Denied, 1)

	world := believed(t) // others than the group could have written it
	restart(world)
	if err := os.Chmod(world.dir, 0o777|fs.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	off(t, world, world.dir)
}

// TestYesAfterNo: Since tells a yes after a no from one that goes on, also
// within a second.
func TestYesAfterNo(t *testing.T) {
	f, ctx := place(t), context.Background()
	since := func() time.Time {
		t.Helper()
		r, err := f.Consent(ctx)
		if err != nil || r.Since.IsZero() {
			t.Fatalf("got %+v, %v, want a yes with Since", r, err)
		}
		return r.Since
	}
	save(t, f, Granted, 1)
	first := since()
	save(t, f, Granted, 2) // a newer notice
	if got := since(); got != first {
		t.Errorf("a yes that goes on: got since %v, want %v", got, first)
	}
	save(t, f, Denied, 2)
	save(t, f, Granted, 2)
	if got := since(); got == first {
		t.Errorf("a yes after a no: got since %v, want a later one", got)
	}
	if err := f.Save(ctx, Record{Decision: Granted, Notice: 1, Erase: true}); err == nil {
		t.Error("a yes that asks to erase was saved")
	}
	if err := f.Save(ctx, Record{Decision: Denied, Notice: 1, Erase: true}); err != nil {
		t.Error(err)
	}
	if r, err := f.Consent(ctx); err != nil || !r.Erase {
		t.Errorf("got %+v, %v, want a no with Erase", r, err)
	}
}

func TestPipe(t *testing.T) {
	for _, name := range []string{fileName, lockName, damagedName, ".consent.json.new-1"} {
		t.Run(name, func(t *testing.T) {
			f := ready(t)
			if err := syscall.Mkfifo(f.path(name), 0o600); err != nil {
				t.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if name == fileName || name == damagedName {
					off(t, f, f.path(name))
				}
				if err := f.Save(context.Background(), Record{Decision: Denied, Notice: 1}); err != nil {
					t.Error(err)
				}
				holds(t, f, Denied, 1)
			}()
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				t.Fatal("it waits for the other end of a pipe")
			}
		})
	}
}

// TestSwappedForPipe opens what Lstat never saw: the flags of durable.Open alone must do.
func TestSwappedForPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	link := path + ".link"
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	file, err := durable.Open(path, os.O_RDONLY)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	if file, err := durable.Open(link, os.O_RDONLY); err == nil {
		file.Close()
		t.Error("a link was followed")
	}
}
