package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// A foldedFile keeps a folded ledger in the file that could not be mapped.
type foldedFile struct {
	dir   string
	id    Identity
	keys  [][32]byte
	aside string
}

func (f *foldedFile) path() string       { return filepath.Join(f.dir, fileName) }
func (f *foldedFile) Identity() Identity { return f.id }
func (f *foldedFile) Aside() string      { return f.aside }
func (f *foldedFile) Stop()              {} // nothing but the ledger counts

// current reads the file and says where the series are. It is an error when
// the file is no longer this installation's.
func (f *foldedFile) current() (page, []int, error) {
	file, n, err := examine(f.path())
	switch {
	case err != nil && gone(err):
		return nil, nil, ErrGone
	case errors.Is(err, ErrClosed):
		return nil, nil, ErrClosed
	case errors.Is(err, errUnreadable):
		return nil, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case file.identity() != f.id:
		return nil, nil, ErrGone
	}
	places := file.find(n, f.keys)
	for _, place := range places {
		if place < 0 {
			return nil, nil, fmt.Errorf("%w: a series is missing", ErrDamaged)
		}
	}
	return file, places, nil
}

// Fold changes the file under the lock. A crash leaves it as it was or as it
// is to be. The lock of the one that sends is the kernel's, so nobody writes a
// schedule under one that was lost.
func (f *foldedFile) Fold(ctx context.Context, added []uint64, change *Change) error {
	if change == nil && !some(added) {
		return nil
	}
	return locked(ctx, f.dir, func() error {
		file, places, err := f.current()
		if err != nil {
			return err
		}
		for i, place := range places {
			before, _ := total(file.slot(place)) // current checked it
			file.slot(place).Store(min(Max, before+added[i]))
		}
		if change != nil {
			file.setSchedule(change.Schedule)
		}
		return replace(f.path(), file)
	})
}

func some(added []uint64) bool {
	for _, n := range added {
		if n > 0 {
			return true
		}
	}
	return false
}

func (f *foldedFile) Totals(_ context.Context, added, totals []uint64) error {
	file, places, err := f.current()
	if err != nil {
		return err
	}
	for i, place := range places {
		kept, _ := total(file.slot(place))
		totals[i] = min(Max, kept+added[i])
	}
	return nil
}

func (f *foldedFile) Schedule(context.Context) (Schedule, error) {
	file, _, err := f.current()
	if err != nil {
		return Schedule{}, err
	}
	return file.schedule()
}

func (f *foldedFile) Known() (Schedule, error) { return f.Schedule(context.Background()) }

func (f *foldedFile) Sender(context.Context) (Lease, error) { return senderIn(f.dir) }
