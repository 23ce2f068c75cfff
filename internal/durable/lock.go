package durable

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Lock takes the kernel's lock on an empty file, and waits for it until ctx ends. The
// lock ends with the process that holds it. The file stays, and has no meaning.
func Lock(ctx context.Context, path string) (release func(), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("%q is locked by another process: %w", path, err)
		}
		lock, err := tryLock(path)
		if err != nil {
			return nil, err
		}
		if lock != nil {
			return func() { _ = lock.Close() }, nil
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// tryLock returns nil without an error if Lock must try again.
func tryLock(path string) (*flock.Flock, error) {
	Step("lock " + filepath.Base(path))
	lock := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR|openFlags))
	ok, err := lock.TryLock()
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("%q cannot be locked: %w", path, remedy(err))
	}
	if !ok {
		return nil, nil
	}
	_ = adopt(path, filepath.Dir(path))
	// If the file was removed meanwhile, the lock excludes no process: try again.
	held, err1 := lock.Stat()
	there, err2 := os.Lstat(path)
	if err1 != nil || err2 != nil || !os.SameFile(held, there) {
		return nil, lock.Close()
	}
	return lock, nil
}
