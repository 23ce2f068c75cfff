package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"headcount.example/internal/ledger"
)

// A fault is an error of the database or its driver. Its text is shown to people in
// the settings. It names neither user nor host, although the driver's text may. The
// client's Logger gets the driver's text from Detail.
type fault struct{ err error }

func failed(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlstate: %w", fault{err})
}

// unknown is like failed, for a change that may have been made.
func unknown(err error) error {
	return fmt.Errorf("sqlstate: %w: %w", ledger.ErrUnknown, fault{err})
}

func (f fault) Error() string {
	var state interface{ SQLState() string }
	switch {
	case errors.Is(f.err, context.DeadlineExceeded):
		return fmt.Sprintf("the database did not answer in %v", timeout)
	case errors.Is(f.err, context.Canceled), errors.Is(f.err, sql.ErrConnDone):
		return "the query to the database was cancelled"
	case errors.As(f.err, &state) && len(state.SQLState()) == 5:
		return fmt.Sprintf("the database refused (SQLSTATE %s)", state.SQLState())
	}
	return "the database cannot be reached, or refused"
}

func (f fault) Unwrap() error { return f.err }

// Detail returns the driver's own text.
func (f fault) Detail() string { return f.err.Error() }
