package telemetry

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	if err := s.Client.decisions.mayErase(t.Context()); err != nil {
		t.Errorf("got %v, want that a request may be sent", err)
	}
	for range maxCalls {
		s.Client.decisions.permission.calls <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Client.decisions.mayErase(ctx); err == nil {
		t.Error("got that a request may be sent, want an error")
	}
}
