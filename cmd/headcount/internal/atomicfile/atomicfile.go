// Package atomicfile writes small files whole or not at all.
package atomicfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Prefix begins the name of what a crash leaves behind; then comes the name of
// the file that it would have become.
const Prefix = ".new-"

// Write replaces the file at path by data: after a crash the old or the new
// one is there. The mode is that of a new file. What a crash leaves behind is
// a file beside it whose name begins with Prefix.
func Write(path string, data []byte, mode fs.FileMode) error {
	return WriteTo(path, mode, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// WriteTo is Write for what a function writes.
func WriteTo(path string, mode fs.FileMode, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, Prefix+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err := write(f); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return SyncDir(dir)
}

// SyncDir puts the names in a directory on the disk. Windows cannot: there it
// does nothing.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
