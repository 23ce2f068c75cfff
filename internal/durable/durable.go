// Package durable writes small files so that whoever reads them, and whatever
// ends the process, finds the old content or the new one.
package durable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const temporary = ".new-*"

// Replace writes a file for its owner alone: beside its place, synced, and
// then renamed. The directory must exist. Replacing the same file from several
// processes at once leaves the content of one of them.
func Replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary) // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	// Without this a power loss may bring the old content back.
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
	return nil
}

// Tidy removes what processes that were killed in the middle of [Replace] left
// in a directory. Call it only while nobody else replaces a file there.
func Tidy(dir string) {
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if left, _ := filepath.Match(temporary, f.Name()); left {
			_ = os.Remove(filepath.Join(dir, f.Name())) // the next one tries again
		}
	}
}

// Read reads a file of at most limit bytes. What is not a regular file is an
// error, and never waited for.
func Read(path string, limit int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%q is not a file of at most %d bytes", path, limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
