package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// high is what no word of a file of ours reaches: Max, and what goroutines can
// add at the same moment. Larger is damage.
const high = Max + 1<<32

// quickest is the largest n that Add adds without looking back.
const quickest = 1 << 16

// Add adds n to the total in slot, and allocates nothing. It returns false
// when nothing was added: the yes was taken back, here or in another process,
// the total would pass Max, or the file is damaged or has gone from under the
// mapping.
func (l *Ledger) Add(slot Slot, n uint64) (ok bool) {
	if !l.mapped {
		return l.add(slot, n)
	}
	// A file that somebody truncates is a fault at the next touch. It must
	// not end the host. The setting is restored where nothing went wrong, and
	// recover called only where something did: that is most of the price.
	before := debug.SetPanicOnFault(true)
	fault := true
	defer func() {
		if fault {
			_ = recover()
			debug.SetPanicOnFault(before)
			ok = false
		}
	}()
	ok = l.add(slot, n)
	fault = false
	debug.SetPanicOnFault(before)
	runtime.KeepAlive(l)
	return ok
}

// add is one atomic addition while n is small and the total is below Max by
// more than goroutines could add at the same moment.
func (l *Ledger) add(slot Slot, n uint64) bool {
	if l.closed.Load() != 0 {
		return false
	}
	if n <= quickest && slot.Load() < Max-1<<32 {
		slot.Add(n)
		return true
	}
	return l.addSlowly(slot, n)
}

// addSlowly never lets a total pass Max, not for a moment: a process could be
// killed in it.
func (l *Ledger) addSlowly(slot Slot, n uint64) bool {
	for l.closed.Load() == 0 {
		before := slot.Load()
		if n > Max || before > Max-n {
			return false
		}
		if slot.CompareAndSwap(before, before+n) {
			return true
		}
	}
	return false
}

// guard runs f, which touches the mapping. A fault is an error.
func (l *Ledger) guard(f func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			err = fmt.Errorf("%w: it has gone from under the mapping", ErrDamaged)
		}
		runtime.KeepAlive(l)
	}()
	if err := l.page.open(); err != nil {
		return err
	}
	return f()
}

// holds checks the mapping: that it is sound, and still shows this
// installation and its series. Another process may have made the file longer
// and counts more series than the mapping shows.
func (l *Ledger) holds() error {
	n, err := l.page.checkHeader()
	if err == nil {
		err = l.page.checkSeries(min(n, l.page.capacity()))
	}
	switch {
	case errors.Is(err, ErrClosed):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case l.page.identity() != l.id:
		return ErrGone
	}
	for i, place := range l.places {
		if place >= n || l.page.key(place) != l.keys[i] {
			return ErrGone
		}
	}
	return nil
}

// Check says whether this is still the installation's ledger: [ErrClosed],
// [ErrGone] or [ErrDamaged] when it is not. That it cannot be looked at right
// now, for want of file descriptors or permissions, says nothing against it.
func (l *Ledger) Check(ctx context.Context) error {
	if !l.mapped {
		_, err := l.kept.Schedule(ctx)
		if err = l.heard(err); !final(err) {
			return nil
		}
		return err
	}
	if err := l.guard(l.holds); err != nil {
		return err
	}
	now, err := os.Lstat(l.path())
	if err != nil && !gone(err) {
		return nil
	}
	if err != nil || !os.SameFile(now, l.file) {
		return ErrGone
	}
	return nil
}

// Totals writes the total of each series given to Open into totals. It
// changes nothing else. After an error they mean nothing.
func (l *Ledger) Totals(ctx context.Context, totals []uint64) error {
	if !l.mapped {
		return l.foldedTotals(ctx, totals)
	}
	err := l.guard(func() error {
		for i, slot := range l.slots {
			n, ok := total(slot)
			if !ok {
				return ErrDamaged
			}
			totals[i] = n
		}
		return nil
	})
	if err == nil {
		// Last, so that what was read is this installation's even when
		// another one's file was written over it meanwhile.
		err = l.Check(ctx)
	}
	return err
}
