package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/erasure"
)

// refuse records a no without telling the client.
func (s *setup) refuse(t testing.TB) {
	t.Helper()
	err := s.decisions.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1, Where: "test"})
	if err != nil {
		t.Fatal(err)
	}
}

// erase says no and asks to erase.
func (s *setup) erase(ctx context.Context) error {
	return s.Decide(ctx, consent.Record{Decision: consent.Denied, Where: "test", Erase: true})
}

func (s *setup) ledgerIsGone() bool { return !exists(filepath.Join(s.dir, "headcount.totals")) }

// holding lists the files that hold an identifier, as text or as bytes, but for
// the journal of what was sent.
func holding(t testing.TB, dir, guid string) (list []string) {
	t.Helper()
	id := uuid.MustParse(guid)
	for _, path := range files(t, dir) {
		name := strings.TrimPrefix(path, dir+"/")
		data, err := os.ReadFile(path)
		if err == nil && !strings.HasPrefix(name, "journal/") && (bytes.Contains(data, []byte(guid)) || bytes.Contains(data, id[:])) {
			list = append(list, name)
		}
	}
	return list
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// hold has every later request held, or none.
func (r *receiver) hold(held chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = held
}

func TestErase(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 3)
	s.flush(t)
	guid := s.Status().InstallGUID
	if err := s.erase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"install_guid " + guid, "headcount.erasure.requested 1"}; !slices.Equal(server.last(t), want) {
		t.Errorf("the request says %q, want %q", server.last(t), want)
	}
	status := s.Status()
	if status.On || status.InstallGUID != "" || len(status.Erasing) > 0 || !strings.Contains(status.Erasure, "was delivered on") {
		t.Errorf("status %+v", status)
	}
	if got := holding(t, s.dir, guid); len(got) != 0 {
		t.Errorf("the identifier is in %q", got)
	}
	if err := s.erase(t.Context()); err != nil || server.count() != 2 {
		t.Errorf("a second time: got %v, %d requests, want nil and 2", err, server.count())
	}
	s.decide(t, consent.Granted)
	s.flush(t)
	if again := s.Status().InstallGUID; again == guid || slices.Contains(server.last(t), "compreface.user.created 3") {
		t.Errorf("the later yes is linked: %s, %q", again, server.last(t))
	}
}

// TestErasureIsCarriedByTheRecord: any process that acts on the no keeps the
// request, also one that starts later.
func TestErasureIsCarriedByTheRecord(t *testing.T) {
	for name, act := range map[string]func(t *testing.T, s *setup) *Client{
		"another process": func(t *testing.T, s *setup) *Client {
			other, err := Init(s.config)
			if err != nil {
				t.Fatal(err)
			}
			return other
		},
		"this process": func(t *testing.T, s *setup) *Client {
			if err := s.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s.Client
		},
		"after Shutdown": func(t *testing.T, s *setup) *Client { s.restart(t); return s.Client },
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			s.flush(t)
			guid := s.Status().InstallGUID
			server.answer(http.StatusServiceUnavailable)
			if err := s.decisions.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1, Erase: true}); err != nil {
				t.Fatal(err)
			}
			c := act(t, s)
			defer finish(c)
			if status := c.Status(); status.On || len(status.Erasing) == 0 || !s.ledgerIsGone() {
				t.Errorf("status %+v", status)
			}
			if got := holding(t, s.dir, guid); len(got) != 1 || !strings.HasSuffix(got[0], erasure.Suffix) {
				t.Errorf("the identifier is in %q, want one request", got)
			}
		})
	}
}

// TestEraseWithoutReport: where nothing was sent, the receiver does not hear of
// the identifier.
func TestEraseWithoutReport(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*testing.T, *setup, *receiver)
		sent   bool
	}{
		"nothing":                     {func(*testing.T, *setup, *receiver) {}, false},
		"nothing, by another process": {func(t *testing.T, s *setup, _ *receiver) { s.restart(t) }, false},
		"under the identifier before": {func(t *testing.T, s *setup, _ *receiver) {
			s.heard(t)
			s.decide(t, consent.Denied)
			s.decide(t, consent.Granted)
		}, false},
		"a report": {func(t *testing.T, s *setup, _ *receiver) { s.heard(t) }, true},
		"an attempt": {func(t *testing.T, s *setup, server *receiver) {
			held := make(chan struct{})
			server.hold(held)
			ctx, cancel := context.WithCancel(t.Context())
			go func() { <-held; cancel() }()
			if err := s.Flush(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want a report that was given up", err)
			}
			server.hold(nil)
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			c.before(t, s, server)
			before := server.count()
			if err := s.erase(t.Context()); err != nil || c.sent != (server.count() == before+1) {
				t.Errorf("got %v, %d requests, want sent: %v", err, server.count()-before, c.sent)
			}
			if status := s.Status(); status.On || len(status.Erasing) > 0 || c.sent != (status.Erasure != "") || !s.ledgerIsGone() {
				t.Errorf("status %+v", status)
			}
		})
	}
}

// ripe makes a request due.
func (s *setup) ripe(t *testing.T) {
	t.Helper()
	for _, r := range s.erasures.requests.Pending() {
		s.erasures.requests.Postpone(r, time.Now().Add(-time.Minute))
	}
}

// TestEraseLater: a request that does not arrive is tried again after a restart,
// and not under a veto.
func TestEraseLater(t *testing.T) {
	server := receive(t)
	server.answer(http.StatusServiceUnavailable)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	if err := s.erase(t.Context()); err == nil || !strings.Contains(err.Error(), "has not arrived yet") {
		t.Fatalf("error %v", err)
	}
	if got := s.Status(); !strings.Contains(got.Erasure, "not delivered yet, tried until ") || got.NextErase.Before(time.Now().Add(firstRetry/2)) {
		t.Errorf("status %+v", got)
	}
	s.restart(t)
	server.answer(http.StatusOK)
	id := uuid.MustParse(guid)
	if err := s.erasures.try(t.Context(), id); err == nil || server.count() != 1 {
		t.Errorf("tried again at once: %v, %d requests", err, server.count())
	}
	s.ripe(t)
	t.Setenv("DO_NOT_TRACK", "1")
	if err := s.erasures.try(t.Context(), id); err == nil || server.count() != 1 {
		t.Errorf("under a veto: %v, %d requests", err, server.count())
	}
	t.Setenv("DO_NOT_TRACK", "")
	s.ripe(t)
	finish(s.Client)
	c, err := Init(s.config) // an overdue request is made at once, and need not wait for a process that lives long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { finish(c) })
	for end := time.Now().Add(30 * time.Second); len(c.Status().Erasing) > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	if server.count() != 2 || len(c.Status().Erasing) > 0 || len(holding(t, s.dir, guid)) != 0 {
		t.Errorf("%d requests, %+v, the identifier is in %q", server.count(), c.Status(), holding(t, s.dir, guid))
	}
	if err := s.erasures.try(t.Context(), id); err == nil {
		t.Error("delivered twice")
	}
}

// TestEraseRetryAfter: the receiver says when it wants the request again.
func TestEraseRetryAfter(t *testing.T) {
	server := receive(t)
	server.status, server.retryAfter = http.StatusServiceUnavailable, "10800"
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	begin := time.Now()
	if err := s.erase(t.Context()); err == nil {
		t.Fatal("it arrived")
	}
	if next := s.Status().NextErase; next.Before(begin.Add(3*time.Hour-time.Second)) || next.After(time.Now().Add(3*time.Hour+firstRetry)) {
		t.Errorf("asked to wait for 3 hours, tried again on %v", next)
	}
}

// TestEraseGivesUp after 14 days, also where it cannot be tried: under a veto,
// or when reports go to another receiver now.
func TestEraseGivesUp(t *testing.T) {
	for name, hinder := range map[string]func(t *testing.T, s *setup){
		"no answer":      func(*testing.T, *setup) {},
		"veto":           func(t *testing.T, s *setup) { t.Setenv("DO_NOT_TRACK", "1") },
		"other receiver": func(t *testing.T, s *setup) { s.config.Endpoint = listenDeaf(t).url() },
	} {
		t.Run(name, func(t *testing.T) {
			for days, kept := range map[int]bool{13: true, 15: false} {
				t.Setenv("DO_NOT_TRACK", "")
				server := receive(t)
				server.status = http.StatusServiceUnavailable
				s := start(t, server.URL, nil)
				s.decide(t, consent.Granted)
				s.heard(t)
				guid := s.Status().InstallGUID
				if err := s.erase(t.Context()); err == nil {
					t.Fatal("arrived")
				}
				s.askedBefore(t, days)
				hinder(t, s)
				s.restart(t)
				if got := len(holding(t, s.dir, guid)) > 0; got != kept {
					t.Errorf("after %d days the identifier is kept: %v (%s)", days, got, s.Status().Erasure)
				}
				if given := strings.Contains(s.Status().Erasure, "given up"); given == kept {
					t.Errorf("after %d days: %s", days, s.Status().Erasure)
				}
			}
		})
	}
}

// askedBefore makes each request some days older, and due in an hour.
func (s *setup) askedBefore(t *testing.T, days int) {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(s.dir, "erasure", "*"+erasure.Suffix))
	for _, path := range paths {
		var r erasure.Request
		data, err := os.ReadFile(path)
		if err = errors.Join(err, json.Unmarshal(data, &r)); err != nil {
			t.Fatal(err)
		}
		r.Asked = r.Asked.AddDate(0, 0, -days)
		data, err = json.Marshal(r)
		due := time.Now().Add(time.Hour)
		if err = errors.Join(err, os.WriteFile(path, data, 0o600), os.Chtimes(path, due, due)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestEraseTwice: two requests stand side by side, and each is asked for.
func TestEraseTwice(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	var guids []string
	for range 2 {
		server.answer(http.StatusServiceUnavailable)
		s.decide(t, consent.Granted)
		s.heard(t)
		guids = append(guids, s.Status().InstallGUID)
		if err := s.erase(t.Context()); err == nil {
			t.Fatal("refused, and yet it arrived")
		}
	}
	server.mu.Lock()
	server.status, server.reports = http.StatusOK, nil
	server.mu.Unlock()
	for i, guid := range guids {
		s.ripe(t)
		if err := s.erasures.try(t.Context(), uuid.MustParse(guid)); err != nil {
			t.Error(err)
		}
		if want := "install_guid " + guid; server.last(t)[0] != want || server.count() != i+1 {
			t.Errorf("asked %q, want %q", server.last(t), want)
		}
	}
	if strings.Count(s.Status().Erasure, "was delivered on") != 2 || len(holding(t, s.dir, guids[0])) != 0 {
		t.Errorf("status %q", s.Status().Erasure)
	}
}

// A veto holds a request to erase back, also where the no is not recorded, and
// where the environment cannot be read. Once the veto has gone, the request is sent.
func TestVetoHoldsTheRequest(t *testing.T) {
	for name, c := range map[string]struct {
		save error
		env  func(string) (string, bool)
	}{
		"recorded":           {nil, vetoed},
		"not recorded":       {errors.New("read-only"), vetoed},
		"an Env that panics": {errors.New("read-only"), func(string) (string, bool) { panic("env") }},
	} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			var veto atomic.Bool
			p := &place{record: yesAt(time.Now().Add(-time.Hour))}
			p.save = func(_ context.Context, r consent.Record) error {
				if c.save == nil {
					p.set(r)
				}
				return c.save
			}
			s := start(t, r.URL, func(config *Config) {
				config.Consent = p
				config.Env = func(name string) (string, bool) {
					if veto.Load() {
						return c.env(name)
					}
					return "", false
				}
			})
			s.flush(t)
			veto.Store(true)
			if err := s.erase(t.Context()); err == nil || r.count() != 1 || len(s.Status().Erasing) == 0 {
				t.Errorf("got %v, %d requests and %+v, want one report alone and a request that waits", err, r.count(), s.Status())
			}
			veto.Store(false)
			s.ripe(t)
			if err := s.erasures.tryNewest(t.Context()); err != nil || r.count() != 2 {
				t.Errorf("after the veto: got %v and %d requests, want 2", err, r.count())
			}
		})
	}
}

func vetoed(name string) (string, bool) { return "1", name == "DO_NOT_TRACK" }
