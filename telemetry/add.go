package telemetry

import (
	"headcount.example/catalog"
	"headcount.example/internal/ledger"
)

// Add adds n to a counter of the catalog, or to one of its series:
//
//	stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
//
// It does nothing when consent does not hold, when n is not positive, or when
// the counter is not in the catalog; nor where a total would pass 10^12. It takes no
// context, so that no trace can get in. It does not block and allocates
// nothing.
func (c *Client) Add(counter catalog.Counter, n int64) {
	if c == nil {
		return
	}
	if r := c.live.Load(); r != nil {
		r.count(counter, n)
	}
}

// A total is where a recorder counts one series.
type total struct {
	counter catalog.Counter
	slot    ledger.Slot
}

func (r *recorder) count(counter catalog.Counter, n int64) {
	if n <= 0 {
		return
	}
	slot := r.slot(counter)
	if slot == nil {
		r.undeclared(counter)
		return
	}
	if !r.ledger.Add(slot, uint64(n)) {
		r.look() // taken back, full or damaged: the loop finds out which
	}
}

// slot returns the total of a counter; nil when the catalog does not have it.
// The counter says where it is, unless it is in several catalogs.
func (r *recorder) slot(counter catalog.Counter) ledger.Slot {
	if i := counter.Index(); uint(i) < uint(len(r.totals)) && r.totals[i].counter == counter {
		return r.totals[i].slot
	}
	return r.byCounter[counter]
}
