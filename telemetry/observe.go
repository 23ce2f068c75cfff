package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"headcount.example/catalog"
)

// patience is how long one answer may take.
const patience = 10 * time.Second

// An observer is a function that an application answers sizes with.
type observer struct {
	ask  func(context.Context) ([]int64, error)
	busy chan struct{} // holds a token while the function runs, however long
}

// answered is what a function said on a day.
type answered struct {
	day    time.Time
	counts []int64
}

// asking is whether the application's functions are called for a report.
type asking int

const (
	askNobody    asking = iota
	askForReport        // and keep the answer: a report that is sent again says what it said first
	askForView          // a report that has to be sent again shows what it will say
)

// Observe has sizes answered by a function that returns the size of each
// thing, in any order: the number of faces of each collection. Only how many
// fall in each range is sent; an empty answer is sent as the first range with
// the value 0. A later function for the same sizes takes the
// place of the earlier one; nil takes it away.
//
// The function is called when a report is due, once for all attempts of a
// day, and when a report or preview is asked for; not on the path of any other
// request, and not by two calls at once. It must not call Flush or Preview,
// which would wait for it. Its context ends after ten seconds. If it returns an
// error or a negative size, panics, or takes longer, this metric is left out of
// that report and nothing else is. Sizes that are not in the catalog are never
// asked for, and the Logger hears of them.
func (c *Client) Observe(sizes catalog.Sizes, function func(context.Context) ([]int64, error)) {
	if c == nil || c.observers == nil {
		return
	}
	if !slices.ContainsFunc(c.metrics, func(d catalog.Definition) bool { return d.Kind == catalog.KindSizes && d.Sizes == sizes }) {
		c.log(slog.LevelWarn, "telemetry: observed by nobody: the sizes are not in the catalog", "sizes", sizes.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if function == nil {
		delete(c.observers, sizes)
		return
	}
	busy := make(chan struct{}, 1)
	if before := c.observers[sizes]; before != nil {
		busy = before.busy // the one before may still be running
	}
	c.observers[sizes] = &observer{ask: function, busy: busy}
}

// observe returns how many things fall in each range; nil when that is not
// known. The answer for a report is kept with the recorder until that report
// needs no repetition, for the rest of the day, and no longer than the yes.
func (c *Client) observe(ctx context.Context, r *recorder, d catalog.Definition, today time.Time, ask asking) []int64 {
	c.mu.Lock()
	o := c.observers[d.Sizes]
	if r != nil && ask != askNobody && r.answers[d.Sizes].day.Equal(today) && o != nil {
		defer c.mu.Unlock()
		return slices.Clone(r.answers[d.Sizes].counts)
	}
	c.mu.Unlock()
	if o == nil || ask == askNobody {
		return nil
	}
	sizes, err := o.answer(ctx)
	if err != nil {
		c.log(slog.LevelWarn, "telemetry: left out of this report", "metric", d.Name, "error", err)
		return nil
	}
	counts := make([]int64, len(d.Series))
	for _, size := range sizes {
		i, err := d.Ranges.Index(size)
		if err != nil {
			c.log(slog.LevelWarn, "telemetry: left out of this report", "metric", d.Name, "error", err)
			return nil
		}
		counts[i]++
	}
	if r != nil && ask == askForReport {
		c.mu.Lock()
		r.answers[d.Sizes] = answered{today, slices.Clone(counts)}
		c.mu.Unlock()
	}
	return counts
}

// forget has the next report ask anew.
func (c *Client) forget(r *recorder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(r.answers)
}

// answer calls the function and waits for it as long as ctx and patience
// allow. One that does not come back keeps its goroutine, and is not called
// again before it does.
func (o *observer) answer(ctx context.Context) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case o.busy <- struct{}{}: // a preview that is just being made does not cost the report its sizes
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
			<-o.busy
		}()
		a.sizes, a.err = o.ask(ctx)
	}()
	select {
	case a := <-answered:
		return a.sizes, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("no answer: %w", ctx.Err())
	}
}
