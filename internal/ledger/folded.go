package ledger

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// folded keeps the totals in a State: a process counts in its own memory, and
// what is new is added to the State from time to time.
type folded struct {
	state   State
	id      Identity
	series  []string
	process string // random: tells the folds of processes apart
	slots   []Slot

	mu     sync.Mutex // one exchange with the State at a time; guards the next
	number int64      // of the newest fold that was tried
	added  []uint64   // how much of each slot is in the State already
	tries  []try      // folds whose outcome is not known

	seen  sync.Mutex // guards the rest
	known Schedule   // as it was read last
	ended error      // why this is no longer the installation's
}

// A try is a fold whose answer was lost.
type try struct {
	number, base int64 // base is the version it was to replace
	added        []uint64
}

// OpenState opens the ledger that is kept in a State, as [Open] does in a
// directory. Allowed is asked before a ledger is made anew and once more after,
// because there is no lock to ask under.
func OpenState(ctx context.Context, state State, owner Owner, series []string, now time.Time, allowed func() error) (*Ledger, error) {
	if _, err := keysOf(series); err != nil {
		return nil, err
	}
	f := &folded{state: state, series: series, process: rand.Text(), added: make([]uint64, len(series))}
	l := &Ledger{kept: f, closed: new(atomic.Uint64)}
	for {
		made, err := f.open(ctx, l, owner, now, allowed)
		if errors.Is(err, ErrConflict) && ctx.Err() == nil {
			continue
		}
		if err == nil && made {
			if err = allowed(); err != nil {
				err = errors.Join(err, DestroyState(ctx, state, owner.Product, func() error { return nil }))
			}
		}
		if err != nil {
			return nil, err
		}
		l.id = f.id
		l.slots = privateSlots(len(series))
		f.slots = l.slots
		return l, nil
	}
}

// privateSlots are in this process's memory, one in a cache line.
func privateSlots(n int) []Slot {
	p := newPage(n)
	slots := make([]Slot, n)
	for i := range slots {
		slots[i] = p.slot(i)
	}
	return slots
}

func (f *folded) open(ctx context.Context, l *Ledger, owner Owner, now time.Time, allowed func() error) (made bool, err error) {
	data, version, err := f.state.Load(ctx)
	if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrClosed) {
		return false, err
	}
	var v value
	if err == nil && data != nil {
		v, err = readValue(data)
	}
	switch {
	case errors.Is(err, ErrDamaged):
		l.aside = err.Error()
	case err != nil:
	case data != nil && v.Product != owner.Product:
		return false, fmt.Errorf("ledger: it belongs to %.100q: give %s one of its own", v.Product, owner.Product)
	case owner.Yes != 0 && v.Yes != owner.Yes:
		v = value{} // of an earlier yes
	}
	if made = v.Totals == nil; made {
		if err := allowed(); err != nil {
			return false, err
		}
		id, due, err := newIdentity(now)
		if err != nil {
			return false, err
		}
		v = value{Due: due, Product: owner.Product, GUID: id.GUID, Day: id.Day.Unix() / day, Phase: int64(id.Phase / time.Second),
			Yes: owner.Yes, Totals: map[string]uint64{}}
	}
	f.id, f.known = v.identity(), v.schedule()
	if !v.place(f.series) && !made {
		return false, nil
	}
	return made, f.swap(ctx, version, &v)
}

func (f *folded) swap(ctx context.Context, version int64, v *value) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return f.state.Swap(ctx, version, data)
}

// load reads the value, and makes sure that it is still this installation's.
func (f *folded) load(ctx context.Context) (v value, version int64, err error) {
	f.seen.Lock()
	err = f.ended // what was found once stays true
	f.seen.Unlock()
	if err != nil {
		return v, 0, err
	}
	data, version, err := f.state.Load(ctx)
	if err == nil && data == nil {
		err = ErrClosed
	}
	if err == nil {
		v, err = readValue(data)
	}
	if err == nil && v.identity() != f.id {
		err = ErrGone
	}
	for _, name := range f.series {
		if _, ok := v.Totals[name]; err == nil && !ok {
			err = fmt.Errorf("%w: series %q is missing", ErrDamaged, name)
		}
	}
	f.seen.Lock()
	defer f.seen.Unlock()
	if Final(err) {
		f.ended = err
	} else if err == nil {
		f.known = v.schedule()
	}
	return v, version, err
}

// resolve finds out which of the folds without an answer are in the value. One
// that was to replace an earlier version is, or never will be.
func (f *folded) resolve(v *value, version int64) {
	in := v.folded(f.process)
	var open []try
	for _, t := range f.tries {
		switch {
		case t.base == version:
			open = append(open, t)
		case t.number == in, in == 0 && len(v.Folds) >= maxFolds:
			// Where many processes fold, this one's number may be gone: a count is
			// rather lost than taken twice.
			for i := range t.added {
				f.added[i] += t.added[i]
			}
		}
	}
	f.tries = open
}

// unfolded is what this process counted in each series and is not kept yet.
func (f *folded) unfolded() (added []uint64, some bool) {
	added = make([]uint64, len(f.slots))
	for i, slot := range f.slots {
		n, _ := total(slot) // our own memory, so never damaged
		added[i] = n - f.added[i]
		some = some || added[i] > 0
	}
	return added, some
}

// update adds what was counted and makes one more change, exactly once. A nil
// change, and nothing counted, is one Load.
func (f *folded) update(ctx context.Context, change func(*value) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for {
		v, version, err := f.load(ctx)
		if err != nil {
			return err
		}
		f.resolve(&v, version)
		added, some := f.unfolded()
		unknown := len(f.tries) - 1
		if unknown >= 0 { // the same fold again: only one of them can replace this version
			added, some = f.tries[unknown].added, true
		}
		if change == nil && !some {
			return nil
		}
		if change != nil {
			if err := change(&v); err != nil {
				return err
			}
		}
		t := try{base: version, added: added}
		if some {
			if unknown < 0 {
				f.number++
			}
			t.number = f.number
			for i, name := range f.series {
				v.Totals[name] = min(Max, v.Totals[name]+added[i])
			}
			v.setFolded(f.process, t.number)
		}
		err = f.swap(ctx, version, &v)
		switch {
		case err == nil:
			for i := range added {
				f.added[i] += added[i]
			}
			f.tries = nil
			f.seen.Lock()
			f.known = v.schedule()
			f.seen.Unlock()
			if unknown < 0 {
				return nil
			}
			change = nil // made; what was counted since is left
			continue
		case !errors.Is(err, ErrConflict):
			if some && unknown < 0 && errors.Is(err, ErrUnknown) {
				f.tries = append(f.tries, t)
			}
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(mathrand.N(20 * time.Millisecond)):
		}
	}
}

func (f *folded) check(ctx context.Context) error {
	_, _, err := f.load(ctx)
	return err
}

func (f *folded) sync(ctx context.Context) error { return f.update(ctx, nil) }

func (f *folded) schedule() (Schedule, error) {
	f.seen.Lock()
	defer f.seen.Unlock()
	return f.known, f.ended
}

func (f *folded) totals(ctx context.Context, totals []uint64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, version, err := f.load(ctx)
	if err != nil {
		return err
	}
	f.resolve(&v, version)
	if len(f.tries) > 0 {
		// A guess could show more than was counted, and the largest wins.
		return errors.New("ledger: it is not known whether the newest totals were written")
	}
	added, _ := f.unfolded()
	for i, name := range f.series {
		totals[i] = min(Max, v.Totals[name]+added[i])
	}
	return nil
}

func (f *folded) begin(ctx context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (uint64, error) {
	token := sendingWord(until, mathrand.Uint64())
	err := f.update(ctx, func(v *value) error {
		if busy(v.Sending, now) {
			return ErrBusy
		}
		next, err := attempt(v.schedule())
		if err != nil {
			return err
		}
		v.Sending = token
		v.setSchedule(next)
		return nil
	})
	return token, err
}

func (f *folded) confirm(ctx context.Context, token uint64) error {
	v, _, err := f.load(ctx)
	if err == nil && v.Sending != token {
		err = ErrLost
	}
	return err
}

func (f *folded) end(ctx context.Context, token uint64, s Schedule) error {
	return f.update(ctx, func(v *value) error {
		if v.Sending != token {
			return ErrLost
		}
		v.Sending = 0
		v.setSchedule(s)
		return nil
	})
}

// PeekState returns the identity and schedule that are kept in a State, and
// changes nothing. An error says that there are none (fs.ErrNotExist), none that
// can be trusted, or that they could not be read.
func PeekState(ctx context.Context, state State, product string) (Identity, Schedule, error) {
	data, _, err := state.Load(ctx)
	if err == nil && data == nil {
		err = errNothing
	}
	if err != nil {
		return Identity{}, Schedule{}, err
	}
	v, err := readValue(data)
	if err == nil && v.Product != product {
		err = fmt.Errorf("ledger: %w %.100q", errForeign, v.Product)
	}
	return v.identity(), v.schedule(), err
}

// DestroyState is [Destroy] for a State.
func DestroyState(ctx context.Context, state State, product string, still func() error) error {
	for {
		data, version, err := state.Load(ctx)
		if err != nil && !errors.Is(err, ErrDamaged) || err == nil && data == nil {
			return err
		}
		v, _ := readValue(data)
		if v.Product != "" && v.Product != product {
			return nil
		}
		if err := still(); err != nil {
			return err
		}
		err = state.Swap(ctx, version, nil)
		if err == nil {
			// No answer of the one that sends can be had: what it had to say it
			// would say in the value.
			wait(ctx, v.Sending, func() bool { return false })
		}
		if !errors.Is(err, ErrConflict) || ctx.Err() != nil {
			return err
		}
	}
}

// wait returns when no process sends any more: when the right to send ends or
// is given back, two seconds at most.
func wait(ctx context.Context, word uint64, given func() bool) {
	if !busy(word, time.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, min(2*time.Second, time.Until(time.UnixMilli(int64(word>>20)))))
	defer cancel()
	for !given() && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}
