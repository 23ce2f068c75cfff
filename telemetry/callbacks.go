package telemetry

// Callbacks touch the application's functions and the log. Nothing is held while
// one is called.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"headcount.example/catalog"
	"headcount.example/internal/bounded"
	"headcount.example/internal/gate"
)

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
