package ledger

import (
	"context"
	"errors"
)

// Sync writes what is only in memory to where it is kept. It does nothing when
// the file is mapped.
func (l *Ledger) Sync(ctx context.Context) error {
	if l.mapped {
		return nil
	}
	return l.fold(ctx, nil)
}

// Stop ends counting, here and wherever else the keeper counts for this
// ledger. What was counted until then can still be synced. It is for folded
// ledgers: a mapped one counts in the file that all processes share, and its
// owner just stops calling Add.
func (l *Ledger) Stop() {
	if !l.mapped {
		l.kept.Stop()
	}
}

// unfolded is what this process counted in each series and is not kept yet.
func (l *Ledger) unfolded() []uint64 {
	added := make([]uint64, len(l.slots))
	for i := range l.slots {
		n, _ := total(l.slots[i]) // our own memory, so never damaged
		added[i] = n - l.folded[i]
	}
	return added
}

// fold gives what this process counted since the last time to the keeper, and
// one more change that is to be made with it.
func (l *Ledger) fold(ctx context.Context, change *Change) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	added := l.unfolded()
	if err := l.kept.Fold(ctx, added, change); err != nil {
		return l.heard(err)
	}
	for i := range added {
		l.folded[i] += added[i]
	}
	return nil
}

// foldedTotals is what is kept and what is not kept yet.
func (l *Ledger) foldedTotals(ctx context.Context, totals []uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	added := l.unfolded()
	return l.heard(l.kept.Totals(ctx, added, totals))
}

// heard stops counting at once when the keeper says that the yes was taken
// back.
func (l *Ledger) heard(err error) error {
	if errors.Is(err, ErrClosed) {
		l.closed.Store(closedWord)
	}
	if final(err) {
		l.kept.Stop()
	}
	return err
}

// final tells that a ledger is no longer the installation's from not being
// able to look.
func final(err error) bool {
	return errors.Is(err, ErrClosed) || errors.Is(err, ErrGone) || errors.Is(err, ErrDamaged)
}
