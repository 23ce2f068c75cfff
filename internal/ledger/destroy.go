package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"headcount.example/internal/durable"
)

// Peek returns the identity and schedule that are kept in a place, and changes
// nothing. None is no error, and neither is one that a no has taken back in part. An
// error says that what is there cannot be trusted, or could not be read.
func Peek(ctx context.Context, place Place, product string) (Identity, Schedule, error) {
	h, err := headerOf(ctx, place)
	if err == nil {
		_, err = h.under(Owner{Product: product})
	}
	switch {
	case err == nil:
		return h.identity(), h.schedule(), nil
	case errors.Is(err, errNothing), errors.Is(err, ErrClosed):
		err = nil
	}
	return Identity{}, Schedule{}, err
}

// headerOf reads what is kept in a place.
func headerOf(ctx context.Context, place Place) (header, error) {
	state := place.State
	if state == nil && place.Dir == "" {
		return header{}, errNothing
	}
	if state == nil {
		state = dirState{place.Dir}
		p, err := examine(filepath.Join(place.Dir, fileName))
		switch {
		case err == nil:
			return p.header(), nil
		case !errors.Is(err, errNothing):
			return header{}, err
		}
	}
	v, _, err := inState{state}.load(ctx)
	return v.header, err
}

// Kept says whether there may be an identity in the State or in the directory, sound
// or not, also in a temporary or damaged file. A State that does not answer may keep
// one.
func Kept(ctx context.Context, place Place) bool {
	here := place.Dir != "" && keptIn(place.Dir)
	if here || place.State == nil {
		return here
	}
	_, err := headerOf(ctx, place)
	return !errors.Is(err, errNothing)
}

func keptIn(dir string) bool {
	for _, path := range names(dir) {
		if present(path) || present(aside(path)) || len(durable.Leftovers(path)) > 0 {
			return true
		}
	}
	return false
}

// names are the files that hold an identity in dir.
func names(dir string) []string {
	return []string{filepath.Join(dir, fileName), filepath.Join(dir, stateName)}
}

func present(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Destroy takes the yes back: once it returns, totals, identifier and schedule are
// gone from the place, and what a process still counts goes nowhere. It waits for a
// report that another process is sending, two seconds at most. There being
// nothing to destroy, or another product's totals, is not an error.
//
// Still is asked under the lock, so that a process that comes late does not
// destroy what a new yes has made. Its error is returned.
//
// A process that stands still may hold the lock. Then the totals are closed and
// wiped all the same, their name stays, and the error says that the attempt is
// to be repeated.
func Destroy(ctx context.Context, place Place, product string, still func() error) error {
	if place.State != nil {
		return destroyState(ctx, place.State, product, still)
	}
	dir := place.Dir
	if info, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return nil
	}
	if !keptIn(dir) && !present(filepath.Join(dir, lockName)) { // another process may be making a ledger
		return nil // and so not even a lock file appears
	}
	durable.Reclaim(dir)
	bounded, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	release, err := lock(bounded, dir)
	held := err != nil && bounded.Err() != nil
	if err != nil {
		release = func() {} // where nothing can be locked, a no does not wait for it
	}
	defer release()
	var repeat error
	if held {
		repeat = fmt.Errorf("%w: not destroyed in full", err)
	}
	if !keptIn(dir) {
		return repeat // nothing to ask for: another process has done it
	}
	sending := uint64(0)
	if h, err := headerOf(ctx, place); err == nil {
		if _, foreign := h.under(Owner{Product: product}); foreign != nil {
			return nil
		}
		sending = h.Sending
	}
	if err := still(); err != nil {
		return err
	}
	err = destroy(dir, held)
	release() // a report may take a while to end
	waitForSender(sending)
	return errors.Join(repeat, err)
}

// destroy runs under the lock. The name of the ledger goes last: killed in
// between, the next one to open the file goes on. A caller without the lock
// keeps that name, and is to try again: the holder may have renamed a file to it
// before its temporary files were removed.
func destroy(dir string, keepName bool) error {
	var faults []error
	for _, path := range names(dir) {
		faults = append(faults, overwrite(path))
		for _, other := range append(durable.Leftovers(path), aside(path)) {
			faults = append(faults, overwrite(other), remove(other))
		}
		if keepName {
			faults = append(faults, overwrite(path))
		} else {
			faults = append(faults, remove(path))
		}
	}
	durable.Step("sync directory")
	_ = durable.SyncDir(dir)
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("ledger: not destroyed: %w", err)
	}
	return nil
}

// remove removes a file. A directory in its place holds nothing of ours.
func remove(path string) error {
	info, err := os.Lstat(path)
	if err != nil || info.IsDir() {
		return unlessMissing(err)
	}
	durable.Step("remove " + filepath.Base(path))
	return unlessMissing(os.Remove(path))
}

func unlessMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// overwrite leaves nothing of a file, also of one that lost its permissions. It
// first writes the word that every process reads before it counts. That word stays,
// for the processes that have the file mapped.
func overwrite(path string) error {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return unlessMissing(err)
	}
	f, err := durable.Regain(path, os.O_RDWR)
	if err != nil {
		return unlessMissing(err)
	}
	defer f.Close()
	zeros := make([]byte, min(info.Size(), maxState))
	if len(zeros) < headerSize || filepath.Base(path) == stateName {
		return put(f, zeros, 0)
	}
	native.PutUint64(zeros[atClosed:], closedWord)
	return errors.Join(put(f, zeros[atClosed:atClosed+8], atClosed), put(f, zeros, 0))
}
