package ledger

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// A contested State is changed by another process each time before we can, for
// some times.
type contested struct {
	left  int
	value []byte
}

func (s *contested) Load(context.Context) ([]byte, int64, error) { return s.value, 1, nil }

func (s *contested) Swap(_ context.Context, _ int64, value []byte) error {
	if s.left--; s.left >= 0 {
		return ErrConflict
	}
	s.value = value
	return nil
}

// Each way to change a State pauses before it tries again.
func TestConflictsPause(t *testing.T) {
	const conflicts = 100
	synctest.Test(t, func(t *testing.T) {
		s := &contested{left: conflicts}
		yes := func() error { return nil }
		owner := Owner{Product: "Shop", Yes: 1}
		var l *Ledger
		for _, step := range []struct {
			name   string
			change func() error
		}{
			{"open", func() (err error) {
				l, err = Open(t.Context(), Place{State: s}, owner, []string{"a"}, time.Now(), yes)
				return err
			}},
			{"fold", func() error { l.Add(l.Slot(0), 1); return l.Sync(t.Context()) }},
			{"destroy", func() error { return Destroy(t.Context(), Place{State: s}, owner.Product, yes) }},
		} {
			s.left = conflicts
			begin := time.Now()
			if err := step.change(); err != nil {
				t.Errorf("%s: got %v, want no error once there is no conflict", step.name, err)
			}
			if took := time.Since(begin); took < 100*time.Millisecond {
				t.Errorf("%s: got %v for %d conflicts, want a pause after each", step.name, took, conflicts)
			}
		}
	})
}

// A waiting State answers a Swap when it is told to.
type waiting struct {
	flaky
	free chan struct{}
}

func (s *waiting) Swap(ctx context.Context, version int64, value []byte) error {
	if s.free != nil {
		<-s.free
	}
	return s.flaky.Swap(ctx, version, value)
}

// TestFoldWaitsAsLongAsItsContext: a caller waits for an earlier fold of this process no
// longer than its context allows.
func TestFoldWaitsAsLongAsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &waiting{flaky: flaky{random: rand.New(rand.NewPCG(1, 1))}}
		l, err := Open(t.Context(), Place{State: state}, Owner{}, abc, time.Now(), func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		state.free = make(chan struct{})
		l.Add(l.Slot(0), 1)
		go func() { _ = l.Sync(context.Background()) }()
		synctest.Wait()
		for name, call := range map[string]func(context.Context) error{
			"Sync":   l.Sync,
			"Totals": func(ctx context.Context) error { return l.Totals(ctx, make([]uint64, len(abc))) },
		} {
			limited, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := call(limited); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: got %v, want %v", name, err, context.DeadlineExceeded)
			}
			cancel()
		}
		close(state.free)
	})
}
