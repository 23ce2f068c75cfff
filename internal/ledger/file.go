package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
)

// newIdentity draws everything about an installation that is random. The
// reader is named: a host may have given package uuid another one.
func newIdentity(now time.Time) (Identity, error) {
	guid, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return Identity{}, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	wait, err := rand.Int(rand.Reader, big.NewInt(int64(23*time.Hour/time.Second)))
	if err != nil {
		return Identity{}, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	// The first report is at least an hour away: people change their minds.
	first := now.UTC().Add(time.Hour + time.Duration(wait.Int64())*time.Second)
	phase := first.Sub(first.Truncate(24 * time.Hour)).Truncate(time.Second)
	return Identity{GUID: guid, Day: now.UTC().Truncate(24 * time.Hour), Phase: phase}, nil
}

// secure makes the directory, for its owner alone. One that others may write
// in is refused: they could exchange the files.
func secure(dir string) error {
	if dir == "" {
		return errors.New("ledger: no directory: totals and identifier must survive a restart")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("ledger: %q is not a directory", dir)
	}
	if unixModes && info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("ledger: others may write in %q (mode %04o): chmod 700", dir, info.Mode().Perm())
	}
	return nil
}

// locked runs f while no other process changes the files. The lock is the
// kernel's: it ends with its holder, and the empty file that stays behind
// means nothing.
func locked(ctx context.Context, dir string, f func() error) error {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	ok, err := lock.TryLockContext(ctx, 2*time.Millisecond)
	if err != nil || !ok {
		return fmt.Errorf("ledger: %q cannot be locked: %w", lock.Path(), err)
	}
	defer lock.Close()
	return f()
}

// Sender makes this process the one that sends, if no other is. It never
// waits. Release must be called; a process that dies releases by dying.
func (l *Ledger) Sender() (release func(), ok bool, err error) {
	lock := flock.New(filepath.Join(l.dir, senderName), flock.SetPermissions(0o600))
	ok, err = lock.TryLock()
	if err != nil || !ok {
		return func() {}, false, err
	}
	return func() { _ = lock.Close() }, true, nil
}

var errUnreadable = errors.New("cannot be read")

// read reads a whole file into memory that can be used as a page.
func read(path string) (page, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, err
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a file", path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|openFlags, 0)
	if err != nil {
		return nil, fmt.Errorf("ledger: %q %w: %w", path, errUnreadable, err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, fmt.Errorf("ledger: %q %w: %w", path, errUnreadable, err)
	}
	if size := info.Size(); size < headerSize || size > maxSize || (size-headerSize)%slotSize != 0 {
		return nil, fmt.Errorf("%d bytes is not the size of a ledger", size)
	}
	p := newPage((int(info.Size()) - headerSize) / slotSize)
	if _, err := io.ReadFull(f, p); err != nil {
		return nil, fmt.Errorf("ledger: %q %w: %w", path, errUnreadable, err)
	}
	return p, nil
}

// replace writes a file in full beside its place, with real bytes in every
// block, and then puts it there: before and after, the file is whole.
func replace(path string, p page) error {
	temporary := path + ".new"
	err := write(temporary, p)
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return fmt.Errorf("ledger: %w", err)
	}
	syncDir(filepath.Dir(path))
	return nil
}

func write(path string, p page) error {
	_ = os.Remove(path) // left by a process that was killed; the lock is ours
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	return errors.Join(err, f.Sync(), f.Close())
}

// appendSeries grows a mapped file in place. The number of series is written
// last, when everything it counts is on the disk.
func appendSeries(path string, grown page, size, n, more int) error {
	f, err := os.OpenFile(path, os.O_RDWR|openFlags, 0)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	put := func(at, end int) {
		if err == nil {
			_, err = f.WriteAt(grown[at:end], int64(at))
		}
		if err == nil {
			err = f.Sync()
		}
	}
	if len(grown) > size {
		put(size, len(grown))
	}
	put(headerSize+n*slotSize, headerSize+(n+more)*slotSize)
	if err == nil {
		count := newPage(0)
		count.word(atCount).Store(encode(uint64(n + more)))
		_, err = f.WriteAt(count[atCount:atCount+8], atCount)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

const keptAside = 3

// putAside moves what is not a sound ledger out of the way. It keeps a few,
// for whoever wants to look, and never removes a thing that is not a file.
func putAside(path string) error {
	var err error
	for i := range keptAside {
		to := aside(path, i)
		if info, missing := os.Lstat(to); missing == nil && (i+1 < keptAside || !info.Mode().IsRegular()) {
			continue
		}
		if err = os.Rename(path, to); err == nil {
			syncDir(filepath.Dir(path))
			return nil
		}
	}
	return fmt.Errorf("ledger: %q is not a sound ledger and cannot be put aside: remove it (%w)", path, err)
}

// Destroy takes the yes back: no process counts any more once it returns, and
// totals, identifier and schedule are gone from the directory. There being
// nothing to destroy is not an error.
func Destroy(ctx context.Context, dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, os.ErrNotExist) || dir == "" {
		return nil
	}
	for _, path := range remains(dir) {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			return locked(ctx, dir, func() error { return destroy(dir) })
		}
	}
	return nil // and so not even a lock file appears
}

// remains are the files that hold something of an installation.
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
// it counts, then the bytes, then the name: killed in between, the next one
// to open the file goes on.
func destroy(dir string) error {
	var faults []error
	for _, path := range slices.Backward(remains(dir)) {
		faults = append(faults, wipe(path))
	}
	syncDir(dir)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("ledger: not destroyed: %w", err)
	}
	return nil
}

func wipe(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || info.IsDir() {
		return err // a directory in its place holds nothing of ours
	}
	if !info.Mode().IsRegular() {
		return os.Remove(path)
	}
	f, err := os.OpenFile(path, os.O_RDWR|openFlags, 0)
	if err != nil {
		return err
	}
	if info.Size() >= headerSize && info.Size() <= maxSize {
		closed, zeros := newPage(0), make([]byte, info.Size())
		closed.word(atClosed).Store(1)
		copy(zeros[atClosed:], closed[atClosed:atClosed+8])
		_, err1 := f.WriteAt(closed[atClosed:atClosed+8], atClosed)
		_, err2 := f.WriteAt(zeros, 0)
		err = errors.Join(err1, err2, f.Sync())
	}
	return errors.Join(err, f.Close(), os.Remove(path))
}
