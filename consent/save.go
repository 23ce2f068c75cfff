package consent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Save adds a decision and returns when it is on disk; from then on it counts in
// every process that shares the directory. Decision must be Granted or Denied,
// Notice 1 or more, Where printable and at most 100 bytes. A zero Time is now.
//
// Save creates the directory if need be, and its parents, with mode 0700. It
// replaces the file in one step: whoever reads, and whatever kills the process,
// finds the old decision or the new one. Saves of several processes wait for
// one another until ctx is done, so give ctx a deadline; none is lost.
//
// A damaged file, and one that others could have changed, is put aside as
// consent.json.damaged, in place of an earlier one. A no is also taken in a
// directory in which others may write, where a yes would not be believed. If a
// no cannot be written, on a full disk for example, Save returns an error but
// puts an earlier yes aside, so that it does not come back.
func (f *File) Save(ctx context.Context, r Record) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	now := time.Now()
	if r.Time.IsZero() {
		r.Time = now
	}
	if err := check(r, now); err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	if err := f.makeDirectory(r.Decision); err != nil {
		return err
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	f.removeStray()
	records, damage := f.read(now)
	if err := f.replace(append(records, r), damage != nil); err != nil {
		if r.Decision == Denied && len(records) > 0 && records[len(records)-1].Decision == Granted {
			return errors.Join(err, f.putAside())
		}
		return err
	}
	if err := syncDirectory(f.dir); err != nil {
		return fmt.Errorf("consent: saved, but a power cut may undo it: %w", err)
	}
	return nil
}

// makeDirectory makes sure there is one that is ours.
func (f *File) makeDirectory(d Decision) error {
	forbidden := othersMayNotWrite
	if d == Denied {
		forbidden = 0 // a no needs no trust, and must not wait for an administrator
	}
	exists, err := checkDirectory(f.dir, forbidden)
	if err != nil || exists {
		return err
	}
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		return fmt.Errorf("consent: cannot create the directory: %w", err)
	}
	// Again: another process may have made it, and not as we would have.
	_, err = checkDirectory(f.dir, forbidden)
	return err
}

// lock keeps other Saves out, those of this process too. The lock belongs to an
// open file and ends with it, so a process that dies cannot keep it.
func (f *File) lock(ctx context.Context) (unlock func(), err error) {
	const poll = 5 * time.Millisecond
	if ctx == nil {
		ctx = context.Background()
	}
	path := f.path(lockName)
	lock := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY|openFlags))
	if _, err := lock.TryLockContext(ctx, poll); err != nil {
		return nil, fmt.Errorf("consent: cannot lock %q: %w: try again, or remove it if nobody saves", path, err)
	}
	return func() { _ = lock.Unlock() }, nil
}

// removeStray removes what killed Saves left behind. The lock is held, so no
// other Save is using it. What cannot be removed is no reason not to save.
func (f *File) removeStray() {
	entries, _ := os.ReadDir(f.dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), tempPrefix) && entry.Type().IsRegular() {
			_ = os.Remove(f.path(entry.Name()))
		}
	}
}

// replace puts a new file in the place of the old one.
func (f *File) replace(records []Record, damaged bool) error {
	data, err := encode(records)
	if err != nil {
		return fmt.Errorf("consent: cannot encode: %w", err)
	}
	temp, err := f.writeTemp(data)
	if err != nil {
		return fmt.Errorf("consent: cannot write: %w", err)
	}
	if damaged {
		err = f.putAside()
	}
	if err == nil {
		err = os.Rename(temp, f.path(fileName))
	}
	if err != nil {
		_ = os.Remove(temp)
		return fmt.Errorf("consent: cannot replace: %w", err)
	}
	return nil
}

// writeTemp writes a file next to the real one and waits for the disk. On an
// error it leaves nothing behind.
func (f *File) writeTemp(data []byte) (path string, err error) {
	file, err := os.CreateTemp(f.dir, tempPrefix)
	if err != nil {
		return "", err
	}
	_, err = file.Write(data)
	// The mode again, because an odd umask may have made the file unreadable.
	err = errors.Join(err, file.Chmod(0o600), file.Sync(), file.Close())
	if err != nil {
		_ = os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// putAside renames the file to consent.json.damaged. Until another file is in
// place, reading is an error: see nothingPutAside.
func (f *File) putAside() error {
	path, aside := f.path(fileName), f.path(damagedName)
	err := os.Rename(path, aside)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return syncDirectory(f.dir)
	}
	// A directory is in the way, here or there. It is somebody's, so it is moved
	// and not removed, into a fresh one if its place is taken.
	if os.Remove(aside) == nil {
		err = os.Rename(path, aside)
	}
	if err == nil {
		return syncDirectory(f.dir)
	}
	fresh, err := os.MkdirTemp(f.dir, damagedName+"-")
	if err != nil {
		return err
	}
	return errors.Join(os.Rename(path, fresh+string(os.PathSeparator)+fileName), syncDirectory(f.dir))
}
