package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"sync/atomic"

	"headcount.example/internal/bounded"
)

// folding adds what a process counted in its own memory to what all share, exactly
// once. A process has a share of its own in the value, and writes it in full. If an
// answer was lost, writing it again changes nothing.
type folding struct {
	state   inState
	series  []string      // each name once, as a catalog has them
	process string        // random: names the share
	busy    chan struct{} // a token for one fold at a time; guards the rest
	written []uint64      // what this process has written of each series, or may have written
	merged  []uint64      // how much of that another process added to the totals
}

// newLedger returns a ledger that counts in this process's memory, one slot in
// a cache line.
func newLedger(state inState, series []string) *Ledger {
	l := &Ledger{closed: new(atomic.Uint64)}
	none := make([]uint64, len(series))
	l.folding = folding{state: state, series: series, process: rand.Text(), busy: make(chan struct{}, 1), written: none, merged: none}
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

// share returns all counts, and the part that is not yet in the totals of the value.
func (l *Ledger) share(v *value) (counted []uint64, share map[string]uint64) {
	// A missing share was merged or never written. If the answer was lost, we cannot
	// know which: we then lose a count rather than count it twice.
	if v.share(l.process) == nil && len(v.Shares) >= maxShares {
		l.merged = l.written
	}
	counted, share = make([]uint64, len(l.slots)), map[string]uint64{}
	for i, slot := range l.slots {
		counted[i], _ = total(slot) // our own memory, so never damaged
		if n := counted[i] - l.merged[i]; n > 0 {
			share[l.series[i]] = n
		}
	}
	return counted, share
}

// fold writes this process's share and makes the change. Change may be nil, and may
// be called more than once.
func (l *Ledger) fold(ctx context.Context, change func(*plan) error) error {
	if err := bounded.Take(ctx, l.busy); err != nil {
		return err
	}
	defer func() { <-l.busy }()
	for {
		err := l.try(ctx, change)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if ended := pause(ctx); ended != nil {
			return errors.Join(err, ended)
		}
	}
}

func (l *Ledger) try(ctx context.Context, change func(*plan) error) error {
	v, version, err := l.load(ctx)
	before := v.plan
	if err == nil && change != nil {
		err = change(&v.plan)
	}
	if err != nil {
		return err
	}
	counted, share := l.share(&v)
	if v.plan == before && maps.Equal(share, v.share(l.process)) {
		l.written = counted // a Swap may report a conflict although it replaced the value
		return nil
	}
	v.setShare(l.process, share)
	err = l.state.swap(ctx, version, v)
	if err == nil || errors.Is(err, ErrUnknown) {
		l.written = counted
	}
	if err == nil {
		l.seen.Store(&v.plan)
	}
	return err
}

// sum writes into totals what all processes wrote and this one counted since.
func (l *Ledger) sum(ctx context.Context, totals []uint64) error {
	if err := bounded.Take(ctx, l.busy); err != nil {
		return err
	}
	defer func() { <-l.busy }()
	v, _, err := l.load(ctx)
	if err != nil {
		return err
	}
	_, share := l.share(&v)
	v.setShare(l.process, share)
	for i, name := range l.series {
		totals[i] = v.total(name)
	}
	return nil
}
