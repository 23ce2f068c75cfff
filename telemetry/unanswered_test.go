package telemetry

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// A silentSource answers yes, until hang is set. Then it does not answer before
// free is closed.
type silentSource struct {
	hang atomic.Bool
	free chan struct{}
}

func (s *silentSource) Consent(context.Context) (consent.Record, error) {
	if s.hang.Load() {
		<-s.free
	}
	return record(consent.Granted, 1), nil
}

// TestFlushWhileASourceHangs: the last look before a report has a bound, also
// where the caller gives none, and the client is off then.
func TestFlushWhileASourceHangs(t *testing.T) {
	r := receive(t)
	dir := t.TempDir() + "/telemetry"
	synctest.Test(t, func(t *testing.T) {
		source := &silentSource{free: make(chan struct{})}
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: source})
		if err != nil {
			t.Fatal(err)
		}
		source.hang.Store(true)
		time.AfterFunc(time.Hour, func() { close(source.free) })
		began := time.Now()
		err = c.Flush(context.Background())
		if waited := time.Since(began); err == nil || !strings.Contains(err.Error(), "does not answer") || waited != refreshTimeout { // of the bubble's own clock
			t.Errorf("got %v after %v, want an error after %v", err, waited, refreshTimeout)
		}
		time.Sleep(2 * refreshTimeout)
		if c.Status().On || r.count() != 0 {
			t.Errorf("got %+v and %d reports, want off and none", c.Status(), r.count())
		}
		time.Sleep(2 * time.Hour)
		_ = c.Shutdown(t.Context())
	})
}

// TestEraseWhileCallsHang: while the environment cannot be read, because
// too many calls have not returned, a veto may be there.
func TestEraseWhileCallsHang(t *testing.T) {
	s := start(t, "http://127.0.0.1:9", nil)
	if err := s.erasures.allowed(t.Context(), uuid.New()); err != nil {
		t.Errorf("got %v, want that a request may be sent", err)
	}
	for range maxCalls {
		s.Client.decisions.permission.calls <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.erasures.allowed(ctx, uuid.New()); err == nil {
		t.Error("got that a request may be sent, want an error")
	}
}

// A mindfulState does nothing once its ctx has ended, as a database does.
type mindfulState struct{ memoryState }

func (s *mindfulState) Load(ctx context.Context) ([]byte, int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	return s.memoryState.Load(ctx)
}

func (s *mindfulState) Swap(ctx context.Context, version int64, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.memoryState.Swap(ctx, version, value)
}

// TestNoWithAStateWhileASourceHangs: a no is handed to Save, and the identifier
// is destroyed, also while calls of Consent do not return.
func TestNoWithAStateWhileASourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, state := &silentSource{free: make(chan struct{})}, &mindfulState{}
		var saved consent.Record
		save := func(_ context.Context, r consent.Record) error { saved = r; return errors.New("away") }
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", State: state, Consent: saving{source, save}})
		if err != nil || !c.Status().On {
			t.Fatalf("got %v and %+v, want on", err, c.Status())
		}
		source.hang.Store(true)
		for range maxCalls {
			c.decisions.permission.calls <- struct{}{} // as if as many had not returned
		}
		err = c.Decide(t.Context(), consent.Record{Decision: consent.Denied})
		if err == nil || !strings.Contains(err.Error(), "away") || saved.Decision != consent.Denied {
			t.Errorf("got %v, and Save was given %+v, want its error and the no", err, saved)
		}
		if value, _, _ := state.Load(t.Context()); value != nil || c.Status().On {
			t.Errorf("after the no: the state is %q and the status %+v", value, c.Status())
		}
		close(source.free)
		_ = c.Shutdown(t.Context())
	})
}
