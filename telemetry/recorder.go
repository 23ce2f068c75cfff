package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"headcount.example/catalog"
	"headcount.example/internal/ledger"
)

// A recorder is the client while consent holds: the open ledger, and where Add
// finds each total.
type recorder struct {
	ledger    *ledger.Ledger
	totals    []total // in the order of the catalog's series
	byCounter map[catalog.Counter]ledger.Slot
	series    [][]int // of each metric: the number of each series in totals

	ctx     context.Context // ends with the consent it was made under
	cancel  context.CancelFunc
	wake    chan struct{}
	said    bool                            // what Open put aside; of the loop alone
	back    time.Time                       // another clock was met; of the loop alone
	settled atomic.Int64                    // the slot of the newest report of this process
	answers map[catalog.Sizes]answered      // of this day, for a report that has to be sent again; guarded by Client.mu
	since   time.Time                       // day on which it began; of a local one
	local   bool                            // counts in memory for the operator's own reader; nothing else is done with it
	strange atomic.Pointer[catalog.Counter] // not in the catalog, and not said yet
	doubt   atomic.Bool                     // the last look found no yes
	denied  atomic.Bool                     // it ends with a no: nothing is written any more
	done    chan struct{}                   // closed when the loop has ended
	sending chan struct{}                   // holds one token while a report is on its way
}

func newRecorder(ctx context.Context, config Config, metrics []catalog.Definition, now time.Time, local bool, still func() error) (*recorder, error) {
	r := &recorder{
		wake: make(chan struct{}, 1), done: make(chan struct{}), sending: make(chan struct{}, 1),
		series: make([][]int, len(metrics)), local: local, since: now.UTC().Truncate(24 * time.Hour), answers: map[catalog.Sizes]answered{},
		byCounter: map[catalog.Counter]ledger.Slot{},
	}
	var names []string
	var counters []catalog.Counter
	for m, d := range metrics {
		if d.Kind != catalog.KindCounter {
			continue // sizes are observed, never kept
		}
		for _, s := range d.Series {
			r.series[m] = append(r.series[m], len(names))
			names = append(names, s.Counter.String())
			counters = append(counters, s.Counter)
		}
	}
	var err error
	switch {
	case local:
		r.ledger, err = ledger.Memory(names)
	case config.State != nil:
		r.ledger, err = ledger.OpenIn(ctx, config.State, names, now)
	default:
		r.ledger, err = ledger.OpenIf(ctx, config.Dir, names, now, still)
	}
	if err != nil {
		return nil, err
	}
	for i, counter := range counters {
		r.totals = append(r.totals, total{counter, r.ledger.Slot(i)})
		r.byCounter[counter] = r.ledger.Slot(i)
	}
	var cancel context.CancelFunc
	r.ctx, cancel = context.WithCancel(context.Background())
	r.cancel = func() {
		r.ledger.Stop()
		cancel()
	}
	return r, nil
}

// undeclared has the loop say that a counter is not in the catalog: Add itself
// never waits for a logger. One at a time is enough to find the mistake.
func (r *recorder) undeclared(counter catalog.Counter) {
	if r.strange.Load() == nil {
		kept := counter // so that only this line allocates, and not every call
		r.strange.Store(&kept)
		r.look()
	}
}

// look asks the loop to look at the ledger soon.
func (r *recorder) look() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}
