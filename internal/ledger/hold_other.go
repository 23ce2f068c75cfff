//go:build !linux || go1.27

package ledger

// A Hold is something that only Linux has, with a Go that was tested.
type Hold struct{}

// Hold returns nil.
func (l *Ledger) Hold() *Hold { return nil }

// Wanted is never asked.
func (h *Hold) Wanted() bool { return true }

// Release has nothing to give back.
func (h *Hold) Release() {}
