package telemetry

// Counting touches the ledger, the application's callbacks and the log. It knows
// nothing of consent and of reports that are sent. Nothing is held while a callback
// is called.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog"
	"headcount.example/internal/bounded"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// A recorder is what exists while consent holds: the open ledger, and where Add
// finds each total. Without consent a recorder counts in memory, for Producer alone.
type recorder struct {
	ledger    *ledger.Ledger
	callbacks *callbacks
	began     time.Time // when counting without consent began; zero with consent

	ctx     context.Context // ends with the consent it was made under
	cancel  context.CancelFunc
	wake    chan struct{} // asks the reporter to look at the ledger soon
	done    chan struct{} // closed when the reporter's loop has ended
	sending chan struct{} // holds a token while a report is on its way

	stored, planned ledger.Schedule // of the reporter's loop alone: what it saw, and what it makes of that
}

// newRecorder counts in a ledger that was opened with the names of the counters.
func newRecorder(l *ledger.Ledger, callbacks *callbacks) *recorder {
	r := &recorder{
		ledger: l, callbacks: callbacks,
		wake: make(chan struct{}, 1), done: make(chan struct{}), sending: make(chan struct{}, 1),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// newLocal counts in memory, without consent and without a loop.
func newLocal(callbacks *callbacks, now time.Time) *recorder {
	r := newRecorder(ledger.Memory(callbacks.series()), callbacks)
	r.began = now
	close(r.done)
	return r
}

// agreed says whether the recorder counts under consent. A nil one does not.
func (r *recorder) agreed() bool { return r != nil && r.began.IsZero() }

// under says whether the recorder counts under an identifier.
func (r *recorder) under(guid uuid.UUID) bool { return r.agreed() && r.ledger.Identity().GUID == guid }

// slot returns the total of a counter; nil when the catalog does not have it.
// The counter says where it is, unless it is in several catalogs.
func (r *recorder) slot(counter catalog.Counter) ledger.Slot {
	all := r.callbacks.counters
	if i := counter.Index(); uint(i) < uint(len(all)) && all[i] == counter {
		return r.ledger.Slot(i)
	}
	if i, ok := r.callbacks.declared[counter]; ok {
		return r.ledger.Slot(i)
	}
	return nil
}

// wakeLoop asks the reporter to look at the ledger soon.
func (r *recorder) wakeLoop() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// placeholder stands where an identifier would be if there were one.
var placeholder = uuid.MustParse("00000000-0000-4000-8000-000000000000")

// collect puts a report together from the totals and, if observe is set, the
// callbacks.
func (r *recorder) collect(ctx context.Context, now time.Time, observe bool) (gate.Report, error) {
	id := r.ledger.Identity()
	report := gate.Report{GUID: id.GUID, Since: id.Day, Day: now}
	if !r.agreed() {
		report.GUID, report.Since = placeholder, r.began
	}
	totals := make([]uint64, len(r.callbacks.counters))
	if err := r.ledger.Totals(ctx, totals); err != nil {
		return gate.Report{}, err
	}
	for _, d := range r.callbacks.metrics {
		values := make([]int64, len(d.Series))
		if d.Kind == catalog.KindRangeGauge {
			values = r.callbacks.values(ctx, d, observe)
		} else {
			for i := range values {
				values[i] = int64(totals[i])
			}
			totals = totals[len(values):]
		}
		report.Values = append(report.Values, values)
	}
	return report, nil
}

// callbackTimeout is how long one answer may take.
const callbackTimeout = 10 * time.Second

// callbacks are the functions that the application answers range gauges with.
type callbacks struct {
	metrics  []catalog.Definition
	counters []catalog.Counter       // of each series that is counted
	declared map[catalog.Counter]int // where each is among them
	log      *logger
	of       map[catalog.RangeGauge]*callback // of each in the catalog
}

type callback struct {
	function atomic.Pointer[func(context.Context) ([]int64, error)] // nil: there is none
	busy     chan struct{}                                          // holds a token while a function runs, however long
}

func newCallbacks(metrics []catalog.Definition, log *logger) *callbacks {
	c := &callbacks{metrics: metrics, log: log, declared: map[catalog.Counter]int{}, of: map[catalog.RangeGauge]*callback{}}
	for _, d := range metrics {
		if d.Kind == catalog.KindRangeGauge {
			c.of[d.RangeGauge] = &callback{busy: make(chan struct{}, 1)}
			continue
		}
		for _, s := range d.Series {
			c.declared[s.Counter] = len(c.counters)
			c.counters = append(c.counters, s.Counter)
		}
	}
	return c
}

// series returns the names of the counters.
func (c *callbacks) series() (names []string) {
	for _, counter := range c.counters {
		names = append(names, counter.String())
	}
	return names
}

// values returns how many things are in each range of a gauge, without the empty
// ranges; none when that is not known, or not to be asked. Where there is nothing
// at all the first range has the value 0: without a point a receiver could not
// tell "none" from "unknown", and would keep the old ranges.
func (c *callbacks) values(ctx context.Context, d catalog.Definition, observe bool) []int64 {
	values, of := slices.Repeat([]int64{gate.Absent}, len(d.Series)), c.of[d.RangeGauge]
	function := of.function.Load()
	if function == nil || !observe {
		return values
	}
	ctx, cancel := context.WithTimeoutCause(ctx, callbackTimeout, fmt.Errorf("it may take %v", callbackTimeout))
	defer cancel()
	// A preview that calls the function now is waited for: the report has its sizes.
	sizes, err := bounded.Run(ctx, of.busy, func() ([]int64, error) { return (*function)(ctx) })
	counts := make([]int64, len(values))
	for _, size := range sizes {
		i, e := d.Ranges.Index(size)
		if err = errors.Join(err, e); e != nil {
			break
		}
		counts[i]++
	}
	if err != nil {
		c.log.warn("telemetry: left out of this report", "metric", d.Name, "error", err)
		return values
	}
	for i, n := range counts {
		if n > 0 || i == 0 && len(sizes) == 0 {
			values[i] = n
		}
	}
	return values
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
