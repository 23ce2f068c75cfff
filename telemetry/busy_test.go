package telemetry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// A memoryState is a State of this process that counts how often it is asked.
type memoryState struct {
	mu       sync.Mutex
	value    []byte
	version  int64
	loads    atomic.Int64
	readOnly atomic.Bool
}

func (s *memoryState) Load(context.Context) ([]byte, int64, error) {
	s.loads.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.value, s.version, nil
}

func (s *memoryState) Swap(_ context.Context, version int64, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.readOnly.Load():
		return errors.Join(ledger.ErrUnknown, errors.New("read-only"))
	case version != s.version:
		return ledger.ErrConflict
	}
	s.value, s.version = value, s.version+1
	return nil
}

// While another replica sends, Flush asks the database about once a second, and
// the application's callbacks once.
func TestFlushWaitsWithoutPolling(t *testing.T) {
	r := receive(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		state := &memoryState{}
		config := Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, State: state, Consent: always(consent.Granted, 1)}
		one, err := Init(config)
		two, err2 := Init(config)
		if err = errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		called := 0
		two.Observe(compreface.Collections, func(context.Context) ([]int64, error) { called++; return nil, errors.New("away") })
		l := one.agreed().ledger
		keep := func(s ledger.Schedule) (ledger.Schedule, error) { return s, nil }
		sending, err := l.Begin(t.Context(), time.Now(), time.Now().Add(sendTimeout), keep)
		if err != nil {
			t.Fatal(err)
		}
		const wait = 10 * time.Second
		time.AfterFunc(wait, func() {
			if err := l.End(context.Background(), sending, ledger.Schedule{}); err != nil {
				t.Error(err)
			}
		})
		before, begin := state.loads.Load(), time.Now()
		if err := two.Flush(t.Context()); err != nil || time.Since(begin) < wait || r.count() != 1 {
			t.Errorf("got %v after %v and %d reports, want a report once the other one is sent", err, time.Since(begin), r.count())
		}
		if got, most := state.loads.Load()-before, int64(2*wait/time.Second); got > most {
			t.Errorf("got %d loads of the State while Flush waited for %v, want at most %d", got, wait, most)
		}
		if called != 1 {
			t.Errorf("got %d calls of the callback, want 1", called)
		}
		_, _ = one.Shutdown(t.Context()), two.Shutdown(t.Context())
	})
}

// A report that was due is not sent where another process has just sent one.
func TestNotDueAnyMore(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	late := newRecorder(s.agreed().ledger, s.callbacks) // it has seen an earlier schedule
	if err := s.reporter.report(t.Context(), late, true); err != nil || r.count() != 1 {
		t.Errorf("got %v and %d reports, want 1", err, r.count())
	}
}
