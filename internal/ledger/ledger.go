package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"time"
)

// A Sending is the right to send one report and to write the schedule, of one
// process at a time, until a moment.
type Sending struct {
	Until time.Time
	word  uint64
	lock  *os.File // see lockSender
}

// A Ledger is the open totals of one installation. All methods are safe for
// concurrent use.
type Ledger struct {
	id     Identity
	aside  string
	series []string       // each name once, as a catalog has them
	slots  []Slot         // of the series, in their order
	closed *atomic.Uint64 // the word that every Add looks at
	mapped bool           // the slots are what all processes share
	path   string         // of the mapped file
	place  place
	seen   atomic.Pointer[plan]
	folding
}

// A place is where all processes share a value: a file, a State, or none.
type place interface {
	load(ctx context.Context) (v value, version int64, err error)
	swap(ctx context.Context, version int64, v value) error // as State.Swap
}

// Memory returns a ledger that keeps nothing anywhere: totals of this process,
// without an identity, gone with it.
func Memory(series []string) *Ledger {
	l := newLedger(nowhere{}, series)
	l.id = header{}.identity()
	return l
}

type nowhere struct{}

func (nowhere) load(context.Context) (value, int64, error) { return value{}, 0, nil }
func (nowhere) swap(context.Context, int64, value) error {
	return errors.New("ledger: it is only in memory")
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
	if _, _, err := l.load(ctx); Final(err) {
		return err
	}
	return nil
}

// Sync writes what is only in memory to where it is kept, and looks whether
// this is still the installation's.
func (l *Ledger) Sync(ctx context.Context) error { return l.update(ctx, nil) }

// Schedule is the schedule as any other method saw it last.
func (l *Ledger) Schedule() Schedule { return l.seen.Load().schedule() }

// Begin makes this process the one that sends, until a moment at most a minute
// away, and stores the schedule that attempt returns: it holds if the process
// dies. Attempt gets the schedule as it is then, and may be called again; its
// error is returned, and nothing changes. [ErrBusy] means that another process
// is sending.
func (l *Ledger) Begin(ctx context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (Sending, error) {
	s := Sending{Until: until}
	if l.mapped {
		s.lock = lockSender(l.path)
	}
	locked := s.lock != nil
	s.word = sendingWord(until, rand.Uint64(), locked)
	err := l.update(ctx, func(p *plan) error {
		killed := locked && p.Sending&1 == 1 // or it would still have the lock
		if busy(p.Sending, now) && !killed {
			return ErrBusy
		}
		next, err := attempt(p.schedule())
		p.Sending = s.word
		p.setSchedule(next)
		return err
	})
	if err != nil {
		_ = s.lock.Close()
	}
	return s, err
}

// Confirm makes sure, as the last thing before sending, that this process is
// still the one that sends, and the ledger the installation's.
func (l *Ledger) Confirm(ctx context.Context, s Sending) error {
	v, _, err := l.load(ctx)
	if err == nil && v.Sending != s.word {
		err = ErrLost
	}
	return err
}

// End stores what the schedule is after the report, and lets other processes
// send. [ErrLost] means that another one does already, and nothing is stored.
func (l *Ledger) End(ctx context.Context, s Sending, next Schedule) error {
	defer s.lock.Close()
	return l.update(ctx, func(p *plan) error {
		if p.Sending != s.word {
			return ErrLost
		}
		p.Sending = 0
		p.setSchedule(next)
		return nil
	})
}

// pause keeps processes that change a State at the same time from asking for it
// again and again. It returns ctx's error once that has ended.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(20 * time.Millisecond)):
	}
	return ctx.Err()
}
