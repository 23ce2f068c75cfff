package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
)

// folding is how a process that counts in its own memory adds what is new to
// what all share, exactly once.
type folding struct {
	process string     // random: tells the folds of processes apart
	mu      sync.Mutex // one fold at a time; guards the rest
	number  int64      // of the newest fold that was tried
	added   []uint64   // how much of each slot is shared already
	open    *try       // the fold whose answer was lost
}

// A try is a fold that may have been made.
type try struct {
	base    int64 // the version that it replaces
	news    []uint64
	refused bool // a conflict, which a State may report of what it has made
}

// newLedger returns a ledger that counts in this process's memory, one slot in
// a cache line.
func newLedger(place place, series []string) *Ledger {
	l := &Ledger{place: place, series: series, closed: new(atomic.Uint64)}
	l.process, l.added = rand.Text(), make([]uint64, len(series))
	lines := make([]struct {
		atomic.Uint64
		_ [slotSize - 8]byte
	}, len(series))
	for i := range lines {
		l.slots = append(l.slots, &lines[i].Uint64)
	}
	l.seen.Store(&plan{})
	return l
}

// load reads the value, and makes sure that it is still this installation's. In
// one that is not, nothing is counted any more.
func (l *Ledger) load(ctx context.Context) (v value, version int64, err error) {
	v, version, err = l.place.load(ctx)
	switch {
	case errors.Is(err, errNothing), err == nil && v.identity() != l.id:
		err = ErrGone
	case err == nil:
		l.seen.Store(&v.plan)
	}
	if Final(err) && !l.mapped {
		l.closed.Store(closedWord)
	}
	return v, version, err
}

// news is what was counted in each series and is not shared yet.
func (l *Ledger) news() (news []uint64, some bool) {
	news = make([]uint64, len(l.slots))
	for i, slot := range l.slots {
		if !l.mapped {
			n, _ := total(slot) // our own memory, so never damaged
			news[i] = n - l.added[i]
			some = some || news[i] > 0
		}
	}
	return news, some
}

// resolve finds out whether the fold without an answer was made. One that was to
// replace an earlier version was, or never will be.
func (l *Ledger) resolve(v *value, version int64) {
	if l.open == nil || l.open.base == version && !l.open.refused {
		return
	}
	// Where many processes fold, this one's number may be gone: a count is rather
	// lost than taken twice.
	in := v.folded(l.process)
	if in == l.number || in == 0 && len(v.Folds) >= maxFolds && !l.open.refused {
		l.took(l.open)
	}
	l.open = nil
}

func (l *Ledger) took(t *try) {
	for i, n := range t.news {
		l.added[i] += n
	}
	l.open = nil
}

// update adds what this process counted, and makes the change, which may be nil,
// and may be tried more than once.
func (l *Ledger) update(ctx context.Context, change func(*plan) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		again, err := l.try(ctx, change)
		if !again {
			return err
		}
		if ended := pause(ctx); ended != nil {
			return errors.Join(err, ended)
		}
	}
}

// try is one attempt. While the outcome of a fold is not known it tries that same
// fold again, and nothing else: only one of the two can replace this version.
func (l *Ledger) try(ctx context.Context, change func(*plan) error) (again bool, err error) {
	v, version, err := l.load(ctx)
	if err != nil {
		return false, err
	}
	l.resolve(&v, version)
	t, repeated := l.open, l.open != nil
	if !repeated {
		if change != nil {
			err = change(&v.plan)
		}
		news, some := l.news()
		if err != nil || change == nil && !some {
			return false, err
		}
		l.number++
		t = &try{base: version, news: news}
	}
	if v.Totals == nil {
		v.Totals = map[string]uint64{}
	}
	for i, name := range l.series {
		v.Totals[name] = min(Max, v.Totals[name]+t.news[i])
	}
	v.setFolded(l.process, l.number)
	err = l.place.swap(ctx, version, v)
	switch {
	case err == nil:
		l.took(t)
		l.seen.Store(&v.plan)
	case errors.Is(err, errHalfway):
		l.took(t)
	case errors.Is(err, ErrUnknown):
		l.open = t
	case errors.Is(err, ErrConflict) && !repeated:
		t.refused, l.open = true, t
	}
	return err == nil && repeated || errors.Is(err, ErrConflict), err
}

// Totals writes the total of each series given to Open into totals. It
// changes nothing else. After an error they mean nothing.
func (l *Ledger) Totals(ctx context.Context, totals []uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mapped {
		// First, so that what was read is this installation's even when another
		// one's file is written over it meanwhile.
		err := guard(func() {
			for i, slot := range l.slots {
				totals[i], _ = total(slot)
			}
		})
		if err != nil {
			return err
		}
	}
	v, version, err := l.load(ctx)
	if err != nil || l.mapped {
		return err
	}
	l.resolve(&v, version)
	if l.open != nil {
		// A guess could show more than was counted, and the largest wins.
		return errors.New("ledger: it is not known whether the newest totals were written")
	}
	news, _ := l.news()
	for i, name := range l.series {
		totals[i] = min(Max, v.Totals[name]+news[i])
	}
	return nil
}
