package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Destroy takes the yes back: no process counts any more once it returns, and
// totals, identifier and schedule are gone from the directory. There being
// nothing to destroy is not an error.
func Destroy(ctx context.Context, dir string) error {
	return DestroyIf(ctx, dir, func() error { return nil })
}

// DestroyIf is Destroy for whoever was told of the no a moment ago: still is
// asked under the lock, so that a process that comes late does not destroy
// what a new yes has made. Its error is returned.
func DestroyIf(ctx context.Context, dir string, still func() error) error {
	if info, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) || err == nil && !info.IsDir() {
		return nil
	}
	// The lock file counts too: another process may be making a ledger.
	for _, path := range append(remains(dir), filepath.Join(dir, lockName)) {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return locked(ctx, dir, func() error {
				if !anything(dir) {
					return nil // another process has done it: nothing to ask for
				}
				if err := still(); err != nil {
					return err
				}
				return destroy(dir)
			})
		}
	}
	return nil // and so not even a lock file appears
}

func anything(dir string) bool {
	return slices.ContainsFunc(remains(dir), func(path string) bool {
		_, err := os.Lstat(path)
		return !errors.Is(err, os.ErrNotExist)
	})
}

// remains are the files that hold something of an installation, the ledger
// last.
func remains(dir string) []string {
	path := filepath.Join(dir, fileName)
	list := []string{path + ".new"}
	for i := range keptAside {
		list = append(list, aside(path, i))
	}
	return append(list, path)
}

func aside(path string, i int) string { return path + ".damaged." + strconv.Itoa(i+1) }

// destroy runs under the lock. First the word that every process reads before
// it counts, then the damaged copies, then the bytes of the ledger, then its
// name: killed in between, the next one to open the file goes on.
func destroy(dir string) error {
	faults := []error{shut(filepath.Join(dir, fileName))}
	for _, path := range remains(dir) {
		faults = append(faults, wipe(path))
	}
	step("sync directory")
	syncDir(dir)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("ledger: not destroyed: %w", err)
	}
	return nil
}

// ownFile opens a file of ours for writing, also one that lost its
// permissions. It returns nil when there is no file.
func ownFile(path string) (*os.File, int64, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	f, err := openFile(path)
	if errors.Is(err, os.ErrPermission) {
		_ = os.Chmod(path, 0o600)
		f, err = openFile(path)
	}
	return f, info.Size(), err
}

// shut writes the word that closes a ledger, and makes it last before
// anything else changes.
func shut(path string) error {
	f, size, err := ownFile(path)
	if f == nil {
		return err
	}
	if size >= headerSize {
		p := newPage(0)
		p.word(atClosed).Store(closedWord)
		err = errors.Join(put(f, p[atClosed:atClosed+8], atClosed), flush(f))
	}
	return errors.Join(err, f.Close())
}

// wipe overwrites a file of any size, as far as we ever write, and removes
// it. The word that closes it stays, for those who have it mapped.
func wipe(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || info.IsDir() {
		return err // a directory in its place holds nothing of ours
	}
	f, size, err := ownFile(path)
	if f != nil {
		zeros := make([]byte, min(size, maxSize))
		if len(zeros) >= headerSize {
			native.PutUint64(zeros[atClosed:], closedWord)
		}
		err = errors.Join(put(f, zeros, 0), flush(f), f.Close())
	}
	return errors.Join(err, remove(path))
}
