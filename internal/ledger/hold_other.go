//go:build !linux

package ledger

// A Hold is something that only Linux has.
type Hold struct{}

// Hold returns nil.
func (l *Ledger) Hold() *Hold { return nil }

// Wanted is never asked.
func (h *Hold) Wanted() bool { return true }

// Release has nothing to give back.
func (h *Hold) Release() {}
