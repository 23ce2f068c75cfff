package telemetry

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"headcount.example/consent"
	"headcount.example/internal/gate"
)

func TestNoWithALongName(t *testing.T) {
	for name, by := range map[string]string{"long": strings.Repeat("x", 101), "line break": "account 7\n"} {
		t.Run(name, func(t *testing.T) {
			s := start(t, listenDeaf(t).url(), nil)
			s.decide(t, consent.Granted)
			err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied, Where: "settings", By: by})
			s.restart(t)
			if s.Status().On {
				t.Errorf("got on after a no (%v) and a restart, want off", err)
			}
		})
	}
}

func TestKeptWithAFault(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.config.Endpoint = "http://stats.vendor.example" // not https
	c, err := Init(s.config)
	if got := c.Status(); err == nil || !exists(filepath.Join(s.dir, "headcount.totals")) || !got.Kept {
		t.Errorf("got %v and kept %v, want an error and true: the file is there", err, got.Kept)
	}
}

func TestEraseOvertakenByAYes(t *testing.T) {
	server := receive(t)
	var step atomic.Int64 // 0: yes; 1: a no with erase, once; 2: yes
	at := time.Now().Add(-time.Hour)
	source := sourceFunc(func(context.Context) (consent.Record, error) {
		r := consent.Record{Decision: consent.Granted, Notice: 1, Time: at, Where: "test"} // without Since
		if step.CompareAndSwap(1, 2) {
			r.Decision, r.Erase = consent.Denied, true
			at = at.Add(time.Minute)
		}
		return r, nil
	})
	s := start(t, server.URL, func(c *Config) { c.Consent = source })
	s.flush(t)
	before := s.Status().InstallGUID
	server.answer(http.StatusServiceUnavailable)
	step.Store(1)
	err := s.Refresh(t.Context())
	if got := s.Status(); !got.On || got.InstallGUID != before {
		t.Fatalf("got %+v, %v, want on under %s", got, err, before)
	}
	if err := s.erasures.allowed(t.Context(), uuid.MustParse(before)); err == nil {
		t.Errorf("got that a request to erase %s may be sent, want an error: it is in use", before)
	}
}

type failingState struct {
	memoryState
	fail atomic.Bool
}

func (s *failingState) Swap(ctx context.Context, version int64, value []byte) error {
	if s.fail.Load() {
		return errors.New("out of order")
	}
	return s.memoryState.Swap(ctx, version, value)
}

func TestArrivedThoughNotStored(t *testing.T) {
	state := &failingState{}
	server := receive(t)
	var looks atomic.Int64
	source := sourceFunc(func(context.Context) (consent.Record, error) {
		if looks.Add(-1) == 0 {
			state.fail.Store(true)
		}
		return record(consent.Granted, 1), nil
	})
	s := start(t, server.URL, func(c *Config) { c.State, c.Consent = state, source })
	looks.Store(2) // the last one is the second of a report
	err := s.Flush(t.Context())
	got := s.Status()
	if server.count() != 1 {
		t.Fatalf("got %d reports, want 1: %v", server.count(), err)
	}
	if got.LastReport.IsZero() || got.LastError != nil {
		t.Errorf("got %v, last report %v, last error %v; want no error: it arrived", err, got.LastReport, got.LastError)
	}
}

func TestKeptBesideAState(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	guid := s.Status().InstallGUID
	s.config.State = &memoryState{}
	s.restart(t)
	if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err != nil {
		t.Fatal(err)
	}
	if got := holding(t, s.dir, guid); len(got) != 0 && !s.Status().Kept {
		t.Errorf("got kept false, and the identifier is in %q", got)
	}
}

type slowState struct{ brokenState }

func (slowState) Load(context.Context) ([]byte, int64, error) {
	time.Sleep(3 * time.Second)
	return nil, 0, errBroken
}

func TestStatusIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, "http://127.0.0.1:9", func(c *Config) { c.State = slowState{} })
		began := time.Now()
		s.Status()
		if took := time.Since(began); took > time.Second { // of the bubble's own clock
			t.Errorf("got a status after %v, want 1s at most", took)
		}
		time.Sleep(time.Minute) // the State answers
	})
}

func TestOnlyARequest(t *testing.T) {
	server := receive(t)
	s, _ := earlier(t, server)
	id := uuid.New()
	request, err := s.outbox.gate.Request(gate.Report{GUID: id, Day: time.Now(), Erase: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.outbox.journal.Begin(time.Now(), s.outbox.gate.URL(), request.Bytes()); err != nil {
		t.Fatal(err)
	}
	before := server.count()
	if err := s.EraseEarlier(t.Context(), id.String()); err == nil || server.count() != before {
		t.Errorf("got %v and %d more requests, want an error: the journal has no report under it", err, server.count()-before)
	}
}

type endingState struct {
	memoryState
	end func()
}

func (s *endingState) Swap(ctx context.Context, version int64, value []byte) error {
	if s.end != nil {
		s.end()
	}
	return s.memoryState.Swap(ctx, version, value)
}

// TestAnsweredAsConsentEnds: a report that was refused was sent, also where consent
// ends before the outcome is stored.
func TestAnsweredAsConsentEnds(t *testing.T) {
	server := receive(t)
	server.answer(http.StatusServiceUnavailable)
	state := &endingState{}
	s := start(t, server.URL, func(c *Config) { c.State = state })
	s.decide(t, consent.Granted)
	r := s.agreed()
	state.end = func() {
		if server.count() > 0 {
			r.cancel()
		}
	}
	err := s.Flush(t.Context())
	const want = "telemetry: not delivered: the answer is 503 Service Unavailable"
	if server.count() != 1 || err == nil || err.Error() != want {
		t.Errorf("got %d reports and %v, want one and %q", server.count(), err, want)
	}
}
