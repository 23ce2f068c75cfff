package ledger

import (
	"errors"
	"fmt"
	"io/fs"
)

// Errors that say why a ledger is no longer the one of the installation. The
// ledger is then to be dropped, and opened again if consent still holds.
var (
	ErrClosed  = errors.New("ledger: the yes was taken back")
	ErrGone    = errors.New("ledger: the file was removed or replaced")
	ErrDamaged = errors.New("ledger: the file is damaged")
)

// Final reports whether an error says that a ledger is no longer the
// installation's. Any other error says that this could not be found out now.
func Final(err error) bool {
	return errors.Is(err, ErrClosed) || errors.Is(err, ErrGone) || errors.Is(err, ErrDamaged)
}

// damage is an [ErrDamaged] that says more.
func damage(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDamaged}, args...)...)
}

var (
	// ErrBusy says that another process is sending.
	ErrBusy = errors.New("ledger: another process is sending a report")

	// ErrLost says that the time to send was over, and another process may have
	// sent.
	ErrLost = errors.New("ledger: another process may be sending now")

	// ErrConflict says that another process changed a [State].
	ErrConflict = errors.New("ledger: the state was changed meanwhile")

	// ErrUnknown says that the answer to a Swap was lost.
	ErrUnknown = errors.New("ledger: it is not known whether this was written")

	errNothing = fmt.Errorf("ledger: no identifier is kept: %w", fs.ErrNotExist)
	errForeign = errors.New("belongs to") // see header.under
)
