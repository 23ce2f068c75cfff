package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"unsafe"
)

// Add is one atomic addition while n is at most Small and the word it meets is
// below high. Nothing that many processes could have on the way at once takes
// a word from there past Max, so it need not look back. [Direct] looks back,
// and stops when a word has its highest bit, at half of Max.
const (
	Small = 1 << 16
	high  = (Max - 1<<32) * multiplier
)

// wordOf chooses a word of a total by where the caller's stack is. It is small
// enough for the compiler to put in its callers. The offset is made in one
// piece, not as an index: that is two instructions less, and Add has few.
func wordOf(slot Slot) *atomic.Uint64 {
	var here [0]byte
	offset := uint32(uintptr(unsafe.Pointer(&here))>>10) * 0x9E3779B9 >> 24 & ((stripes - 1) * lineSize)
	return (*atomic.Uint64)(unsafe.Add(unsafe.Pointer(slot), offset))
}

// Add adds n to the total in slot, and allocates nothing. It returns false
// when nothing was added: the yes was taken back, here or in another process,
// the total is at Max, or the file is damaged or has gone from under the
// mapping. What goroutines add at once beyond Max is not shown.
func (l *Ledger) Add(slot Slot, n uint64) (ok bool) {
	if !l.mapped {
		return l.quick(slot, n) != 0 || l.slow(slot, n)
	}
	// A file that somebody truncates is a fault at the next touch. It must
	// not end the host. The setting is put back where nothing went wrong, and
	// recover asked only where something did: that is most of the price.
	before := debug.SetPanicOnFault(true)
	fault := true
	defer func() {
		if fault {
			_ = recover()
			debug.SetPanicOnFault(before)
			ok = false
		}
	}()
	word := l.quick(slot, n)
	ok = word != 0 || l.slow(slot, n)
	fault = false
	debug.SetPanicOnFault(before)
	runtime.KeepAlive(l)
	if word*0x9E3779B97F4A7C15>>54 == 0 && l.Often != nil {
		l.Often() // for about one word in a thousand
	}
	return ok
}

// Direct is Add without the guard, for a slot of a ledger while there is a
// [Hold], and n from 0 to [Small]. It returns false when the total is so large
// that this must be the last Direct: then only Add knows when to stop. The
// compiler puts it in its callers, or gives it no point at which a goroutine
// can be stopped.
//
//go:nosplit
func Direct(slot Slot, n int64) bool {
	return int64(wordOf(slot).Add(uint64(n)*multiplier)) >= 0
}

// quick returns the word as it is then; 0 when nothing was added. It is small
// enough for the compiler to put in its callers. A word below the first code,
// such as a zeroed one, is a huge difference too.
func (l *Ledger) quick(slot Slot, n uint64) uint64 {
	word := wordOf(slot)
	if l.closed.Load() != 0 || n > Small || word.Load()-offset >= high {
		return 0
	}
	return word.Add(n * multiplier)
}

// slow never lets a word pass Max, not for a moment: a process could be
// killed in it.
func (l *Ledger) slow(slot Slot, n uint64) bool {
	word := wordOf(slot)
	for l.closed.Load() == 0 {
		before := word.Load()
		part, _ := decode(before)
		if all, ok := total(slot); !ok || n > Max-all || n > Max-part {
			return false
		}
		if word.CompareAndSwap(before, encode(part+n)) {
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
