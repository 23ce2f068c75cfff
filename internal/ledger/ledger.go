package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"time"
)

// A Sending is the right to send one report and to write the schedule, of one
// process at a time, until a moment.
type Sending struct {
	Until   time.Time
	Attempt Schedule // what Begin stored
	word    uint64
}

// A Ledger is the open totals of one installation. All methods are safe for
// concurrent use.
type Ledger struct {
	id     Identity
	yes    int64 // see Owner
	aside  string
	slots  []Slot         // in the order of the series given to Open
	closed *atomic.Uint64 // the word that every Add looks at
	seen   atomic.Pointer[plan]
	mapped *file // nil where counting is in memory
	folding
}

// Memory returns a ledger that keeps nothing anywhere: totals of this process,
// without an identity, gone with it.
func Memory(series []string) *Ledger {
	l := newLedger(inState{}, series)
	l.id = header{}.identity()
	return l
}

// load returns what all processes share, without the totals of a mapped file. In
// what is no longer this installation's nothing is counted any more.
func (l *Ledger) load(ctx context.Context) (v value, version int64, err error) {
	switch {
	case l.mapped != nil:
		v.header, err = l.mapped.header()
	case l.state.State != nil:
		v, version, err = l.state.load(ctx)
	}
	switch {
	case errors.Is(err, errNothing), err == nil && v.identity() != l.id:
		err = ErrGone
	case err == nil:
		l.seen.Store(&v.plan)
	}
	if Final(err) && l.mapped == nil {
		l.closed.Store(closedWord)
	}
	return v, version, err
}

// update makes a change to the plan, and adds what was counted in memory to what
// is shared. Change may be called more than once.
func (l *Ledger) update(ctx context.Context, change func(*plan) error) error {
	if l.mapped == nil {
		return l.fold(ctx, change)
	}
	release, err := lock(ctx, filepath.Dir(l.mapped.path))
	if err != nil {
		return err
	}
	defer release()
	v, _, err := l.load(ctx)
	if err == nil {
		err = change(&v.plan)
	}
	if err != nil {
		return err
	}
	if err = guard(func() { l.mapped.page.setPlan(v.plan) }); err == nil {
		l.seen.Store(&v.plan)
		err = l.mapped.sync()
	}
	return err
}

// Identity returns what was made at the yes.
func (l *Ledger) Identity() Identity { return l.id }

// Under says whether the ledger belongs to a yes; to one that is not known, 0, each
// does.
func (l *Ledger) Under(yes int64) bool { return yes == 0 || l.yes == yes }

// Mapped says whether a killed process loses nothing. Otherwise it loses what
// it counted since the last [Ledger.Sync].
func (l *Ledger) Mapped() bool { return l.mapped != nil }

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
func (l *Ledger) Sync(ctx context.Context) error {
	if l.mapped == nil {
		return l.fold(ctx, nil)
	}
	_, _, err := l.load(ctx)
	return err
}

// Totals writes the total of each series given to Open into totals. It
// changes nothing else. After an error they mean nothing.
func (l *Ledger) Totals(ctx context.Context, totals []uint64) error {
	if l.mapped == nil {
		return l.sum(ctx, totals)
	}
	// First, so that what was read is this installation's even when another
	// one's file is written over it meanwhile.
	err := guard(func() {
		for i, slot := range l.slots {
			totals[i], _ = total(slot)
		}
	})
	if err == nil {
		_, _, err = l.load(ctx)
	}
	return err
}

// Schedule is the schedule as any other method saw it lately: where two saw it at
// once, it may be the older one.
func (l *Ledger) Schedule() Schedule { return l.seen.Load().schedule() }

// Begin makes this process the one that sends, until a moment at most a minute
// away, and stores the schedule that attempt returns: it holds if the process
// dies. Attempt gets the schedule as it is then, and may be called again; its
// error is returned, and nothing changes. [ErrBusy] means that another process
// is sending.
func (l *Ledger) Begin(ctx context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (Sending, error) {
	s := Sending{Until: until, word: sendingWord(until, rand.Uint64())}
	err := l.update(ctx, func(p *plan) error {
		switch {
		case p.Sending == s.word: // what was called a conflict was made
			return nil
		case busy(p.Sending, now):
			return ErrBusy
		}
		next, err := attempt(p.schedule())
		p.Sending, s.Attempt = s.word, next
		p.setSchedule(next)
		return err
	})
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
