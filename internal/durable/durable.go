// Package durable writes small files so that a reader finds the old content or
// the new one, whatever ends the process. It also decides which directories may be
// trusted. Two packages write files in another way: internal/ledger maps and wipes its
// own, and consent empties a yes that it cannot replace.
//
// It touches the file system and nothing else.
package durable

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Mkdir makes a directory and those above it, if they are missing. If root makes it, it
// belongs to the owner of the directory above.
func Mkdir(dir string) error {
	_, missing := os.Lstat(dir)
	err := os.MkdirAll(dir, 0o700) // called in any case: it returns an error for a file
	if err == nil && missing != nil {
		err = adopt(dir, filepath.Dir(dir))
	}
	return remedy(err)
}

// temporary is the pattern of the temporary files for a file, or for "*".
func temporary(base string) string { return "." + base + ".new-*" }

// Step is called with the name of a change to the file system, before the change is
// made. It does nothing outside tests, which end the process there.
var Step = func(string) {}

// Replace writes a file for its owner alone: to a temporary file beside it,
// synced, and then renamed. The directory must exist. Of several processes that
// replace one file at once, the content of one stays.
func Replace(path string, data []byte) error {
	return ReplaceIf(path, data, func() error { return nil })
}

// ReplaceIf is [Replace], but calls ask before the rename, when the temporary file is
// complete. If ask returns an error, the file stays as it is, and ReplaceIf returns it.
func ReplaceIf(path string, data []byte, ask func() error) (err error) {
	defer func() { err = remedy(err) }()
	dir, base := filepath.Dir(path), filepath.Base(path)
	Step("create " + base)
	f, err := os.CreateTemp(dir, temporary(base)) // mode 0600
	if err != nil {
		return err
	}
	written, err := f.Stat()
	if err == nil {
		err = private(f, dir)
	}
	if err == nil {
		Step("write " + base)
		_, err = f.Write(data)
	}
	if err == nil {
		Step("sync " + base)
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = ask()
	}
	if err == nil {
		Step("rename " + base)
		err = os.Rename(f.Name(), path)
	}
	// A network file system may report a failure of a rename that it made.
	if there, _ := os.Lstat(path); err != nil && !os.SameFile(there, written) {
		_ = os.Remove(f.Name())
		return err
	}
	_ = SyncDir(dir) // without it a power loss may bring the old content back
	return nil
}

// private sets the mode 0600, whatever the umask is. If root writes in the directory of
// a service, it also sets the directory's owner.
func private(f *os.File, dir string) error {
	if err := f.Chmod(0o600); err != nil {
		// Some file systems refuse to change a mode, but it may be right.
		if info, e := f.Stat(); e != nil || modes && info.Mode().Perm()&0o077 != 0 {
			return err
		}
	}
	return adopt(f.Name(), dir)
}

// Leftovers lists the temporary files that killed processes left for a file. If the
// name is "*", it lists those of every file in the directory.
func Leftovers(path string) (list []string) {
	dir, base := filepath.Dir(path), filepath.Base(path)
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if left, _ := filepath.Match(temporary(base), f.Name()); left && f.Type().IsRegular() {
			list = append(list, filepath.Join(dir, f.Name()))
		}
	}
	return list
}

// Sweep removes the [Leftovers]. A process that is just replacing the file gets
// an error.
func Sweep(path string) {
	Step("sweep " + filepath.Base(path))
	for _, left := range Leftovers(path) {
		_ = os.Remove(left) // the next call tries again
	}
}

// ErrOther means that a file is not one of ours.
var ErrOther = errors.New("is not a file that this library writes")

// Read reads a file of at most limit bytes. It returns an [ErrOther] for a larger file
// and for what is not a regular file, and never waits for it.
func Read(path string, limit int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, remedy(err)
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%q %w: it is not regular, or has more than %d bytes", path, ErrOther, limit)
	}
	f, err := Open(path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit))
	return data, remedy(err)
}

// Open opens an existing file. It follows no link, and does not wait for a FIFO.
func Open(path string, flag int) (*os.File, error) {
	f, err := os.OpenFile(path, flag|openFlags, 0)
	return f, remedy(err)
}

// Regain is [Open] for a no: if a file of this user lost its permissions, it gets them
// back.
func Regain(path string, flag int) (*os.File, error) {
	f, err := Open(path, flag)
	if !errors.Is(err, fs.ErrPermission) {
		return f, err
	}
	if info, e := os.Lstat(path); e != nil || !info.Mode().IsRegular() || os.Chmod(path, 0o600) != nil {
		return nil, err
	}
	return Open(path, flag)
}

// remedy adds to a permission error what a person can do.
func remedy(err error) error {
	var at *fs.PathError
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &at) {
		return err
	}
	what := "it"
	info, e := os.Lstat(at.Path)
	if e != nil { // it is to be made, or cannot be looked at
		what = "its directory"
		info, e = os.Stat(filepath.Dir(at.Path))
	}
	if e == nil && modes && mine(info) {
		return fmt.Errorf("%w: chmod u+rwX %s", err, what)
	}
	if at.Op == "mkdir" { // the directory above may be the system's
		return fmt.Errorf("%w: make it, and chown it to the user of the application (%d)", err, os.Geteuid())
	}
	return fmt.Errorf("%w: chown %s to the user of the application (%d)", err, what, os.Geteuid())
}
