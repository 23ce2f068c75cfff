package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"headcount.example/internal/durable"
)

var errForeign = errors.New("it belongs to")

var errNothing = fmt.Errorf("ledger: no identifier is kept: %w", fs.ErrNotExist)

// Peek returns the identity and schedule that are kept in dir, and changes
// nothing. An error says that there are none (fs.ErrNotExist), none that can be
// trusted, or that they could not be read.
func Peek(dir, product string) (Identity, Schedule, error) {
	file, _, err := examine(filepath.Join(dir, fileName))
	switch {
	case errors.Is(err, errFolded):
		return PeekState(context.Background(), stateFile{dir}, product)
	case err != nil && gone(err):
		return Identity{}, Schedule{}, errNothing
	case err != nil:
		return Identity{}, Schedule{}, err
	case file.owner().Product != product:
		return Identity{}, Schedule{}, fmt.Errorf("ledger: directory %q: %w %.100q", dir, errForeign, file.owner().Product)
	}
	s, err := file.schedule()
	return file.identity(), s, err
}

// Kept says whether there may be an identity in dir, sound or not, also in a
// temporary or damaged file.
func Kept(dir string) bool { return slices.ContainsFunc(remains(dir), present) }

func present(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Destroy takes the yes back: no process counts any more once it returns, and
// totals, identifier and schedule are gone from the directory. It waits for a
// report that another process is sending, two seconds at most. There being
// nothing to destroy, or another product's totals, is not an error.
//
// Still is asked under the lock, so that a process that comes late does not
// destroy what a new yes has made. Its error is returned.
//
// A process that stands still may hold the lock. Then the totals are closed and
// wiped all the same, their name stays, and the error says that the attempt is
// to be repeated.
func Destroy(ctx context.Context, dir, product string, still func() error) error {
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil
	}
	lock := filepath.Join(dir, lockName)
	if !Kept(dir) && !present(lock) { // another process may be making a ledger
		return nil // and so not even a lock file appears
	}
	durable.Reclaim(dir)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	release, err := durable.Lock(ctx, lock)
	held := err != nil && ctx.Err() != nil
	if err != nil {
		release = func() {} // where nothing can be locked, a no does not wait for it
	}
	defer func() { release() }()
	if !Kept(dir) {
		if held {
			return fmt.Errorf("ledger: it is not known whether all is destroyed: %w", err)
		}
		return nil // another process has done it: nothing to ask for
	}
	if _, _, err := Peek(dir, product); errors.Is(err, errForeign) {
		return nil
	}
	if err := still(); err != nil {
		return err
	}
	sending, watched := watchSending(dir)
	if held {
		path := filepath.Join(dir, fileName)
		faults := []error{fmt.Errorf("ledger: not destroyed in full: %w", err), shut(path), overwrite(path)}
		for _, other := range remains(dir) { // temporary files, and what was put aside
			if other != path {
				faults = append(faults, wipe(other))
			}
		}
		return errors.Join(faults...)
	}
	err = destroy(dir)
	if watched != nil {
		defer watched.Close()
		release() // a report may take a while to end
		release = func() {}
		wait(context.WithoutCancel(ctx), sending, func() bool { return sendingOf(watched) == 0 })
	}
	return err
}

// watchSending returns the right to send as it stands in a mapped file, and the
// file, in which it can be seen to end when the file has no name any more.
func watchSending(dir string) (uint64, *os.File) {
	f, size, err := ownFile(filepath.Join(dir, fileName))
	if err != nil || f == nil {
		return 0, nil
	}
	if word := sendingOf(f); size >= headerSize && busy(word, time.Now()) {
		return word, f
	}
	_ = f.Close()
	return 0, nil
}

func sendingOf(f *os.File) uint64 {
	var b [8]byte
	if _, err := f.ReadAt(b[:], atSending); err != nil {
		return 0
	}
	return native.Uint64(b[:])
}

// remains are the files that hold something of an installation, the ledger
// last.
func remains(dir string) []string {
	path := filepath.Join(dir, fileName)
	list := durable.Leftovers(path)
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
	durable.Step("sync directory")
	_ = durable.SyncDir(dir)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("ledger: not destroyed: %w", err)
	}
	return nil
}

// ownFile opens a file of ours for writing, also one that lost its
// permissions. It returns nil when there is no file.
func ownFile(path string) (*os.File, int64, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
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
	if size >= headerSize && !isStateFile(f) {
		p := newPage(0)
		p.word(atClosed).Store(closedWord)
		err = errors.Join(put(f, p[atClosed:atClosed+8], atClosed), flush(f))
	}
	return errors.Join(err, f.Close())
}

// overwrite leaves nothing of a file of any size, as far as we ever write. The
// word that closes it stays, for those who have it mapped, and so does the right
// to send, which its owner gives back.
func overwrite(path string) error {
	f, size, err := ownFile(path)
	if f == nil {
		return err
	}
	zeros := make([]byte, min(size, maxSize))
	if len(zeros) >= headerSize && !isStateFile(f) {
		native.PutUint64(zeros[atClosed:], closedWord)
		err = errors.Join(put(f, zeros[:atSending], 0), put(f, zeros[atSending+8:], atSending+8))
	} else {
		err = put(f, zeros, 0)
	}
	return errors.Join(err, flush(f), f.Close())
}

// wipe overwrites a file and removes it.
func wipe(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || info.IsDir() {
		return err // a directory in its place holds nothing of ours
	}
	return errors.Join(overwrite(path), remove(path))
}
