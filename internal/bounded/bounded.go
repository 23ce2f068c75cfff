// Package bounded calls functions of the application, which may ignore their context,
// hang or panic.
package bounded

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errTimeout = errors.New("it takes too long")

// Call is [Run] for a function whose context ends after timeout. Call waits for timeout
// plus a fifth, so that a function that obeys its context can answer. Call itself
// does not return earlier if ctx ends.
func Call[T any](ctx context.Context, timeout time.Duration, tokens chan struct{}, function func(context.Context) (T, error)) (T, error) {
	late, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), timeout+timeout/5, errTimeout)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, timeout)
	defer cancel()
	return Run(late, tokens, func() (T, error) { return function(ctx) })
}

// Run runs a function in a goroutine of its own, and waits for it until ctx ends. It
// returns a panic as an error. A function that does not return keeps its goroutine and
// its token. If ctx ends before a token is free, the function is not run. Nil tokens
// set no bound.
func Run[T any](ctx context.Context, tokens chan struct{}, function func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	if tokens == nil {
		tokens = make(chan struct{}, 1)
	}
	if err := Take(ctx, tokens); err != nil {
		return none, fmt.Errorf("not called: %w", err)
	}
	answered := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("the function ended its goroutine")}
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("panic: %v", p)
			}
			<-tokens // first: a caller with the answer may look for it
			answered <- a
		}()
		a.value, a.err = function()
	}()
	select {
	case a := <-answered:
		return a.value, a.err
	case <-ctx.Done():
		return none, fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
}

// Take waits for room for a token until ctx ends. If ctx has ended, Take returns an
// error even if there is room. The token is given back by receiving it.
func Take(ctx context.Context, tokens chan struct{}) error {
	if ctx.Err() != nil { // select would choose at random
		return context.Cause(ctx)
	}
	select {
	case tokens <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("an earlier call has not returned yet: %w", context.Cause(ctx))
	}
}
