package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A State keeps one small value for an installation in a database, for an
// installation of several hosts. Its methods are safe for concurrent use, by
// several processes too, and are bounded in time whatever their context says: a
// place that is away must not hold up the host.
type State interface {
	// Load returns the value and its version. No value is nil; it has a version
	// too, because a later value must not have an earlier one's.
	Load(ctx context.Context) (value []byte, version int64, err error)

	// Swap replaces the value if the version is still the one given, and
	// returns ErrConflict if it is not. ErrUnknown means that it may have been
	// replaced, any other error that it was not. A nil value leaves nothing of
	// the one before.
	Swap(ctx context.Context, version int64, value []byte) error
}

// inState reads and writes a value. Its State is nil where there is only memory.
type inState struct{ State }

// load checks the value: other programs can write to the database. No value is
// errNothing.
func (s inState) load(ctx context.Context) (v value, version int64, err error) {
	defer caught(errors.New("ledger: not read"), &err)
	data, version, err := s.Load(ctx)
	switch {
	case err != nil:
		return value{}, version, err
	case data == nil:
		return value{}, version, errNothing
	}
	v, err = readValue(data)
	return v, version, err
}

func (s inState) swap(ctx context.Context, version int64, v value) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return s.replace(ctx, version, data)
}

func (s inState) replace(ctx context.Context, version int64, data []byte) (err error) {
	defer caught(ErrUnknown, &err)
	return s.Swap(ctx, version, data)
}

// caught makes an error of a panic: a State is code of the application, which must
// not end the host. It shows the beginning of what was thrown: the rest may hold
// what is not for a log.
func caught(outcome error, err *error) {
	if p := recover(); p != nil {
		text := fmt.Sprint(p)
		*err = fmt.Errorf("%w: the State panicked: %q", outcome, text[:min(len(text), 80)])
	}
}

// OpenState opens the ledger that is kept in a State, as [Open] does in a
// directory. Allowed is asked before a ledger is made anew and once more after,
// because there is no lock to ask under.
func OpenState(ctx context.Context, state State, owner Owner, series []string, now time.Time, allowed func() error) (*Ledger, error) {
	l := newLedger(inState{state}, series)
	for {
		err := l.begin(ctx, owner, now, allowed)
		switch {
		case err == nil:
			return l, nil
		case !errors.Is(err, ErrConflict) || pause(ctx) != nil:
			return nil, err
		}
	}
}

// begin finds the value, or makes it.
func (l *Ledger) begin(ctx context.Context, owner Owner, now time.Time, allowed func() error) error {
	v, version, err := l.state.load(ctx)
	current := false
	if err == nil {
		current, err = v.under(owner)
	}
	switch {
	case errors.Is(err, ErrDamaged):
		l.aside = err.Error()
	case err != nil && !errors.Is(err, errNothing):
		return err
	}
	if !current {
		if v.header, err = newHeader(owner, now); err != nil {
			return err
		}
		v.Totals, v.Shares = nil, nil
		if err := allowed(); err != nil {
			return err
		}
		if err := l.state.swap(ctx, version, v); err != nil {
			return err
		}
		if err := allowed(); err != nil {
			return errors.Join(err, DestroyState(ctx, l.state.State, owner.Product, func() error { return nil }))
		}
	}
	l.id = v.identity()
	l.seen.Store(&v.plan)
	return nil
}

// PeekState is [Peek] for a State.
func PeekState(ctx context.Context, state State, product string) (Identity, Schedule, error) {
	v, _, err := inState{state}.load(ctx)
	if err != nil {
		return Identity{}, Schedule{}, err
	}
	return v.peek(product)
}

// DestroyState is [Destroy] for a State.
func DestroyState(ctx context.Context, state State, product string, still func() error) error {
	for {
		v, version, err := inState{state}.load(ctx)
		switch {
		case errors.Is(err, errNothing):
			return nil
		case err != nil && !errors.Is(err, ErrDamaged):
			return err
		case err == nil && v.Product != product:
			return nil
		}
		if err := still(); err != nil {
			return err
		}
		err = inState{state}.replace(ctx, version, nil)
		if err == nil || errors.Is(err, ErrUnknown) {
			waitForSender(v.Sending)
		}
		if !errors.Is(err, ErrConflict) || pause(ctx) != nil {
			return err
		}
	}
}
