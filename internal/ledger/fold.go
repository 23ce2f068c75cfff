package ledger

import (
	"context"
	"errors"
	"fmt"
)

// Sync writes what is only in memory to the file. It does nothing when the
// file is mapped or nothing was counted since.
func (l *Ledger) Sync(ctx context.Context) error {
	if l.mapped || !l.dirty() {
		return nil
	}
	return l.fold(ctx, func(page) {})
}

func (l *Ledger) dirty() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.slots {
		if l.unfolded(i) > 0 {
			return true
		}
	}
	return false
}

// unfolded is what this process counted in series i and the file does not
// have yet.
func (l *Ledger) unfolded(i int) uint64 {
	n, _ := decode(l.slots[i].Load()) // our own memory, so always a code
	return n - l.folded[i]
}

// current reads the file of a folded ledger and says where its series are. It
// is an error when the file is no longer this installation's.
func (l *Ledger) current() (page, []int, error) {
	file, n, err := l.sound()
	switch {
	case err != nil && gone(err):
		return nil, nil, ErrGone
	case errors.Is(err, ErrClosed):
		l.closed.Store(closedWord)
		return nil, nil, ErrClosed
	case errors.Is(err, errUnreadable):
		return nil, nil, err
	case err != nil:
		return nil, nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	case file.identity() != l.id:
		return nil, nil, ErrGone
	}
	places := file.find(n, l.keys)
	for _, place := range places {
		if place < 0 {
			return nil, nil, fmt.Errorf("%w: a series is missing", ErrDamaged)
		}
	}
	return file, places, nil
}

// fold adds what this process counted since the last time to the file, under
// the lock, and makes one more change before it is written. A crash leaves
// the file as it was or as it is to be.
func (l *Ledger) fold(ctx context.Context, change func(page)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return locked(ctx, l.dir, func() error {
		file, places, err := l.current()
		if err != nil {
			return err
		}
		added := make([]uint64, len(places))
		for i, place := range places {
			added[i] = l.unfolded(i)
			total, _ := decode(file.slot(place).Load()) // current checked it
			file.slot(place).Store(encode(min(Max, total+added[i])))
		}
		change(file)
		if err := replace(l.path(), file); err != nil {
			return err
		}
		for i := range added {
			l.folded[i] += added[i]
		}
		return nil
	})
}

// foldedTotals is what the file says and what it does not have yet.
func (l *Ledger) foldedTotals(totals []uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	file, places, err := l.current()
	if err != nil {
		return err
	}
	for i, place := range places {
		total, _ := decode(file.slot(place).Load())
		totals[i] = min(Max, total+l.unfolded(i))
	}
	return nil
}
