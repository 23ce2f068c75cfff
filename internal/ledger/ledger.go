package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
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

// ErrBusy says that another process is sending.
var ErrBusy = errors.New("ledger: another process is sending a report")

// ErrLost says that the time to send was over, and another process may have
// sent.
var ErrLost = errors.New("ledger: another process may be sending now")

// A Sending is the right to send one report and to write the schedule, of one
// process at a time, until a moment.
type Sending struct {
	Until time.Time
	token uint64
}

// A Ledger is the open totals of one installation. All methods are safe for
// concurrent use.
type Ledger struct {
	id     Identity
	aside  string
	closed *atomic.Uint64 // the word that every Add looks at
	slots  []Slot         // of the series given to Open, in their order
	mapped bool
	kept   kept
}

// kept is where the totals are: a mapped file, or a State.
type kept interface {
	check(ctx context.Context) error
	totals(ctx context.Context, totals []uint64) error
	sync(ctx context.Context) error
	schedule() (Schedule, error)
	begin(ctx context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (uint64, error)
	confirm(ctx context.Context, token uint64) error
	end(ctx context.Context, token uint64, s Schedule) error
}

// An Owner says whose totals are opened or destroyed, and under which yes.
type Owner struct {
	Product string // at most 64 bytes
	Yes     int64  // seconds since 1970 of the first yes after the latest no; 0 when unknown
}

// Identity returns what was made at the yes.
func (l *Ledger) Identity() Identity { return l.id }

// Mapped says whether a killed process loses nothing. Otherwise it loses what
// it counted since the last [Ledger.Sync].
func (l *Ledger) Mapped() bool { return l.mapped }

// Aside says what was wrong with the ledger that Open put aside; empty when
// there was none.
func (l *Ledger) Aside() string { return l.aside }

// Slot returns the place of series i of those given to Open.
func (l *Ledger) Slot(i int) Slot { return l.slots[i] }

// Check says whether this is still the installation's ledger: [ErrClosed],
// [ErrGone] or [ErrDamaged] when it is not. That it cannot be looked at right
// now, for want of file descriptors or permissions, says nothing against it.
func (l *Ledger) Check(ctx context.Context) error {
	if err := l.kept.check(ctx); Final(err) {
		return l.noticed(err)
	}
	return nil
}

// Totals writes the total of each series given to Open into totals. It
// changes nothing else. After an error they mean nothing.
func (l *Ledger) Totals(ctx context.Context, totals []uint64) error {
	return l.noticed(l.kept.totals(ctx, totals))
}

// Sync writes what is only in memory to where it is kept, and looks whether
// this is still the installation's. It does nothing when the file is mapped.
func (l *Ledger) Sync(ctx context.Context) error { return l.noticed(l.kept.sync(ctx)) }

// Schedule is the schedule without asking another machine for it: as it was
// seen last.
func (l *Ledger) Schedule() (Schedule, error) { return l.kept.schedule() }

// Begin makes this process the one that sends, until a moment at most a minute
// away, and stores the schedule that attempt returns: it holds if the process
// dies. Attempt gets the schedule as it is then; its error is returned, and
// nothing changes. [ErrBusy] means that another process is sending.
func (l *Ledger) Begin(ctx context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (Sending, error) {
	token, err := l.kept.begin(ctx, now, until, attempt)
	return Sending{until, token}, l.noticed(err)
}

// Confirm makes sure, as the last thing before sending, that this process is
// still the one that sends, and the ledger the installation's.
func (l *Ledger) Confirm(ctx context.Context, s Sending) error {
	return l.noticed(l.kept.confirm(ctx, s.token))
}

// End stores what the schedule is after the report, and lets other processes
// send. [ErrLost] means that another one does already, and nothing is stored.
func (l *Ledger) End(ctx context.Context, s Sending, next Schedule) error {
	return l.noticed(l.kept.end(ctx, s.token, next))
}

// noticed stops counting at once when the yes was taken back.
func (l *Ledger) noticed(err error) error {
	if errors.Is(err, ErrClosed) && !l.mapped {
		l.closed.Store(closedWord)
	}
	return err
}

// keysOf returns the keys of series. No name may be there twice.
func keysOf(series []string) ([][32]byte, error) {
	seen := make(map[string]bool, len(series))
	var keys [][32]byte
	for _, name := range series {
		if seen[name] {
			return nil, fmt.Errorf("ledger: series %q is there twice", name)
		}
		seen[name] = true
		keys = append(keys, keyOf(name))
	}
	if len(series) > maxSeries-spare {
		return nil, fmt.Errorf("ledger: %d series are too many", len(series))
	}
	return keys, nil
}
