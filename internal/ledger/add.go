package ledger

import (
	"runtime"
	"runtime/debug"
)

// quickest is the largest n that the fast path adds.
const quickest = 1 << 16

// Add adds n to the total in slot, and allocates nothing. It returns false and adds
// nothing if the yes was taken back, here or in another process, if the total would
// pass Max, or if the file is damaged or truncated.
func (l *Ledger) Add(slot Slot, n uint64) (ok bool) {
	if l.mapped == nil {
		return l.quick(slot, n) || l.addSlowly(slot, n)
	}
	// Adding to a truncated file is a memory fault, which must not end the host.
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

// quick is one atomic addition. It does nothing if the ledger is closed, if n is large,
// or if concurrent Adds could take the total past Max.
func (l *Ledger) quick(slot Slot, n uint64) bool {
	if l.closed.Load() != 0 || n > quickest || slot.Load() >= Max-1<<32 {
		return false
	}
	slot.Add(n)
	return true
}

// addSlowly never lets a total pass Max, not for a moment: the process could be killed
// then.
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
