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
	id          Identity
	yes         int64          // see Owner
	quarantined string         // see Quarantined
	slots       []Slot         // in the order of the series given to Open
	closed      *atomic.Uint64 // the word that every Add reads
	seen        atomic.Pointer[plan]
	mapped      *file // nil if counting is in memory
	folding
}

// Memory returns a ledger that keeps nothing anywhere: totals of this process,
// without an identity, gone with it.
func Memory(series []string) *Ledger {
	l := newLedger(inState{}, series)
	l.id = header{}.identity()
	return l
}

// load returns what all processes share, without the totals of a mapped file. It
// stops counting in memory if the ledger is no longer the installation's.
func (l *Ledger) load(ctx context.Context) (v value, version int64, err error) {
	switch {
	case l.mapped != nil:
		v.header, err = l.mapped.header()
	case l.state.State != nil:
		v, version, err = l.state.load(ctx)
	}
	switch {
	case errors.Is(err, errNothing), err == nil && v.identity() != l.id:
		err = errGone
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

// Under reports whether the ledger belongs to a yes. Each belongs to 0, a yes that is
// not known.
func (l *Ledger) Under(yes int64) bool { return yes == 0 || l.yes == yes }

// Mapped reports whether the totals are in a mapped file: a killed process then loses
// nothing. Otherwise it loses what it counted since the last [Ledger.Sync].
func (l *Ledger) Mapped() bool { return l.mapped != nil }

// Quarantined returns what was wrong with the ledger that Open quarantined, or replaced
// in a State. It is empty if there was none.
func (l *Ledger) Quarantined() string { return l.quarantined }

// Slot returns the place of series i of those given to Open.
func (l *Ledger) Slot(i int) Slot { return l.slots[i] }

// Check returns a [Final] error if this is no longer the installation's ledger. It
// returns nil if the ledger cannot be read now, for example without file descriptors.
func (l *Ledger) Check(ctx context.Context) error {
	if _, _, err := l.load(ctx); Final(err) {
		return err
	}
	return nil
}

// Sync writes what is only in memory to the State, and checks that the ledger is still
// the installation's. It returns every error, also one for which Check returns nil.
func (l *Ledger) Sync(ctx context.Context) error {
	if l.mapped == nil {
		return l.fold(ctx, nil)
	}
	_, _, err := l.load(ctx)
	return err
}

// Totals writes the total of each series given to Open into totals, and changes
// nothing else. After an error totals has no meaning.
func (l *Ledger) Totals(ctx context.Context, totals []uint64) error {
	if l.mapped == nil {
		return l.sum(ctx, totals)
	}
	// Read first and checked then: another installation's file may be written over
	// this one in between.
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

// Schedule returns the schedule that was read or written last. After concurrent calls
// it can be the older one.
func (l *Ledger) Schedule() Schedule { return l.seen.Load().schedule() }

// Begin gives this process the right to send until a moment, at most a minute away.
// It stores the schedule that attempt returns, which holds if the process dies.
// Attempt gets the stored schedule, and may be called more than once. If it returns an
// error, Begin changes nothing and returns it. [ErrBusy] means that another process is
// sending.
func (l *Ledger) Begin(ctx context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (Sending, error) {
	s := Sending{Until: until, word: sendingWord(until, rand.Uint64())}
	err := l.update(ctx, func(p *plan) error {
		switch {
		case p.Sending == s.word: // a Swap reported a conflict although it replaced the value
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

// Confirm is called last before sending. It returns an error unless this process still
// has the right to send and the ledger is still the installation's.
func (l *Ledger) Confirm(ctx context.Context, s Sending) error {
	v, _, err := l.load(ctx)
	if err == nil && v.Sending != s.word {
		err = ErrLost
	}
	return err
}

// End stores the schedule after the report, and lets other processes send. [ErrLost]
// means that the right to send was lost to another process, and nothing is stored.
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

// pause waits up to 20 ms, at random, before a retry. If ctx has ended, it returns its
// error.
func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-time.After(rand.N(20 * time.Millisecond)):
	}
	return ctx.Err()
}
