package ledger

import (
	"errors"
	"fmt"
	"io/fs"
)

// These errors mean that a ledger is no longer the installation's. The caller drops
// it, and opens it again if consent still holds.
var (
	errClosed  = errors.New("ledger: the yes was taken back")
	errGone    = errors.New("ledger: the file was removed or replaced")
	errDamaged = errors.New("ledger: the file is damaged")
)

// Final reports whether an error means that a ledger is no longer the installation's.
// After any other error this is not known.
func Final(err error) bool {
	return errors.Is(err, errClosed) || errors.Is(err, errGone) || errors.Is(err, errDamaged)
}

// damage returns an [errDamaged] with details.
func damage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
}

var (
	// ErrBusy means that another process is sending.
	ErrBusy = errors.New("ledger: another process is sending a report")

	// ErrLost means that the right to send has ended, and another process may have
	// sent.
	ErrLost = errors.New("ledger: another process may be sending now")

	// ErrConflict means that another process changed a [State].
	ErrConflict = errors.New("ledger: the state was changed meanwhile")

	// ErrUnknown means that the answer to a Swap was lost.
	ErrUnknown = errors.New("ledger: it is not known whether this was written")

	errNothing = fmt.Errorf("ledger: no identifier is kept: %w", fs.ErrNotExist)
	errForeign = errors.New("belongs to") // see header.under
)
