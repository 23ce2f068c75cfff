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
