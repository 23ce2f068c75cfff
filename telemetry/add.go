package telemetry

// What an application calls to be counted touches the recorder's totals, the
// callbacks, and the log where the developer made a mistake.

import (
	"context"

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
	if c != nil && (c.loud || c.live.Load() != nil) { // just small enough to be inlined: TestAddIsInlined
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

// Observe registers a callback for a range gauge. It returns the size of each
// thing, in any order: the number of faces of each collection. Only how many
// fall in each range is sent; an empty answer is sent as the first range with
// the value 0. A later callback for the same gauge replaces the earlier one; nil
// removes it.
//
// The callback is called for each attempt to send a report, and when a preview is
// asked for, and not by two calls at once. It must not call Flush or Preview, which
// would wait for it. Its context ends after ten seconds. If it returns an
// error or a negative size, panics, or takes longer, this metric is left out of
// that report and nothing else is. A callback for a gauge that is not in the
// catalog is never called, and the Logger is told.
func (c *Client) Observe(sizes catalog.RangeGauge, function func(context.Context) ([]int64, error)) {
	if c == nil || c.callbacks == nil {
		return
	}
	of := c.callbacks.of[sizes]
	switch {
	case of == nil:
		c.callbacks.log.warn("telemetry: a callback is never called: its range gauge is not in the catalog", "gauge", sizes.String())
	case function == nil:
		of.function.Store(nil)
	default:
		of.function.Store(&function)
	}
}
