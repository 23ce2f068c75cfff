// Package bounded calls functions of the application, which may hang without a look
// at their context, and may panic.
package bounded

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var errTimeout = errors.New("it takes too long")

// Call returns what the function returns, or an error after timeout and a fifth of it:
// one that looks at its context has that moment to answer. A call that does not
// return keeps its goroutine and its token; without a token none is made. Nil tokens
// are no bound.
func Call[T any](ctx context.Context, timeout time.Duration, tokens chan struct{}, call func(context.Context) (T, error)) (value T, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	late := time.After(timeout + timeout/5)
	if tokens == nil {
		tokens = make(chan struct{}, 1)
	}
	select {
	case tokens <- struct{}{}:
	case <-late:
		return value, errTimeout
	}
	done := make(chan func() (T, error), 1)
	go func() {
		var value T
		err := errors.New("the function ended its goroutine")
		defer func() {
			if v := recover(); v != nil {
				err = fmt.Errorf("panic: %v", v)
			}
			done <- func() (T, error) { return value, err }
			<-tokens
		}()
		value, err = call(ctx)
	}()
	select {
	case answer := <-done:
		return answer()
	case <-late:
		return value, errTimeout
	}
}
