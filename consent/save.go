package consent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"headcount.example/internal/durable"
)

// Save adds a decision and returns when it is on disk; from then on it counts in
// every process that shares the directory. Decision must be Granted or Denied,
// Notice 1 or more, Where and By printable and at most 100 bytes. A zero Time is now;
// no two records have the same one. Save sets Since.
//
// Save creates the directory if need be, and its parents, with mode 0700. It
// replaces the file in one step: a reader, whatever kills the process, finds
// the old decision or the new one. Saves of several processes wait for
// one another until ctx is done, so give ctx a deadline; none is lost. If a no is
// recorded after Save of a yes was called and before it is done, the no stands and
// Save returns an error.
//
// A damaged file, and one that others could have changed, is put aside as
// consent.json.damaged, in place of an earlier one.
//
// A no needs less trust than a yes. It is also saved in a directory in which
// others may write, by root in the directory of a service, and where the lock
// cannot be taken. If a no cannot be written, on a full disk for example, Save
// returns an error but puts an earlier yes aside, so that it does not come back.
func (f *File) Save(ctx context.Context, r Record) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	now := time.Now()
	if _, err := Append(nil, r, now); err != nil {
		return err
	}
	if err := f.makeDirectory(r.Decision); err != nil {
		return fmt.Errorf("consent: %w", err)
	}
	if ctx == nil {
		ctx = context.Background()
	}
	seen, _ := f.read(now)
	unlock, err := durable.Lock(ctx, f.path(lockName))
	switch {
	case err == nil:
		defer unlock()
	case r.Decision == Granted: // a no goes on: a yes that is being recorded gives way to it
		return fmt.Errorf("consent: %w: try again, or remove it if no process saves", err)
	}
	durable.Sweep(f.path(fileName))
	return f.append(r, newest(seen), now)
}

// A no without the lock and another Save can disturb each other; each then
// tries again, this often in all.
const attempts = 10

// An obstacle is why a decision was not recorded.
type obstacle string

// Error returns what to do about it, too.
func (o obstacle) Error() string { return string(o) }

const (
	errOvertaken = obstacle("a no came first, or the file was changed: look at what is recorded, and decide again")
	errLost      = obstacle("another process replaced the decision: try again")
)

// append adds r. Seen is the newest record when Save was called.
func (f *File) append(r, seen Record, now time.Time) error {
	var last Record
	var err error
	for range attempts {
		last, err = f.try(r, seen, now)
		if !errors.Is(err, errLost) && !errors.Is(err, fs.ErrNotExist) { // the latter: the temporary file was swept
			break
		}
	}
	if err == nil || r.Decision != Denied || last.Decision != Granted {
		return err
	}
	if records, _ := f.read(now); newest(records).Decision == Denied {
		return err // of another Save
	}
	if aside := f.quarantine(); aside != nil { // the yes does not come back
		err = errors.Join(err, fmt.Errorf("consent: %w", aside), f.empty())
	}
	return err
}

// try adds r once, and returns what was the newest record before.
func (f *File) try(r, seen Record, now time.Time) (last Record, err error) {
	records, damage := f.read(now)
	if last = newest(records); r.Decision == Granted && last != seen && last.Decision != Granted {
		return last, fmt.Errorf("consent: cannot write: %w", errOvertaken)
	}
	if damage != nil {
		records, last = nil, Record{}
	}
	records, err = Append(records, r, now)
	if err != nil {
		return Record{}, err
	}
	data, err := encode(records)
	if err != nil {
		return Record{}, fmt.Errorf("consent: cannot encode: %w", err)
	}
	if damage != nil {
		if err := f.quarantine(); err != nil && r.Decision == Granted {
			return Record{}, fmt.Errorf("consent: cannot replace: %w", err)
		}
	}
	err = durable.ReplaceIf(f.path(fileName), data, func() error {
		again, damaged := f.read(now)
		if r.Decision == Granted && (newest(again) != last || (damaged == nil) != (damage == nil)) {
			return errOvertaken
		}
		return nil
	})
	if err == nil && r.Decision == Denied { // a yes that looked before has a temporary file, or has just renamed it
		durable.Sweep(f.path(fileName))
	}
	if there, _ := f.read(now); err == nil && !slices.Contains(there, newest(records)) {
		err = errLost
	}
	if err != nil {
		return last, fmt.Errorf("consent: cannot write: %w", err)
	}
	return last, nil
}

// empty takes what is recorded out of a file of this user in a directory that
// cannot be written: an empty file is no yes.
func (f *File) empty() error {
	file, err := durable.Regain(f.path(fileName), os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// makeDirectory makes sure that there is one, and that it may be used for d.
func (f *File) makeDirectory(d Decision) error {
	if d == Denied {
		durable.Reclaim(f.dir)
		if info, err := os.Stat(f.dir); err == nil && info.IsDir() {
			return nil
		}
	}
	return durable.MakeDir(f.dir)
}

// quarantine renames the file to consent.json.damaged. Until another file is in
// place, reading is an error: see nothingQuarantined. Where a directory is in the
// way, here or there, it may hold something: what is in place goes into a new
// directory, and nothing is removed.
func (f *File) quarantine() error {
	path := f.path(fileName)
	durable.Step("rename " + damagedName)
	err := os.Rename(path, f.path(damagedName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		fresh, err := os.MkdirTemp(f.dir, damagedName+"-")
		if err == nil {
			err = os.Rename(path, filepath.Join(fresh, fileName))
		}
		if err != nil {
			return err
		}
	}
	return durable.SyncDir(f.dir)
}
