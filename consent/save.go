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
// Save creates the directory if need be, and its parents, with mode 0700. It replaces
// the file in one step: a reader, whatever kills the process, finds the old decision or
// the new one. Saves of several processes wait for one another until ctx is done, so
// give ctx a deadline; none is lost. If a no is recorded after Save of a yes was called
// and before it is done, the no stands and Save returns an error.
//
// A no needs less trust than a yes. It is also saved in a directory in which
// others may write, by root in the directory of a service, and where the lock
// cannot be taken. If a no cannot be written, on a full disk for example, Save
// returns an error but quarantines an earlier yes, so that it does not come back.
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
	// A no without the lock and another Save can disturb each other; each then
	// tries again, this often in all.
	for range 10 {
		err = f.add(r, newest(seen), now)
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil && r.Decision == Denied {
		err = errors.Join(err, f.takeBack(now))
	}
	return err
}

// makeDirectory makes sure that there is one, and that it may be used for d.
func (f *File) makeDirectory(d Decision) error {
	if d == Denied {
		durable.Reclaim(f.dir)
		if exists, _ := durable.Trusted(f.dir); exists {
			return nil
		}
	}
	return durable.MakeTrusted(f.dir)
}

const overtaken = "a no came first, or the file was changed: look at what is recorded, and decide again"

// add tries once. Seen is the newest record when Save was called. The error is
// fs.ErrNotExist if another Save swept the temporary file, or replaced what was
// written.
func (f *File) add(r, seen Record, now time.Time) error {
	records, damage := f.read(now)
	last := newest(records)
	if r.Decision == Granted && last != seen && last.Decision != Granted {
		return errors.New("consent: cannot write: " + overtaken)
	}
	if damage != nil {
		records, last = nil, Record{}
		if err := f.quarantine(); err != nil && r.Decision == Granted {
			return fmt.Errorf("consent: cannot replace: %w", err)
		}
	}
	records, err := Append(records, r, now)
	if err != nil {
		return err
	}
	data, err := encode(records)
	if err == nil {
		err = durable.ReplaceIf(f.path(fileName), data, func() error {
			again, damaged := f.read(now)
			if r.Decision == Granted && (newest(again) != last || (damaged == nil) != (damage == nil)) {
				return errors.New(overtaken)
			}
			return nil
		})
	}
	// Removes the temporary files of killed processes, and of a yes that looked before a no was there.
	durable.Sweep(f.path(fileName))
	if err != nil {
		return fmt.Errorf("consent: cannot write: %w", err)
	}
	if there, _ := f.read(now); !slices.Contains(there, newest(records)) { // a yes had just been renamed
		return fmt.Errorf("consent: another process replaced the decision: try again: %w", fs.ErrNotExist)
	}
	return nil
}

// takeBack invalidates a recorded yes when a no cannot be written.
func (f *File) takeBack(now time.Time) error {
	if records, _ := f.read(now); newest(records).Decision != Granted || f.quarantine() == nil {
		return nil
	}
	// In a directory that cannot be written: an empty file is no yes.
	file, err := durable.Regain(f.path(fileName), os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return fmt.Errorf("consent: cannot take back the yes: %w", err)
	}
	return errors.Join(file.Sync(), file.Close())
}

// quarantine renames the file to consent.json.damaged. Until another file is in place,
// reading is an error. If a directory blocks the rename, what is in place goes into a
// new directory, and nothing is deleted.
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
