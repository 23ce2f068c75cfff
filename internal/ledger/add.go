package ledger

import (
	"runtime"
	"runtime/debug"
)

// quickest is the largest n that Add adds without looking back.
const quickest = 1 << 16

// Add adds n to the total in slot, and allocates nothing. It returns false
// when nothing was added: the yes was taken back, here or in another process,
// the total would pass Max, or the file is damaged or has gone from under the
// mapping.
func (l *Ledger) Add(slot Slot, n uint64) (ok bool) {
	if l.mapped == nil {
		return l.quick(slot, n) || l.addSlowly(slot, n)
	}
	// A truncated file is a fault at the next touch, which must not end the host.
	// Recover is called after a fault only, because it is slow.
	before := debug.SetPanicOnFault(true)
	fault := true
	defer func() {
		if fault {
			_ = recover()
			debug.SetPanicOnFault(before)
			ok = false
		}
	}()
	ok = l.quick(slot, n) || l.addSlowly(slot, n)
	fault = false
	debug.SetPanicOnFault(before)
	runtime.KeepAlive(l)
	return ok
}

// quick is one atomic addition while n is small and the total is below Max by
// more than goroutines could add at the same moment. Otherwise it does nothing.
func (l *Ledger) quick(slot Slot, n uint64) bool {
	if l.closed.Load() != 0 || n > quickest || slot.Load() >= Max-1<<32 {
		return false
	}
	slot.Add(n)
	return true
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
