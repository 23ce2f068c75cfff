package telemetry

// Add touches the recorder's totals, and the log where the developer made a
// mistake.

import (
	"errors"
	"fmt"
	"sync/atomic"

	"headcount.example/catalog"
)

// Add adds n to a counter of the catalog, or to one of its series:
//
//	stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
//
// It does nothing when consent does not hold, when n is not positive, when
// the counter is not in the catalog or lacks a label, or where a total would
// pass 10^12. The Logger is told of the mistakes among these, also while consent
// does not hold. Add takes no context, so that no trace can get in. It does not
// block and allocates nothing.
func (c *Client) Add(counter catalog.Counter, n int64) {
	if c != nil && (c.mistakes != nil || c.live.Load() != nil) { // small enough to be inlined
		c.add(counter, n)
	}
}

func (c *Client) add(counter catalog.Counter, n int64) {
	r := c.live.Load()
	if r == nil || n <= 0 {
		c.mistakes.check(counter, n)
	} else if slot := r.slot(counter); slot == nil {
		c.mistakes.check(counter, n)
	} else if !r.ledger.Add(slot, uint64(n)) {
		r.look() // closed, full or damaged: the reporter finds out which
	}
}

// mistakes tell the Logger of calls of Add that can never count. A nil one says
// nothing.
type mistakes struct {
	*callbacks
	busy atomic.Bool
}

// check logs a mistake in a goroutine of its own, one at a time: Add does not wait
// for a Logger.
func (m *mistakes) check(counter catalog.Counter, n int64) {
	if m == nil {
		return
	}
	if _, declared := m.declared[counter]; n > 0 && declared || !m.busy.CompareAndSwap(false, true) {
		return
	}
	go func(counter catalog.Counter, n int64) { // copies, so that only this line allocates
		defer m.busy.Store(false)
		fault := counter.Err() // of its labels
		switch {
		case n <= 0:
			fault = fmt.Errorf("n is %d, and a total only grows", n)
		case fault == nil:
			fault = errors.New("the counter is not in the catalog")
		}
		m.log.warn("telemetry: Add counts nothing", "counter", counter.String(), "fault", fault)
	}(counter, n)
}
