package telemetry

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// A place for decisions that calls a function instead of saving. The client's loop may
// ask it at any moment.
type place struct {
	mu     sync.Mutex
	record consent.Record
	save   func(context.Context, consent.Record) error
}

func (p *place) Consent(context.Context) (consent.Record, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.record, nil
}

func (p *place) set(r consent.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.record = r
}

func (p *place) Save(ctx context.Context, r consent.Record) error { return p.save(ctx, r) }

func yesAt(at time.Time) consent.Record {
	at = at.UTC().Truncate(time.Second)
	return consent.Record{Decision: consent.Granted, Notice: 1, Time: at, Since: at, Where: "settings"}
}

// A no that cannot be recorded holds, whatever time a recorded yes bears, until a
// yes is given to this process, or a no was recorded.
func TestNoHolds(t *testing.T) {
	for _, ahead := range []time.Duration{-time.Hour, 0, 2 * time.Second, time.Hour} {
		for name, lift := range map[string]func(*setup, *place) error{
			"a yes to this process": func(s *setup, p *place) error {
				p.save = func(_ context.Context, r consent.Record) error { p.set(r); return nil }
				yes := yesAt(time.Now())
				return s.Decide(t.Context(), yes)
			},
			"a no and a yes, recorded elsewhere": func(s *setup, p *place) error {
				p.set(consent.Record{Decision: consent.Denied}) // without a time
				err := s.Refresh(t.Context())
				p.set(yesAt(time.Now()))
				return errors.Join(err, s.Refresh(t.Context()))
			},
		} {
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
				p.set(yesAt(time.Now().Add(ahead + 2*time.Hour))) // recorded elsewhere, later than the no
				_ = s.Refresh(t.Context())
			}
			if err := lift(s, p); err != nil || !s.Status().On {
				t.Errorf("%v: got %v and on %v after %s, want on", ahead, err, s.Status().On, name)
			}
		}
	}
}

// A no that cannot be recorded holds against a yes that stood when it was said,
// also where this process has not acted on that yes, or could not yet.
func TestNoHoldsAgainstWhatStood(t *testing.T) {
	for _, ahead := range []time.Duration{3 * time.Second, time.Hour, 25 * time.Hour} {
		dir := filepath.Join(t.TempDir(), "telemetry")
		synctest.Test(t, func(t *testing.T) {
			p := &place{save: func(context.Context, consent.Record) error { return errors.New("read-only") }}
			c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: p})
			if err != nil {
				t.Fatal(err)
			}
			p.set(yesAt(time.Now().Add(ahead))) // of a replica whose clock is ahead
			if err := c.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err == nil {
				t.Errorf("%v: got no error, want that it is not recorded", ahead)
			}
			for range 2 {
				if now := c.Status(); now.On || exists(filepath.Join(dir, "headcount.totals")) {
					t.Errorf("%v: got %+v and the files %q, want off and no totals", ahead, now, files(t, dir))
				}
				time.Sleep(2 * time.Hour)
				_ = c.Refresh(t.Context())
			}
			_ = c.Shutdown(t.Context())
		})
	}
}

// While a no is being recorded the status does not speak of the yes before.
func TestStatusWhileANoIsBeingSaved(t *testing.T) {
	p := &place{record: yesAt(time.Now().Add(-time.Hour))}
	s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Consent = p })
	var during Status
	p.save = func(_ context.Context, r consent.Record) error {
		during = s.Status()
		p.set(r)
		return nil
	}
	if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err != nil {
		t.Fatal(err)
	}
	if during.On || during.Consent.Decision != consent.Denied || during.Reason != "no, given to this process" {
		t.Errorf("got %+v, want off, because of the no", during)
	}
}

// A look that found a no, and comes late, lifts no newer one that cannot be recorded.
func TestLateLookDoesNotLiftANewerNo(t *testing.T) {
	var mu sync.Mutex
	var stored consent.Record
	readOnly, hang := false, false
	at, goOn, done := make(chan bool), make(chan bool), make(chan bool)
	source := sourceFunc(func(context.Context) (consent.Record, error) {
		mu.Lock()
		answer, wait := stored, hang
		hang = false
		mu.Unlock()
		if wait {
			at <- true
			<-goOn
		}
		return answer, nil
	})
	save := func(_ context.Context, r consent.Record) error {
		mu.Lock()
		defer mu.Unlock()
		if readOnly {
			return errors.New("read-only")
		}
		stored = r
		return nil
	}
	s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Consent = saving{source, save} })
	say := func(d consent.Decision) error {
		return s.Decide(context.Background(), consent.Record{Decision: d, Notice: 1, Time: time.Now().Add(-time.Minute), Where: "test"})
	}
	if err := say(consent.Denied); err != nil {
		t.Fatal(err)
	}
	hang = true
	go func() { s.Client.decisions.permission.now(context.Background()); close(done) }()
	<-at
	if err := say(consent.Granted); err != nil || !s.Status().On {
		t.Errorf("got %v and %+v after the yes, want on", err, s.Status())
	}
	mu.Lock()
	readOnly = true
	mu.Unlock()
	if err := say(consent.Denied); err == nil {
		t.Error("got no error, want that the newer no is not recorded")
	}
	close(goOn)
	<-done
	if err := s.Refresh(t.Context()); err != nil || s.Status().On {
		t.Errorf("got %v and %+v, want off", err, s.Status())
	}
}

// A yes that is being recorded does not lift a no that is given meanwhile, also
// where an earlier no is recorded.
func TestNoWhileAYesIsBeingSaved(t *testing.T) {
	for _, recorded := range []consent.Record{{}, {Decision: consent.Denied, Time: time.Now().Add(-time.Hour)}} {
		p := &place{record: recorded}
		s := start(t, "http://127.0.0.1:9", func(c *Config) { c.Consent = p })
		saving, saved := make(chan bool), make(chan bool)
		p.save = func(_ context.Context, r consent.Record) error {
			if r.Decision == consent.Denied {
				return errors.New("read-only")
			}
			saving <- true
			<-saved
			p.set(yesAt(time.Now().Add(-time.Minute)))
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
			t.Errorf("recorded %+v: got on, want off", recorded)
		}
	}
}

// A request to erase that another process ends meanwhile is none of this one's.
func TestRequestEndsElsewhere(t *testing.T) {
	s := start(t, "http://127.0.0.1:9", nil)
	for range 300 {
		id := uuid.New()
		if err := s.erasures.keep(id, false); err != nil {
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
	if err := s.erasures.keep(id, false); err != nil {
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

// The no of a variable is no record: a no that cannot be recorded holds also once the
// variable has gone.
func TestNoUnderAVariable(t *testing.T) {
	for _, word := range []string{"off", "disabled"} {
		p := &place{record: yesAt(time.Now().Add(-time.Hour)), save: func(context.Context, consent.Record) error { return errors.New("read-only") }}
		s := start(t, "http://127.0.0.1:9", func(c *Config) {
			c.Consent = p
			c.Env = func(name string) (string, bool) {
				if name == "COMPREFACE_TELEMETRY" {
					return word, true
				}
				return "", false
			}
		})
		if err := s.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err == nil {
			t.Errorf("%s: got no error, want that the no is not recorded", word)
		}
		word = ""
		if err := s.Refresh(t.Context()); err != nil || s.Status().On {
			t.Errorf("got %v and %+v once the variable has gone, want off", err, s.Status())
		}
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
