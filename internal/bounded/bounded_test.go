package bounded

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func TestCall(t *testing.T) {
	for name, c := range map[string]struct {
		call func(context.Context) (int, error)
		want string
	}{
		"answers":            {func(context.Context) (int, error) { return 1, nil }, ""},
		"fails":              {func(context.Context) (int, error) { return 0, errors.New("away") }, "away"},
		"panics":             {func(context.Context) (int, error) { panic("no") }, "panic: no"},
		"ends its goroutine": {func(context.Context) (int, error) { runtime.Goexit(); return 1, nil }, "the function ended its goroutine"},
		"looks at ctx":       {func(ctx context.Context) (int, error) { <-ctx.Done(); return 1, ctx.Err() }, "context deadline exceeded"},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, err := Call(t.Context(), time.Second, nil, c.call)
			if said := errorText(err); said != c.want || (err == nil) != (got == 1) && name != "looks at ctx" {
				t.Errorf("%s: got %d and %q, want %q", name, got, said, c.want)
			}
		})
	}
}

// A call that hangs keeps its token, and another one is not made without.
func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, back := make(chan struct{}, 1), make(chan bool)
		hang := func(context.Context) (int, error) { <-back; return 1, nil }
		for range 2 {
			if _, err := Call(t.Context(), time.Second, tokens, hang); !errors.Is(err, errTimeout) {
				t.Errorf("got %v, want %v", err, errTimeout)
			}
		}
		close(back)
		synctest.Wait()
		if got, err := Call(t.Context(), time.Second, tokens, hang); got != 1 || err != nil {
			t.Errorf("after it returned: got %d, %v", got, err)
		}
	})
}

// Where ctx ends, Run returns at once, and Call waits for the function all the same.
func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, end := context.WithCancel(t.Context())
		end()
		slow := func() (int, error) { time.Sleep(time.Second); return 1, nil }
		if got, err := Run(ended, make(chan struct{}, 1), slow); got != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("Run: got %d, %v, want %v", got, err, context.Canceled)
		}
		if got, err := Call(ended, 5*time.Second, nil, func(context.Context) (int, error) { return slow() }); got != 1 || err != nil {
			t.Errorf("Call: got %d, %v, want 1", got, err)
		}
	})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
