package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func content(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"first", "", "another"} {
		if err := Write(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		if got := content(t, path); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
			t.Errorf("got the mode %s, %v, want 0640", info.Mode(), err)
		}
	}
}

// Where writing fails the old file stays, and nothing else.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Write(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	fault := errors.New("no more")
	err := WriteTo(path, 0o600, func(w io.Writer) error {
		if _, err := io.WriteString(w, "half"); err != nil {
			return err
		}
		if names, err := filepath.Glob(filepath.Join(dir, Prefix+"file-*")); len(names) != 1 || err != nil {
			t.Errorf("while it is written: got %q, %v, want a file with the prefix", names, err)
		}
		return fault
	})
	if !errors.Is(err, fault) {
		t.Errorf("got %v, want %v", err, fault)
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 || content(t, path) != "old" {
		t.Errorf("got %v, %v, want the old file alone", names, err)
	}
	if err := Write(filepath.Join(dir, "none", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: got %v, want %v", err, fs.ErrNotExist)
	}
	if err := SyncDir(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("SyncDir: got %v, want %v", err, fs.ErrNotExist)
	}
}
