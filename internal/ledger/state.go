package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A State keeps one small value in a database, for an installation of several hosts.
// Its methods are safe for concurrent use, by several processes too. Each call
// ends after a bounded time, whatever its context says: a database that is away must
// not hold up the host.
type State interface {
	// Load returns the value and its version. The value is nil if there is none. That
	// has a version too, because a later value must not have an earlier one's.
	Load(ctx context.Context) (value []byte, version int64, err error)

	// Swap replaces the value if the version is still the one given, and returns
	// ErrConflict if it is not. ErrUnknown means that the value may have been
	// replaced, any other error that it was not. If the value is nil, nothing
	// of the earlier one may remain.
	Swap(ctx context.Context, version int64, value []byte) error
}

// inState reads and writes a value. Its State is nil for [Memory] and in a mapped
// ledger.
type inState struct{ State }

// load reads the value and checks it: other programs can write to the database. It
// returns errNothing if there is none.
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

// caught turns a panic of a State or its database driver into an error. The error has
// the first 80 bytes of the text: the rest may be unfit for a log.
func caught(outcome error, err *error) {
	if p := recover(); p != nil {
		text := fmt.Sprint(p)
		*err = fmt.Errorf("%w: the State panicked: %q", outcome, text[:min(len(text), 80)])
	}
}

func openState(ctx context.Context, state State, owner Owner, series []string, now time.Time, allowed func() error) (*Ledger, error) {
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

// begin loads the value, or makes a new one.
func (l *Ledger) begin(ctx context.Context, owner Owner, now time.Time, allowed func() error) error {
	v, version, err := l.state.load(ctx)
	current := false
	if err == nil {
		current, err = v.under(owner)
	}
	switch {
	case errors.Is(err, errDamaged):
		l.quarantined = err.Error()
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
			return errors.Join(err, destroyState(ctx, l.state.State, owner.Product, func() error { return nil }))
		}
	}
	l.id, l.yes = v.identity(), v.Yes
	l.seen.Store(&v.plan)
	return nil
}

func destroyState(ctx context.Context, state State, product string, confirm func() error) error {
	for {
		v, version, err := inState{state}.load(ctx)
		switch {
		case errors.Is(err, errNothing):
			return nil
		case err != nil && !errors.Is(err, errDamaged):
			return err
		case err == nil && v.Product != product:
			return nil
		}
		if err := confirm(); err != nil {
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

// waitForSender waits until the right to send ends, two seconds at most. Meanwhile the
// sender notices the no, and ends its report.
func waitForSender(sending uint64) {
	if now := time.Now(); busy(sending, now) {
		time.Sleep(min(2*time.Second, sendingUntil(sending).Sub(now)))
	}
}

// value is what a State keeps.
type value struct {
	header
	Totals map[string]uint64 `json:"totals"`           // of the processes that have no share
	Shares []share           `json:"shares,omitempty"` // the newest last
}

// A share is what one process counted since it began, without the part that is in the
// totals.
type share struct {
	Process string            `json:"process"`
	Totals  map[string]uint64 `json:"totals"`
}

// maxShares is how many processes have a share. If there are more, the share of the one
// that wrote least recently is added to the totals.
const maxShares = 16

func readValue(data []byte) (v value, err error) {
	if err := json.Unmarshal(data, &v); err != nil {
		return value{}, damage("%w", err)
	}
	if err := v.check(); err != nil {
		return value{}, err
	}
	for _, s := range append(v.Shares, share{Totals: v.Totals}) {
		for name, total := range s.Totals {
			if total > Max {
				return value{}, damage("the total of %.80q is %d", name, total)
			}
		}
	}
	return v, nil
}

// total returns what all processes counted in a series.
func (v *value) total(series string) uint64 {
	n := v.Totals[series]
	for _, s := range v.Shares {
		n = min(Max, n+s.Totals[series])
	}
	return n
}

// share returns the share of a process, or nil if it has none.
func (v *value) share(process string) map[string]uint64 {
	for _, s := range v.Shares {
		if s.Process == process {
			return s.Totals
		}
	}
	return nil
}

// setShare replaces the share of a process. A process without counts has no share.
func (v *value) setShare(process string, totals map[string]uint64) {
	v.Shares = slices.DeleteFunc(v.Shares, func(s share) bool { return s.Process == process })
	if len(totals) > 0 {
		v.Shares = append(v.Shares, share{process, totals})
	}
	for len(v.Shares) > maxShares {
		if v.Totals == nil {
			v.Totals = map[string]uint64{}
		}
		for series, n := range v.Shares[0].Totals {
			v.Totals[series] = min(Max, v.Totals[series]+n)
		}
		v.Shares = v.Shares[1:]
	}
}
