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

// The token of a call is back when its caller has the answer.
func TestTokenIsBackFirst(t *testing.T) {
	tokens := make(chan struct{}, 1)
	for i := range 100_000 { // one alone could pass by chance
		_, _ = Run(t.Context(), tokens, func() (int, error) { return 1, nil })
		if len(tokens) != 0 {
			t.Fatalf("call %d: got the answer while its token is taken", i+1)
		}
	}
}

// Where ctx has ended, Run calls nothing and says why, and Call calls the function
// and waits for it all the same.
func TestEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended, end := context.WithCancel(t.Context())
		end()
		tokens, starts := make(chan struct{}, 1), 0
		slow := func() (int, error) { starts++; time.Sleep(time.Second); return 1, nil }
		for range 100 { // one alone could pass by chance
			got, err := Run(ended, tokens, slow)
			if said := errorText(err); got != 0 || said != "not called: context canceled" || !errors.Is(err, context.Canceled) {
				t.Errorf("Run: got %d, %q, want %v", got, said, context.Canceled)
			}
			synctest.Wait()
		}
		if starts != 0 || len(tokens) != 0 {
			t.Errorf("Run: got %d calls and %d tokens, want none", starts, len(tokens))
		}
		if got, err := Call(ended, 5*time.Second, tokens, func(context.Context) (int, error) { return slow() }); got != 1 || err != nil {
			t.Errorf("Call: got %d, %v, want 1", got, err)
		}
	})
}

// Run without tokens has no bound, and with one that is taken it says so.
func TestRunTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		one := func() (int, error) { return 1, nil }
		if got, err := Run(soon, nil, one); got != 1 || err != nil {
			t.Errorf("nil tokens: got %d, %v, want 1", got, err)
		}
		taken := make(chan struct{}, 1)
		taken <- struct{}{}
		const want = "not called: an earlier call has not returned yet: context deadline exceeded"
		if got, err := Run(soon, taken, one); got != 0 || errorText(err) != want {
			t.Errorf("no token: got %d, %q, want %q", got, errorText(err), want)
		}
	})
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
