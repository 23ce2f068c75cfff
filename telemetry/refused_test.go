package telemetry

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// A place for decisions that calls a function instead of saving.
type place struct {
	record consent.Record
	save   func(context.Context, consent.Record) error
}

func (p *place) Consent(context.Context) (consent.Record, error) { return p.record, nil }

func (p *place) Save(ctx context.Context, r consent.Record) error { return p.save(ctx, r) }

func yesAt(at time.Time) consent.Record {
	at = at.UTC().Truncate(time.Second)
	return consent.Record{Decision: consent.Granted, Notice: 1, Time: at, Since: at, Where: "settings"}
}

// A no that cannot be recorded holds, also against a yes that bears a later
// time because a clock was ahead.
func TestNoHoldsAgainstAClockAhead(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, 0, 2 * time.Second, time.Hour} {
		p := &place{record: yesAt(time.Now().Add(ahead)), save: func(context.Context, consent.Record) error { return errors.New("read-only") }}
		s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Consent = p })
		if !s.Status().On {
			t.Fatalf("%v: got off before the no, want on", ahead)
		}
		if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err == nil {
			t.Errorf("%v: got no error, want that it is not recorded", ahead)
		}
		for range 2 {
			if now := s.Status(); now.On || exists(filepath.Join(s.dir, "headcount.totals")) {
				t.Errorf("%v: got on %v and the files %q, want off and no totals", ahead, now.On, files(t, s.dir))
			}
			_ = s.Refresh(t.Context())
		}
		p.record = yesAt(time.Now().Add(ahead + 2*time.Hour)) // another yes, later than the no
		if err := s.Refresh(t.Context()); err != nil || !s.Status().On {
			t.Errorf("%v: got %v and on %v after a new yes, want on", ahead, err, s.Status().On)
		}
	}
}

// A yes that is being recorded does not lift a no that is given meanwhile.
func TestNoWhileAYesIsBeingSaved(t *testing.T) {
	p := &place{}
	s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Consent = p })
	saving, saved := make(chan bool), make(chan bool)
	p.save = func(_ context.Context, r consent.Record) error {
		if r.Decision == consent.Denied {
			return errors.New("read-only")
		}
		saving <- true
		<-saved
		p.record = yesAt(time.Now().Add(-time.Minute))
		return nil
	}
	done := make(chan error)
	go func() { done <- s.Decide(context.Background(), yesAt(time.Now())) }()
	<-saving
	if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err == nil {
		t.Error("got no error, want that the no is not recorded")
	}
	close(saved)
	<-done
	if s.Status().On {
		t.Error("got on, want off")
	}
}

// A request to erase that another process ends meanwhile is none of this one's.
func TestRequestEndsElsewhere(t *testing.T) {
	s := start(t, "http://127.0.0.1:9", nil)
	for range 300 {
		id := uuid.New()
		if err := s.erasures.keep(id); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(s.dir, holding(t, s.dir, id.String())[0])
		go os.Remove(path)
		if err := s.erasures.try(t.Context(), id); err == nil {
			t.Error("got delivered, want an error: nothing listens")
		}
		_ = os.Remove(path)
	}
}

// A no that is acted on again and again, because the totals cannot be
// destroyed, asks the receiver to erase once.
func TestErasedOnceWhileNothingCanBeDestroyed(t *testing.T) {
	r := receive(t)
	state := &memoryState{}
	s := start(t, r.URL, func(c *Config) { c.State = state })
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 1)
	s.flush(t)
	before := r.count()
	state.readOnly.Store(true)
	_ = s.Decide(t.Context(), consent.Record{Decision: consent.Denied, Erase: true})
	for range 5 {
		_ = s.Refresh(t.Context())
	}
	if got := r.count() - before; got != 1 {
		t.Errorf("got %d requests to erase, want 1", got)
	}
}

// Decide waits for the request to erase no longer than its ctx says, also where
// another request is on its way to a receiver that does not answer.
func TestDecideWaitsAsLongAsItsContext(t *testing.T) {
	s := start(t, "http://127.0.0.1:9", nil)
	s.erasures.sending <- struct{}{} // as if one were on its way
	id := uuid.New()
	if err := s.erasures.keep(id); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.erasures.try(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that ctx has ended", err)
	}
	<-s.erasures.sending
}

// A no that is recorded under a veto is like any other: once the veto has gone, a
// later yes counts.
func TestNoUnderAVeto(t *testing.T) {
	veto := true
	s := start(t, "http://127.0.0.1:9", func(c *Config) {
		c.Env = func(name string) (string, bool) {
			if veto && name == "DO_NOT_TRACK" {
				return "1", true
			}
			return "", false
		}
	})
	if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err != nil {
		t.Fatal(err)
	}
	veto = false
	if err := s.config.Consent.(saver).Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1, Where: "settings"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Refresh(t.Context()); err != nil || !s.Status().On {
		t.Errorf("got %v and %+v, want on", err, s.Status())
	}
}

// TestEraseWithoutRoom: a request that cannot be kept does not keep the no from
// being acted on.
func TestEraseWithoutRoom(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	if err := os.WriteFile(filepath.Join(s.dir, "erasure"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.erase(t.Context()); err == nil || !strings.Contains(err.Error(), "not erased") || !s.ledgerIsGone() || s.Status().On {
		t.Errorf("error %v, files %q", err, files(t, s.dir))
	}
}
