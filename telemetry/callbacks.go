package telemetry

// Callbacks touch the application's functions and the log, and nothing else.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"headcount.example/catalog"
)

// callbackTimeout is how long one answer may take.
const callbackTimeout = 10 * time.Second

// callbacks are the functions that the application answers range gauges with.
type callbacks struct {
	metrics []catalog.Definition
	log     *logger

	mu sync.Mutex
	of map[catalog.RangeGauge]*callback
}

type callback struct {
	function func(context.Context) ([]int64, error)
	busy     chan struct{} // holds a token while the function runs, however long
}

// Observe registers a callback for a range gauge. It returns the size of each
// thing, in any order: the number of faces of each collection. Only how many
// fall in each range is sent; an empty answer is sent as the first range with
// the value 0. A later callback for the same gauge replaces the earlier one; nil
// removes it.
//
// The callback is called when a report is due, once for all attempts of a
// day, and when a report or preview is asked for; not on the path of any other
// request, and not by two calls at once. It must not call Flush or Preview,
// which would wait for it. Its context ends after ten seconds. If it returns an
// error or a negative size, panics, or takes longer, this metric is left out of
// that report and nothing else is. A callback for a gauge that is not in the
// catalog is never called, and the Logger is told.
func (c *Client) Observe(sizes catalog.RangeGauge, function func(context.Context) ([]int64, error)) {
	if c != nil && c.callbacks != nil {
		c.callbacks.set(sizes, function)
	}
}

func (c *callbacks) set(sizes catalog.RangeGauge, function func(context.Context) ([]int64, error)) {
	if !slices.ContainsFunc(c.metrics, func(d catalog.Definition) bool { return d.Kind == catalog.KindRangeGauge && d.RangeGauge == sizes }) {
		c.log.warn("telemetry: a callback is never called: its range gauge is not in the catalog", "gauge", sizes.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if function == nil {
		delete(c.of, sizes)
		return
	}
	busy := make(chan struct{}, 1)
	if before := c.of[sizes]; before != nil {
		busy = before.busy // the earlier function may still be running
	}
	c.of[sizes] = &callback{function, busy}
}

func (c *callbacks) get(sizes catalog.RangeGauge) *callback {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.of[sizes]
}

// counts returns how many things fall in each range of a gauge; nil when that is
// not known.
func (c *callbacks) counts(ctx context.Context, d catalog.Definition) []int64 {
	called := c.get(d.RangeGauge)
	if called == nil {
		return nil
	}
	sizes, err := called.call(ctx)
	counts := make([]int64, len(d.Series))
	for _, size := range sizes {
		i, e := d.Ranges.Index(size)
		if e != nil {
			err = errors.Join(err, e)
			break
		}
		counts[i]++
	}
	if err != nil {
		c.log.warn("telemetry: left out of this report", "metric", d.Name, "error", err)
		return nil
	}
	return counts
}

// call calls the function and waits for it as long as ctx and callbackTimeout
// allow. One that does not return keeps its goroutine, and is not called again
// before it does.
func (c *callback) call(ctx context.Context) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, callbackTimeout)
	defer cancel()
	select {
	case c.busy <- struct{}{}: // a preview that is just being made does not cost the report its sizes
	case <-ctx.Done():
		return nil, fmt.Errorf("the last call has not returned yet: %w", ctx.Err())
	}
	type answer struct {
		sizes []int64
		err   error
	}
	answered := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("the function ended its goroutine")}
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: fmt.Errorf("panic: %v", p)}
			}
			answered <- a
			<-c.busy
		}()
		a.sizes, a.err = c.function(ctx)
	}()
	select {
	case a := <-answered:
		return a.sizes, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer: %w", ctx.Err())
	}
}
