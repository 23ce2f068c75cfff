package telemetry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
)

// earlier is a client that is off and has sent a report under an identifier.
func earlier(t *testing.T, server *receiver) (s *setup, guid string) {
	t.Helper()
	s = start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.flush(t)
	guid = s.Status().InstallGUID
	s.decide(t, consent.Denied)
	return s, guid
}

func asks(guid string) []string {
	return []string{"install_guid " + guid, "headcount.erasure.requested 1"}
}

// TestEraseEarlier: what was sent under an earlier identifier is erased on
// request, once, while consent is off and while another identifier is in use.
func TestEraseEarlier(t *testing.T) {
	for name, d := range map[string]consent.Decision{"off": consent.Denied, "on": consent.Granted} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s, guid := earlier(t, server)
			s.decide(t, d)
			for range 2 { // the second time it has arrived
				if err := s.EraseEarlier(t.Context(), strings.ToUpper(guid)); err != nil {
					t.Fatal(err)
				}
			}
			if got := server.last(t); !slices.Equal(got, asks(guid)) || server.count() != 2 {
				t.Errorf("got %q and %d requests, want %q and 2", got, server.count(), asks(guid))
			}
			if got := s.Status(); got.On != (d == consent.Granted) || len(got.Erasing) != 0 || !strings.Contains(got.Erasure, "was delivered on") {
				t.Errorf("got %+v, want a delivered request, and the decision as it was", got)
			}
			if got := holding(t, s.dir, guid); len(got) != 0 {
				t.Errorf("the identifier is in %q, want it in the journal alone", got)
			}
		})
	}
}

// TestEraseEarlierRefused: only what the journal says this receiver has heard of,
// and never what is in use. Nothing is kept or sent then.
func TestEraseEarlierRefused(t *testing.T) {
	for name, c := range map[string]struct {
		before func(*testing.T, *setup)
		guid   func(s *setup, earlier string) string
		want   string
	}{
		"no identifier": {guid: func(*setup, string) string { return strings.Repeat("x", 1<<20) }, want: "not an identifier"},
		"unknown":       {guid: func(*setup, string) string { return uuid.NewString() }, want: "the journal"},
		"in use": {
			before: func(t *testing.T, s *setup) { s.decide(t, consent.Granted); s.flush(t) },
			guid:   func(s *setup, _ string) string { return s.Status().InstallGUID }, want: "in use",
		},
		"kept under a veto": {
			before: func(t *testing.T, s *setup) {
				s.decide(t, consent.Granted)
				s.flush(t)
				t.Setenv("DO_NOT_TRACK", "1")
				s.restart(t)
			},
			guid: func(s *setup, _ string) string {
				list, _ := s.Journal()
				return list[0].Report.InstallGUID
			}, want: "in use",
		},
		"other receiver": {
			before: func(t *testing.T, s *setup) { s.config.Endpoint = listenDeaf(t).url(); s.restart(t) },
			want:   "the journal",
		},
		"shut down": {before: func(t *testing.T, s *setup) { _ = s.Shutdown(t.Context()) }, want: "does not run"},
		"nothing can be read": {
			before: func(_ *testing.T, s *setup) { s.Client.decisions.place.State = brokenState{} }, want: "out of order",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s, guid := earlier(t, server)
			if c.before != nil {
				c.before(t, s)
			}
			if c.guid != nil {
				guid = c.guid(s, guid)
			}
			before := server.count()
			err := s.EraseEarlier(t.Context(), guid)
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 300 {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
			if got := s.Status(); server.count() != before || len(got.Erasing) != 0 || got.Erasure != "" {
				t.Errorf("got %d more requests and %+v, want none", server.count()-before, got)
			}
		})
	}
	var none *Client
	if none.EraseEarlier(t.Context(), uuid.NewString()) == nil || new(Client).EraseEarlier(t.Context(), uuid.NewString()) == nil {
		t.Error("got nil without a client, want an error")
	}
	fresh := start(t, listenDeaf(t).url(), nil)
	if err := fresh.EraseEarlier(t.Context(), uuid.NewString()); err == nil || exists(fresh.dir) {
		t.Errorf("before a yes: got %v and %q, want an error and no file", err, files(t, fresh.dir))
	}
}

// TestEraseEarlierLater: a request that does not arrive is kept, named, tried
// again and given up like any other. After that it can be made anew.
func TestEraseEarlierLater(t *testing.T) {
	server := receive(t)
	s, guid := earlier(t, server)
	server.answer(http.StatusServiceUnavailable)
	for _, want := range []string{"has not arrived yet", "is not sent now"} {
		if err := s.EraseEarlier(t.Context(), guid); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if got := s.Status(); len(got.Erasing) != 1 || time.Since(got.Erasing[guid]) > time.Hour || got.NextErase.IsZero() {
		t.Errorf("got %+v, want a request that waits", got)
	}
	s.askedBefore(t, 15)
	s.restart(t)
	if got := s.Status(); len(got.Erasing) != 0 || !strings.Contains(got.Erasure, "given up") {
		t.Errorf("got %+v, want that it was given up", got)
	}
	server.answer(http.StatusOK)
	if err := s.EraseEarlier(t.Context(), guid); err != nil || !slices.Equal(server.last(t), asks(guid)) {
		t.Errorf("anew: got %v and %q, want %q", err, server.last(t), asks(guid))
	}
	if got := s.Status().Erasure; strings.Contains(got, "given up") || !strings.Contains(got, "was delivered on") {
		t.Errorf("got %q, want that it was delivered", got)
	}
}

// A brokenState cannot be read.
type brokenState struct{}

var errBroken = errors.New("out of order")

func (brokenState) Load(context.Context) ([]byte, int64, error) { return nil, 0, errBroken }
func (brokenState) Swap(context.Context, int64, []byte) error   { return errBroken }

// TestKeptInAState: the status says what is kept in a State, and only reads it.
func TestKeptInAState(t *testing.T) {
	state := &memoryState{}
	s := start(t, receive(t).URL, func(c *Config) { c.State = state })
	kept := func(when string, c *Client, want bool) {
		t.Helper()
		state.readOnly.Store(true)
		defer state.readOnly.Store(false)
		if got := c.Status().Kept; got != want {
			t.Errorf("%s: got kept %v, want %v", when, got, want)
		}
	}
	loads := state.loads.Load()
	kept("nothing was decided", s.Client, false)
	if got := state.loads.Load() - loads; got != 1 {
		t.Errorf("got %d loads, want 1 for a status", got)
	}
	s.decide(t, consent.Granted)
	kept("yes", s.Client, true)
	t.Setenv("DO_NOT_TRACK", "1")
	s.restart(t)
	kept("veto", s.Client, true)
	t.Setenv("DO_NOT_TRACK", "")
	s.decide(t, consent.Denied)
	kept("no", s.Client, false)
	other, err := Init(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.decide(t, consent.Granted)
	kept("yes in another process", other, true)
	broken := start(t, "http://127.0.0.1:9", func(c *Config) { c.State = brokenState{} })
	kept("no answer", broken.Client, true)
	hanging := start(t, "http://127.0.0.1:9", func(c *Config) { c.State = hangingState{} })
	kept("a State that hangs", hanging.Client, true)
}

// A hangingState does not answer until its ctx has ended.
type hangingState struct{ brokenState }

func (hangingState) Load(ctx context.Context) ([]byte, int64, error) {
	<-ctx.Done()
	return nil, 0, ctx.Err()
}
