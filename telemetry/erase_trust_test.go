package telemetry

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/affiliate"
	"headcount.example/consent"
)

// TestErasureThatCannotBeTrusted: a request that is damaged, holds an identifier
// that we never make, or is another product's or for another receiver, is never
// sent.
func TestErasureThatCannotBeTrusted(t *testing.T) {
	const guid = "560eee90-5fca-41eb-988b-0242ac120003"
	const good = `"asked":"2999-01-01T00:00:00Z"}`
	for name, text := range map[string]string{
		"empty":          "",
		"garbage":        "\x00\x01",
		"version 1":      `{"install_guid":"560eee90-5fca-11eb-988b-0242ac120003","product":"CompreFace","url":"URL",` + good,
		"nil":            `{"install_guid":"00000000-0000-0000-0000-000000000000","product":"CompreFace","url":"URL",` + good,
		"other product":  `{"install_guid":"` + guid + `","product":"Shop","url":"URL",` + good,
		"other receiver": `{"install_guid":"` + guid + `","product":"CompreFace","url":"https://elsewhere.example/",` + good,
		"too large":      strings.Repeat(" ", 70_000),
		"no request":     `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, listenDeaf(t).url(), nil)
			id := uuid.MustParse(guid)
			if err := s.erasures.keep(id, false); err != nil {
				t.Fatal(err)
			}
			text = strings.ReplaceAll(text, "URL", s.outbox.gate.URL())
			path := holding(t, s.dir, guid)[0]
			if err := os.WriteFile(filepath.Join(s.dir, path), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.restart(t)
			for _, r := range s.erasures.requests.Pending() {
				if s.erasures.mine(r) {
					t.Errorf("would ask: %+v", r)
				}
			}
			if err := s.erasures.try(t.Context(), id); err == nil {
				t.Error("got sent, want an error")
			}
		})
	}
}

// TestEraseOfAnotherProduct: a product never asks about another one's
// identifier.
func TestEraseOfAnotherProduct(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	config := s.config
	config.Catalog = affiliate.Catalog
	config.Consent = sourceFunc(func(context.Context) (consent.Record, error) {
		return consent.Record{Decision: consent.Denied, Erase: true}, nil
	})
	other, err := Init(config)
	if err == nil || !strings.Contains(err.Error(), `belongs to "CompreFace"`) || len(other.Status().Erasing) > 0 {
		t.Errorf("error %v, status %+v", err, other.Status())
	}
	if !s.Status().On || s.Status().InstallGUID == "" || s.ledgerIsGone() {
		t.Errorf("the other product is %+v", s.Status())
	}
}

// TestEraseOfDamagedTotals: what cannot be read is destroyed all the same.
func TestEraseOfDamagedTotals(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	_ = s.Shutdown(t.Context())
	if err := os.Truncate(filepath.Join(s.dir, "headcount.totals"), 100); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DO_NOT_TRACK", "1")
	s.restart(t)
	if err := s.erase(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be read") || !s.ledgerIsGone() {
		t.Errorf("error %v, files %q", err, files(t, s.dir))
	}
}

// TestRequestOfAnotherClock: a request that was put off under a clock that was ahead
// is tried by the timer as well, and the status says that it may be tried now.
func TestRequestOfAnotherClock(t *testing.T) {
	for ahead, want := range map[time.Duration]int{-time.Second: 1, time.Minute: 0, farthest - time.Minute: 0, farthest + time.Minute: 1} {
		r := receive(t)
		s := start(t, r.URL, nil)
		if err := s.erasures.keep(uuid.New(), false); err != nil {
			t.Fatal(err)
		}
		s.erasures.requests.Postpone(s.erasures.requests.Pending()[0], time.Now().Add(ahead))
		if next := s.Status().NextErase; next.After(time.Now()) == (want == 1) {
			t.Errorf("put off by %v: got the next try at %v, want now: %v", ahead, next, want == 1)
		}
		s.erasures.again()
		if got := r.count(); got != want {
			t.Errorf("put off by %v: got %d requests, want %d", ahead, got, want)
		}
	}
}

// TestTimerOfAnotherClock: where a clock was ahead, a start does not wait a day.
func TestTimerOfAnotherClock(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	if err := s.erasures.keep(uuid.New(), false); err != nil {
		t.Fatal(err)
	}
	s.erasures.requests.Postpone(s.erasures.requests.Pending()[0], time.Now().Add(farthest+time.Hour))
	s.restart(t)
	for begin := time.Now(); len(s.erasures.requests.Pending()) > 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("the request to erase is still kept, want it delivered")
		}
	}
	if r.count() != 1 {
		t.Errorf("got %d requests to erase, want one", r.count())
	}
}

// TestEraseBesideAnotherReceiver: a no waits for its own request, also where the
// newest one is for another receiver.
func TestEraseBesideAnotherReceiver(t *testing.T) {
	r := receive(t)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	later := time.Now().Add(time.Minute) // of a process whose clock is ahead
	if err := s.erasures.requests.Keep(uuid.New(), "https://elsewhere.example/v1/metrics", later, false); err != nil {
		t.Fatal(err)
	}
	before := r.count()
	if err := s.erase(t.Context()); err != nil || r.count()-before != 1 {
		t.Errorf("got %v and %d requests to erase, want one", err, r.count()-before)
	}
}

// TestWaitOfAnotherClock: a request that was made under a clock that was ahead is not
// tried each minute until that moment.
func TestWaitOfAnotherClock(t *testing.T) {
	for ahead, want := range map[time.Duration]time.Duration{0: firstRetry, time.Hour: time.Hour, 365 * 24 * time.Hour: lastRetry} {
		s := start(t, "http://127.0.0.1:9", nil)
		id, now := uuid.New(), time.Now()
		if err := s.erasures.requests.Keep(id, s.outbox.gate.URL(), now.Add(ahead), false); err != nil {
			t.Fatal(err)
		}
		if err := s.erasures.try(t.Context(), id); err == nil {
			t.Error("got delivered, want an error: nothing listens")
		}
		if got := s.erasures.requests.Pending()[0].Due.Sub(now).Round(time.Minute); got != want {
			t.Errorf("made %v ahead: got %v until the next try, want %v", ahead, got, want)
		}
	}
}
