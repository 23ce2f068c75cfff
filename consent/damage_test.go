package consent

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// ready is a File whose directory exists and is empty.
func ready(t *testing.T) *File {
	t.Helper()
	f := place(t)
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// off checks that f is not believed, that the reason names path, and that a
// yes from the environment does not help.
func off(t *testing.T, f *File, path string) {
	t.Helper()
	if r, err := f.Consent(context.Background()); err == nil || r != (Record{}) {
		t.Errorf("read as %+v, %v", r, err)
	} else if !strings.HasPrefix(err.Error(), "consent: ") || !strings.Contains(err.Error(), path) {
		t.Errorf("error %q does not name %s", err, path)
	}
	if records, err := f.History(context.Background()); err == nil || records != nil {
		t.Errorf("history %v, %v", records, err)
	}
	got := Evaluate(context.Background(), product, 1, environ{product: "accept:1"}.lookup, f)
	if got.Decision != Undecided || !strings.HasPrefix(got.Reason, "cannot read the recorded decision: ") {
		t.Errorf("%v: %s", got.Decision, got.Reason)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, text := range damaged {
		t.Run(name, func(t *testing.T) {
			f := ready(t)
			write(t, f.path(fileName), text)
			off(t, f, f.path(fileName))
			save(t, f, Denied, 1) // a person can always say no
			holds(t, f, Denied, 1)
			if quarantined, err := os.ReadFile(f.path(damagedName)); err != nil || string(quarantined) != text {
				t.Errorf("quarantined: got %.100q, %v, want %.100q", quarantined, err, text)
			}
		})
	}
}

func TestDamageReplacesOlderDamage(t *testing.T) {
	f := ready(t)
	for _, text := range []string{"first", "second"} {
		write(t, f.path(fileName), text)
		save(t, f, Granted, 1)
	}
	holds(t, f, Granted, 1)
	if quarantined, _ := os.ReadFile(f.path(damagedName)); string(quarantined) != "second" {
		t.Errorf("quarantined: got %q, want %q", quarantined, "second")
	}
}

func TestPutAsideAndNotReplaced(t *testing.T) {
	// As a Save leaves it that is killed between the two renames.
	f := ready(t)
	save(t, f, Denied, 1)
	if err := os.Rename(f.path(fileName), f.path(damagedName)); err != nil {
		t.Fatal(err)
	}
	off(t, f, f.path(damagedName))
	save(t, f, Granted, 1)
	holds(t, f, Granted, 1)
}

func TestNotAFile(t *testing.T) {
	full := func(path string) error {
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(path, "precious"), []byte("keep"), 0o600)
	}
	empty := func(path string) error { return os.Mkdir(path, 0o700) }
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	write(t, elsewhere, file(one))
	link := func(path string) error { return os.Symlink(elsewhere, path) }
	tests := []struct {
		name           string
		inPlace, inWay func(string) error // what is consent.json, what is consent.json.damaged
	}{
		{"directory", full, nil},
		{"empty directory", empty, nil},
		{"directory, and a quarantined file", full, func(path string) error { return os.WriteFile(path, nil, 0o600) }},
		{"directory, and a quarantined directory", full, full},
		{"directory, and a quarantined empty one", full, empty},
		{"garbage, and a quarantined directory", func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) }, full},
		{"link to a good file", link, nil},
		{"link to nothing", func(path string) error { return os.Symlink(path+".gone", path) }, nil},
		{"link to itself", func(path string) error { return os.Symlink(path, path) }, nil},
		{"link, and a quarantined link", link, link},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := ready(t)
			if err := test.inPlace(f.path(fileName)); err != nil {
				if runtime.GOOS == "windows" {
					t.Skip("skipped: links need a privilege on Windows")
				}
				t.Fatal(err)
			}
			if test.inWay != nil {
				if err := test.inWay(f.path(damagedName)); err != nil {
					t.Fatal(err)
				}
			}
			precious := count(t, f.dir, "precious")
			off(t, f, f.path(fileName))
			save(t, f, Denied, 1)
			holds(t, f, Denied, 1)
			if got := count(t, f.dir, "precious"); got != precious {
				t.Errorf("got %d files of the application left, want %d", got, precious)
			}
			if text, err := os.ReadFile(elsewhere); err != nil || string(text) != file(one) {
				t.Errorf("the target of a link changed: %q, %v", text, err)
			}
		})
	}
}

func count(t *testing.T, dir, name string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == name {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNotADirectory(t *testing.T) {
	parent := t.TempDir()
	plainFile := filepath.Join(parent, "file")
	write(t, plainFile, "x")
	dangling := filepath.Join(parent, "dangling")
	if err := os.Symlink(filepath.Join(parent, "unmounted"), dangling); err != nil {
		t.Skipf("skipped: cannot make a link: %v", err)
	}
	for _, dir := range []string{plainFile, filepath.Join(plainFile, "below"), dangling, "a\x00b", filepath.Join(parent, strings.Repeat("x", 300))} {
		f := &File{dir: dir}
		if r, err := f.Consent(context.Background()); err == nil {
			t.Errorf("%q was read as %+v", dir, r)
		}
		if err := f.Save(context.Background(), Record{Decision: Denied, Notice: 1}); err == nil {
			t.Errorf("saved in %q", dir)
		}
	}
	if text, _ := os.ReadFile(plainFile); string(text) != "x" {
		t.Errorf("the file in place of the directory is now %q", text)
	}
}

func TestLinkedDirectory(t *testing.T) {
	f := ready(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(f.dir, link); err != nil {
		t.Skipf("skipped: cannot make a link: %v", err)
	}
	save(t, NewFile(link), Denied, 1)
	holds(t, f, Denied, 1)
}

func TestStrayFiles(t *testing.T) {
	f := ready(t)
	for _, name := range []string{".consent.json.new-1", ".consent.json.new-2", "consent.json.bak", "other"} {
		write(t, f.path(name), file(one))
	}
	if err := os.Mkdir(f.path(".consent.json.new-dir"), 0o700); err != nil {
		t.Fatal(err)
	}
	if r, err := f.Consent(context.Background()); err != nil || r != (Record{}) {
		t.Errorf("half a Save was read as %+v, %v", r, err)
	}
	save(t, f, Granted, 1)
	got := strings.Join(listing(t, f.dir), " ")
	if want := ".consent.json.new-dir consent.json consent.json.bak " + lockName + " other"; got != want {
		t.Errorf("left: %s\nwant: %s", got, want)
	}
}

func TestLockInTheWay(t *testing.T) {
	f := ready(t)
	save(t, f, Granted, 1)
	if err := os.Remove(f.path(lockName)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.path(lockName), 0o700); err != nil {
		t.Fatal(err)
	}
	err := f.Save(context.Background(), Record{Decision: Granted, Notice: 2})
	if err == nil || !strings.Contains(err.Error(), f.path(lockName)) {
		t.Errorf("error %v does not name the lock", err)
	}
	holds(t, f, Granted, 1)
	save(t, f, Denied, 1) // a no needs no lock
	holds(t, f, Denied, 1)
	if err := os.Remove(f.path(lockName)); err != nil {
		t.Fatal(err)
	}
	write(t, f.path(lockName), "debris") // left behind, by whomever
	save(t, f, Denied, 1)
	holds(t, f, Denied, 1)
}
