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

// Sender makes this process the one that sends: lease is nil when another one
// is. It does not wait for that one. The lease must be released; that of a
// process that dies ends by itself.
func (l *Ledger) Sender(ctx context.Context) (lease Lease, err error) {
	if !l.mapped {
		lease, err = l.kept.Sender(ctx)
		return lease, l.heard(err)
	}
	return senderIn(l.dir)
}

// senderIn takes the kernel's lock, which no other process has before this one
// gives it back or dies.
func senderIn(dir string) (Lease, error) {
	lock, err := tryLock(filepath.Join(dir, senderName))
	if err != nil || lock == nil {
		return nil, err
	}
	return kernelLease{lock}, nil
}

type kernelLease struct{ lock *flock.Flock }

func (kernelLease) Held(context.Context) (time.Time, error) { return time.Time{}, nil }
func (k kernelLease) Release()                              { _ = k.lock.Close() }
