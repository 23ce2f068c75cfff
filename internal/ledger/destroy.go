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
// nothing. If nothing is kept, or a no destroyed part of it, Peek returns zero values
// and no error. It returns an error if what is there is damaged, belongs to another
// product, or cannot be read.
func Peek(ctx context.Context, place Place, product string) (Identity, Schedule, error) {
	h, err := headerOf(ctx, place)
	if err == nil {
		_, err = h.under(Owner{Product: product})
	}
	switch {
	case err == nil:
		return h.identity(), h.schedule(), nil
	case errors.Is(err, errNothing), errors.Is(err, errClosed):
		err = nil
	}
	return Identity{}, Schedule{}, err
}

// headerOf reads the header that is kept in a place.
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

// Kept reports whether the State or the directory may hold an identity, sound or not.
// Temporary and damaged files count, and so does a State that does not answer.
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
		if present(path) || present(damagedName(path)) || len(durable.Leftovers(path)) > 0 {
			return true
		}
	}
	return false
}

// names lists the files in dir that can hold an identity.
func names(dir string) []string {
	return []string{filepath.Join(dir, fileName), filepath.Join(dir, stateName)}
}

func present(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Destroy takes the yes back: once it returns, totals, identifier and schedule are
// gone from the place, and what a process still counts is lost. Destroy waits for a
// report that another process is sending, two seconds at most. It is no error if
// nothing is there, or it belongs to another product.
//
// Destroy calls confirm under the lock, so that a slow process does not destroy what a
// new yes has made. If confirm returns an error, Destroy destroys nothing and returns it.
//
// If another process holds the lock for three seconds, Destroy closes and wipes the
// totals without it. Their name then stays, and the error means that the caller must
// retry.
func Destroy(ctx context.Context, place Place, product string, confirm func() error) error {
	if place.State != nil {
		return destroyState(ctx, place.State, product, confirm)
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
		release = func() {} // a no is carried out without the lock
	}
	defer release()
	var repeat error
	if held {
		repeat = fmt.Errorf("%w: not destroyed in full", err)
	}
	if !keptIn(dir) {
		return repeat // another process destroyed it
	}
	sending := uint64(0)
	if h, err := headerOf(ctx, place); err == nil {
		if _, foreign := h.under(Owner{Product: product}); foreign != nil {
			return nil
		}
		sending = h.Sending
	}
	if err := confirm(); err != nil {
		return err
	}
	err = destroy(dir, held)
	release() // not held while a report ends
	waitForSender(sending)
	return errors.Join(repeat, err)
}

// destroy runs under the lock. The ledger's name is removed last, so that the next
// Open continues after a kill. Without the lock the name stays, and the caller must
// retry: the lock's holder may have renamed a new file to it in between.
func destroy(dir string, keepName bool) error {
	var faults []error
	for _, path := range names(dir) {
		faults = append(faults, overwrite(path))
		for _, other := range append(durable.Leftovers(path), damagedName(path)) {
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

// remove removes a file. It leaves a directory in its place, which holds nothing of
// ours.
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

// overwrite sets the closed word first and then zeroes the rest, also in a file that
// lost its permissions. Processes that mapped the file see the closed word.
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
