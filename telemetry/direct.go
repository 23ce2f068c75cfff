package telemetry

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"headcount.example/catalog"
	"headcount.example/internal/ledger"
)

// Counting without a guard. An Add to a mapped file must be ready for the
// fault that a truncated file is, and to be ready is most of its price. While
// the kernel keeps everybody else from the file (a ledger.Hold) nothing can
// happen. A process that counts a lot takes the hold, looks all the time
// whether somebody waits for the file, and gives it back then, or when it
// counts little. What is counted, and where, is the same either way.

const (
	most  = 512                    // twice as many as a catalog may have series
	blink = 200 * time.Millisecond // so long somebody may have to wait for the file
	busy  = 5                      // counted in a blink; less is little
	calm  = 50                     // so many blinks with little
)

// A table is where Add finds the total of a counter. At least half of it is
// empty, so that each search ends.
type table [most]place

type place struct {
	counter catalog.Counter
	slot    ledger.Slot // nil: empty
}

// next is from a place to the one that is tried next: longer than the series
// of one metric, which lie side by side, and meets every place.
const next = 67 * unsafe.Sizeof(place{})

// at returns a place, found by any number. The number is taken for an offset,
// not for an index, because counters lie as far apart in memory as places:
// that is two instructions less.
func (t *table) at(number uintptr) *place {
	return (*place)(unsafe.Add(unsafe.Pointer(t), number&((most-1)*unsafe.Sizeof(place{}))))
}

func (t *table) put(counter catalog.Counter, slot ledger.Slot) {
	at := counter.Hash()
	for t.at(at).slot != nil {
		at += next
	}
	*t.at(at) = place{counter, slot}
}

// slot returns the total of a counter; nil when the catalog does not have it.
func (t *table) slot(counter catalog.Counter) ledger.Slot {
	for at := counter.Hash(); ; at += next {
		p := t.at(at)
		if p.slot == nil || p.counter == counter {
			return p.slot
		}
	}
}

// Add adds n to a counter of the catalog, or to one of its series:
//
//	stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
//
// It does nothing when consent does not hold, when n is not positive, or when
// the counter is not in the catalog; nor where a total would pass 10^12. It takes no
// context, so that no trace can get in. It does not block and allocates
// nothing.
func (c *Client) Add(counter catalog.Counter, n int64) {
	if c != nil && c.live.Load() != nil { // small enough for the compiler to put in the caller
		c.add(counter, n)
	}
}

// add counts without a guard if it can. Neither of these two lines may go: the
// compiler puts no point at which a goroutine can be stopped into a nosplit
// function, which holds only while it is a function of its own. [everyoneOut]
// rests on it.
//
//go:nosplit
//go:noinline
func (c *Client) add(counter catalog.Counter, n int64) {
	if t := c.direct.Load(); t != nil && uint64(n) <= ledger.Small {
		for at := counter.Hash(); ; at += next { // as table.slot does, but a call would be dearer
			p := t.at(at)
			if p.slot == nil {
				break
			}
			if p.counter == counter {
				if ledger.Direct(p.slot, n) {
					return
				}
				c.direct.Store(nil)
				return
			}
		}
	}
	if r := c.live.Load(); r != nil {
		r.count(counter, n)
	}
}

func (r *recorder) count(counter catalog.Counter, n int64) {
	if n <= 0 {
		return
	}
	slot := r.table.slot(counter)
	if slot == nil {
		r.undeclared(counter)
		return
	}
	if !r.ledger.Add(slot, uint64(n)) {
		r.look() // taken back, full or damaged: the loop finds out which
	}
}

// everyoneOut returns when every add that saw a table in Client.direct has
// come to its end. Stopping the world, which reading these figures does, waits
// for goroutines to come to a point where they can be stopped.
func everyoneOut() {
	var ignored runtime.MemStats
	runtime.ReadMemStats(&ignored)
}

// An upperHand is a recorder's hold, while there is one.
type upperHand struct {
	wanted atomic.Bool   // asked for, and not refused lately
	asked  chan struct{} // to the loop

	mu     sync.Mutex
	hold   *ledger.Hold // nil: none
	timer  *time.Timer
	totals []uint64
	quiet  int // blinks with little in a row
}

// often has the loop take the hold.
func (u *upperHand) often() {
	if u.wanted.CompareAndSwap(false, true) {
		select {
		case u.asked <- struct{}{}:
		default:
		}
	}
}

// take begins to count directly, if the kernel lets it.
func (c *Client) take(r *recorder) {
	u := &r.upper
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.hold != nil || r.ctx.Err() != nil {
		return
	}
	if u.hold = r.ledger.Hold(); u.hold == nil {
		return
	}
	u.totals, u.quiet = nil, 0
	u.timer = time.AfterFunc(blink, func() { c.blink(r) })
	c.direct.Store(&r.table)
}

// blink looks whether the hold is still to be held. It has no part in the
// loop, which may be waiting for a receiver or for the application.
func (c *Client) blink(r *recorder) {
	u := &r.upper
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.hold == nil {
		return
	}
	if r.ctx.Err() != nil || u.hold.Wanted() || c.direct.Load() != &r.table {
		c.giveBack(r)
		return
	}
	totals := make([]uint64, r.counters)
	if r.ledger.Totals(context.Background(), totals) != nil {
		c.giveBack(r)
		r.look() // damaged or gone
		return
	}
	if u.quiet++; sum(totals)-sum(u.totals) >= busy {
		u.quiet = 0
	}
	if u.totals = totals; u.quiet == calm {
		c.giveBack(r)
		u.wanted.Store(false)
		return
	}
	u.timer.Reset(blink)
}

// release ends direct counting in r for good, before it returns.
func (c *Client) release(r *recorder) {
	r.upper.mu.Lock()
	defer r.upper.mu.Unlock()
	if r.upper.hold != nil {
		c.giveBack(r)
	}
	r.ledger.Close()
}

// giveBack is called with the mutex and a hold.
func (c *Client) giveBack(r *recorder) {
	c.direct.CompareAndSwap(&r.table, nil)
	everyoneOut()
	r.upper.timer.Stop()
	r.upper.hold.Release()
	r.upper.hold = nil
}

func sum(totals []uint64) (all uint64) {
	for n := range slices.Values(totals) {
		all += n
	}
	return all
}
