//go:build unix

package consent

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const ordinaryUserVariable = "CONSENT_TEST_ORDINARY_USER"

// restored are the directories of root's, and the modes of the files in them.
var restored = map[string]fs.FileMode{"restored": 0o600, "restored read-only": 0o400}

// TestOrdinaryUser runs this binary as a user for whom modes mean something.
func TestOrdinaryUser(t *testing.T) {
	if dir := os.Getenv(ordinaryUserVariable); dir != "" {
		ordinaryUser(t, dir)
		return
	}
	if os.Geteuid() != 0 {
		ordinaryUser(t, t.TempDir())
	}
	t.Run("beside root", besideRoot)
}

func besideRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: to leave something of root's")
	}
	public, err := os.MkdirTemp("", "consent")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(public)
	home := filepath.Join(public, "home")
	binary := filepath.Join(public, "test")
	if err := os.Chmod(public, 0o711); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	chown(t, home)
	copyBinary(t, binary)
	// What root leaves in a user's directory; owned by root, so to be believed,
	// if only it could be read.
	rooted := filepath.Join(home, "rooted")
	if err := os.Mkdir(rooted, 0o700); err != nil {
		t.Fatal(err)
	}
	save(t, NewFile(rooted), Granted, 1)
	chown(t, rooted)

	// The user's file in a directory that became root's, as after a restore.
	for name, mode := range restored {
		dir := filepath.Join(home, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		f := NewFile(dir)
		save(t, f, Granted, 1)
		if err := os.Chmod(f.path(fileName), mode); err != nil {
			t.Fatal(err)
		}
		chown(t, f.path(fileName))
	}

	command := exec.Command(binary, "-test.run=^TestOrdinaryUser$", "-test.v")
	command.Env = append(os.Environ(), ordinaryUserVariable+"="+home, "TMPDIR="+home)
	command.Dir = home
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	out, err := command.CombinedOutput()
	if said := string(out); err != nil || !strings.Contains(said, "as user 65534") || !strings.Contains(said, "--- PASS: TestOrdinaryUser/what_root_left") ||
		!strings.Contains(said, "--- PASS: TestOrdinaryUser/in_a_directory_of_root's,_restored_read-only") {
		t.Errorf("%v\n%s", err, out)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func ordinaryUser(t *testing.T, home string) {
	t.Logf("as user %d", os.Geteuid())
	ctx := context.Background()
	for name := range restored {
		f := NewFile(filepath.Join(home, name))
		if !exists(f.dir) {
			continue // root alone can make it
		}
		t.Run("in a directory of root's, "+name, func(t *testing.T) {
			holds(t, f, Granted, 1)
			err := f.Save(ctx, Record{Decision: Denied, Notice: 1})
			if err == nil || strings.Count(err.Error(), "chown") != 1 || !strings.Contains(err.Error(), "chown its directory to the user of the application (65534)") {
				t.Errorf("got %v, want that the no is not written, and one remedy", err)
			}
			off(t, f, f.path(fileName)) // also after a restart
		})
	}
	t.Run("a directory that only root can make", func(t *testing.T) {
		err := NewFile("/headcount-test/telemetry").Save(ctx, Record{Decision: Granted, Notice: 1})
		want := fmt.Sprintf("/headcount-test: permission denied: make it, and chown it to the user of the application (%d)", os.Geteuid())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want the directory to make, and for whom", err)
		}
	})
	t.Run("unreadable file", func(t *testing.T) {
		f := NewFile(filepath.Join(home, "file"))
		save(t, f, Granted, 1)
		if err := os.Chmod(f.path(fileName), 0); err != nil {
			t.Fatal(err)
		}
		off(t, f, f.path(fileName))
		save(t, f, Denied, 1)
		holds(t, f, Denied, 1)
	})
	t.Run("unsearchable directory", func(t *testing.T) {
		f := NewFile(filepath.Join(home, "directory"))
		save(t, f, Granted, 1)
		for mode := fs.FileMode(0); mode <= 0o600; mode += 0o200 { // all without x
			if err := os.Chmod(f.dir, mode); err != nil {
				t.Fatal(err)
			}
			off(t, f, f.path(fileName))
			if err := f.Save(ctx, Record{Decision: Granted, Notice: 1}); err == nil {
				t.Errorf("a yes was saved in a directory of mode %o", mode)
			}
			save(t, f, Denied, 1) // which repairs the mode
			holds(t, f, Denied, 1)
		}
	})
	t.Run("read-only directory", func(t *testing.T) {
		f := NewFile(filepath.Join(home, "read-only"))
		save(t, f, Granted, 1)
		if err := os.Chmod(f.dir, 0o500); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(f.dir, 0o700)
		holds(t, f, Granted, 1)
		if err := f.Save(ctx, Record{Decision: Granted, Notice: 2}); err == nil {
			t.Error("saved in a read-only directory")
		}
		holds(t, f, Granted, 1)
	})
	f := NewFile(filepath.Join(home, "rooted"))
	if _, err := os.Stat(f.dir); err == nil {
		t.Run("what root left", func(t *testing.T) { whatRootLeft(t, f) })
	}
	t.Run("a parent of another user", func(t *testing.T) {
		if err := NewFile("/nowhere-to-be-created").Save(ctx, Record{Decision: Granted, Notice: 1}); err == nil {
			t.Error("created a directory in /")
		}
	})
}

func whatRootLeft(t *testing.T, f *File) {
	off(t, f, f.path(fileName))
	err := f.Save(context.Background(), Record{Decision: Granted, Notice: 1})
	if err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a lock of root's: %v", err)
	}
	save(t, f, Denied, 1) // a no needs no lock
	holds(t, f, Denied, 1)
}

func copyBinary(t *testing.T, to string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
