package ledger

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Peek returns the identity that is kept in dir, and changes nothing. An
// error says that there is none, or none that can be trusted.
func Peek(dir string) (Identity, error) {
	file, err := read(filepath.Join(dir, fileName))
	if err != nil {
		return Identity{}, err
	}
	if _, err := file.check(); err != nil {
		return Identity{}, err
	}
	return file.identity(), nil
}

// Kept says whether there may be an identity in dir, sound or not.
func Kept(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, fileName))
	return !errors.Is(err, fs.ErrNotExist)
}

// Quiet waits until no process sends, two seconds at most: after [Destroy],
// whoever was sending has seen it and stopped.
func Quiet(ctx context.Context, dir string) {
	path := filepath.Join(dir, senderName)
	if _, err := os.Lstat(path); err != nil {
		return // nobody ever sent from here
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for {
		if lock, err := tryLock(path); lock != nil || err != nil {
			if lock != nil {
				_ = lock.Close()
			}
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}
