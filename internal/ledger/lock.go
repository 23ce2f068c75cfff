package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// tryLock takes the kernel's lock on an empty file, or returns nil when
// somebody has it. The lock ends with its holder; the file that stays behind
// means nothing.
func tryLock(path string) (*flock.Flock, error) {
	step("lock " + filepath.Base(path))
	lock := flock.New(path, flock.SetPermissions(0o600), flock.SetFlag(os.O_CREATE|os.O_RDWR|openFlags))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("ledger: %q cannot be locked: %w", path, err)
	}
	if !ok {
		return nil, nil
	}
	// A file that was removed while we waited locks nobody out any more.
	held, err1 := lock.Stat()
	there, err2 := os.Lstat(path)
	if err1 != nil || err2 != nil || !os.SameFile(held, there) {
		return nil, lock.Close()
	}
	return lock, nil
}

// locked runs f while no other process changes the files.
func locked(ctx context.Context, dir string, f func() error) error {
	path := filepath.Join(dir, lockName)
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("ledger: %q is not to be had: %w", path, err)
		}
		lock, err := tryLock(path)
		if err != nil {
			return err
		}
		if lock != nil {
			defer lock.Close()
			return f()
		}
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// Sender makes this process the one that sends, if no other is. It never
// waits. Release must be called, and does nothing the second time; a process
// that dies releases by dying.
func (l *Ledger) Sender() (release func(), ok bool, err error) {
	lock, err := tryLock(filepath.Join(l.dir, senderName))
	if err != nil || lock == nil {
		return func() {}, false, err
	}
	return func() { _ = lock.Close() }, true, nil
}
