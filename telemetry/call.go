package telemetry

// This file calls functions of the application, while nothing is held.

import (
	"context"
	"errors"
	"fmt"
)

// call runs a function of the application's in a goroutine of its own, and waits
// for it as long as ctx allows. A panic is an error. A function that does not
// return keeps its goroutine and its token; without a token none is run.
func call[T any](ctx context.Context, tokens chan struct{}, function func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	select {
	case tokens <- struct{}{}:
	case <-ctx.Done():
		return none, fmt.Errorf("the last call has not returned yet: %w", context.Cause(ctx))
	}
	answered := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("the function ended its goroutine")}
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("panic: %v", p)
			}
			answered <- a
			<-tokens
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

// orBackground returns context.Background() for a nil ctx.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
