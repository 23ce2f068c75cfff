package telemetry

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// Asked for once more, the request that did not arrive is the one that is
// made, when the receiver wants it again.
func TestEraseOnceMore(t *testing.T) {
	server := receive(t)
	server.status, server.retryAfter = http.StatusServiceUnavailable, "10800"
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	before := time.Now().Truncate(time.Second)
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil {
		t.Fatal("it arrived")
	}
	if e := s.erasures()[0]; e.Next.Before(before.Add(3*time.Hour)) || e.Next.After(time.Now().Add(3*time.Hour+firstTry)) {
		t.Errorf("asked to wait for 3 hours, tried again on %v", e.Next)
	}
	server.mu.Lock()
	server.status = http.StatusOK
	server.mu.Unlock()
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil || !strings.Contains(err.Error(), "not sent now") || server.count() != 1 {
		t.Errorf("too early: %v, %d requests", err, server.count())
	}
	s.ripe(t, guid)
	if err := s.Erase(t.Context(), no(s.decisions)); err != nil || server.count() != 2 || server.last(t)[0] != "install_guid "+guid {
		t.Errorf("%v, %d requests", err, server.count())
	}
	if status := s.Status(); status.Erasing || strings.Count(status.Erasure, "asked to erase") != 1 {
		t.Errorf("status %+v", status)
	}
}

// A request that is sure is the one for its identifier; before, each who asks
// has one, and forgets only that.
func TestEraseKeptOnce(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	guid, ctx := uuid.New(), t.Context()
	keep := func() string {
		t.Helper()
		mark, err := s.keepErasure(ctx, guid)
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}
	holds := func(when string, n, sure int) {
		t.Helper()
		list := s.erasures()
		if len(list) != n || len(slices.DeleteFunc(list, func(e erasure) bool { return e.Unsure })) != sure {
			t.Errorf("%s: %+v, want %d, %d of them sure", when, s.erasures(), n, sure)
		}
	}
	one, two := keep(), keep()
	holds("two ask", 2, 0)
	if err := s.dropErasure(ctx, one); err != nil {
		t.Error(err)
	}
	holds("one has no record", 1, 0)
	if err := s.sureErasure(ctx, guid, two); err != nil {
		t.Error(err)
	}
	holds("the other has", 1, 1)
	if three := keep(); three != "" {
		t.Errorf("a third asks, %q", three)
	}
	if err := errors.Join(s.sureErasure(ctx, guid, ""), s.dropErasure(ctx, "")); err != nil {
		t.Error(err)
	}
	holds("and has a record as well", 1, 1)
}

// A request that was kept for one receiver is not another's.
func TestEraseOfAnotherReceiver(t *testing.T) {
	first, second := receive(t), receive(t)
	first.status = http.StatusServiceUnavailable
	s := start(t, first.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil {
		t.Fatal("it arrived")
	}
	s.config.Endpoint = second.URL
	s.restart(t)
	if err := s.Erase(t.Context(), no(s.decisions)); err == nil || !strings.Contains(err.Error(), "kept for another receiver") || second.count() != 0 {
		t.Errorf("%v, %d requests", err, second.count())
	}
}

// Where nothing was sent, the receiver does not hear of the identifier.
func TestEraseWithoutReport(t *testing.T) {
	schedule := func(change func(*ledger.Schedule)) func(*testing.T, *setup) {
		return func(t *testing.T, s *setup) {
			r := s.agreed()
			want, err := r.ledger.Schedule(t.Context())
			change(&want)
			for now := (ledger.Schedule{}); now != want; { // the loop begins with a look of its own
				if err = errors.Join(err, r.ledger.SetSchedule(t.Context(), nil, want)); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
				now, err = r.ledger.Schedule(t.Context())
			}
		}
	}
	for name, c := range map[string]struct {
		before func(*testing.T, *setup)
		sent   bool
	}{
		"nothing":                     {func(*testing.T, *setup) {}, false},
		"nothing, by another process": {func(t *testing.T, s *setup) { s.restart(t) }, false},
		"under the identifier before": {func(t *testing.T, s *setup) {
			s.heard(t)
			s.decide(t, consent.Denied)
			s.decide(t, consent.Granted)
		}, false},
		"a report":                 {func(t *testing.T, s *setup) { s.heard(t) }, true},
		"a report, journal gone":   {schedule(func(c *ledger.Schedule) { c.Settled += 2 }), true},
		"an attempt, journal gone": {schedule(func(c *ledger.Schedule) { c.Failures = 1 }), true},
		"the journal is damaged": {func(t *testing.T, s *setup) {
			s.heard(t)
			list, err := filepath.Glob(filepath.Join(s.dir, "journal", "*[0-9]*"))
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			if err := os.WriteFile(list[0], []byte("?"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			c.before(t, s)
			err := s.Erase(t.Context(), no(s.decisions))
			if c.sent != (err == nil) || c.sent == errors.Is(err, ErrNothingToErase) || c.sent != (server.count() == 1) {
				t.Errorf("%v, %d requests", err, server.count())
			}
			if status := s.Status(); status.On || status.Erasing || c.sent != (status.Erasure != "") || !s.ledgerIsGone() {
				t.Errorf("status %+v", status)
			}
		})
	}
}

// Requests are kept up to a size, and those that are there stay.
func TestErasuresAreBounded(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	kept := 200
	if err := s.changeErasures(t.Context(), func(list []erasure) []erasure {
		for range kept {
			guid := uuid.New()
			list = append(list, erasure{GUID: &guid, Product: "CompreFace", URL: s.gate.URL(), Asked: time.Now()})
		}
		return list
	}); err != nil {
		t.Fatal(err)
	}
	for kept < 1000 {
		guid := uuid.New()
		if _, err := s.keepErasure(t.Context(), guid); err != nil {
			break
		}
		kept++
	}
	if kept == 200 || kept == 1000 || len(s.pendingErasures()) != kept {
		t.Errorf("kept %d, there are %d", kept, len(s.pendingErasures()))
	}
}
