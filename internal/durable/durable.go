// Package durable writes small files so that whoever reads them, and whatever
// ends the process, finds the old content or the new one.
package durable

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

const temporary = ".new-*"

// Replace writes a file for its owner alone: beside its place, synced, and
// then renamed. The directory must exist. Replacing the same file from several
// processes at once leaves the content of one of them.
func Replace(path string, data []byte) error {
	err := place(path, data, os.Rename, (*os.File).Sync)
	if err == nil {
		syncDir(filepath.Dir(path)) // without this a power loss may bring the old content back
	}
	return err
}

// Create is Replace for a file that must not be there yet: of several
// processes one succeeds, and the others get an error that is os.ErrExist.
// A power loss may undo it, or leave an empty file, until [Sync].
func Create(path string, data []byte) error {
	return place(path, data, link, func(*os.File) error { return nil })
}

// Sync has a file on the disk, and its name.
func Sync(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows syncs only what may be written
	if errors.Is(err, os.ErrPermission) {
		f, err = os.Open(path)
	}
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	syncDir(filepath.Dir(path))
	return err
}

func syncDir(path string) {
	if dir, err := os.Open(path); err == nil {
		_ = dir.Sync()
		_ = dir.Close()
	}
}

func link(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, os.ErrExist) {
		return err
	}
	// A file system without links: whoever makes the empty file fills it.
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_ = f.Close()
	return os.Rename(from, to)
}

func place(path string, data []byte, put func(from, to string) error, sync func(*os.File) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), temporary) // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, sync(f), f.Close()); err == nil {
		err = put(f.Name(), path)
	}
	_ = os.Remove(f.Name()) // it is in its place, or not to be
	return err
}

// Lock makes this process the only one that has the lock of a directory, which
// must exist. It waits until ctx ends. The lock ends with its holder; the
// empty file that stays means nothing.
func Lock(ctx context.Context, dir string) (release func(), err error) {
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o600))
	if ok, err := lock.TryLockContext(ctx, 2*time.Millisecond); err != nil || !ok {
		return nil, fmt.Errorf("%q cannot be locked: %w", lock.Path(), err)
	}
	return func() { _ = lock.Close() }, nil
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

// ErrOther says that what is there is not what was written there.
var ErrOther = errors.New("is not a file of that size")

// Read reads a file of at most limit bytes. What is not a regular file is an
// [ErrOther], and never waited for.
func Read(path string, limit int64) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%q %w: at most %d bytes", path, ErrOther, limit)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
