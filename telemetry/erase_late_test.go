package telemetry

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// A request is given up after 14 days also where it cannot be tried: under a
// veto, or when reports go to another receiver now.
func TestEraseGivesUpUntried(t *testing.T) {
	for name, hinder := range map[string]func(t *testing.T, s *setup){
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
				s.refuse(t)
				if err := s.Erase(t.Context(), nil); err == nil {
					t.Fatal("arrived")
				}
				if err := s.changeErasure(uuid.MustParse(guid), func(e *erasure) { e.Asked = e.Asked.AddDate(0, 0, -days) }); err != nil {
					t.Fatal(err)
				}
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

// A request to erase does not destroy what a new yes made meanwhile.
func TestEraseAndNewYes(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	s.refuse(t)
	old := s.live.Load()
	old.sending <- struct{}{} // drop waits for it
	done := make(chan error, 1)
	go func() { done <- s.Erase(t.Context(), nil) }()
	for s.live.Load() != nil {
		time.Sleep(time.Millisecond)
	}
	other, err := Init(s.config) // another process: it acts on the no, and then on a new yes
	if err != nil {
		t.Fatal(err)
	}
	again := &setup{Client: other, config: s.config, decisions: s.decisions, dir: s.dir}
	again.decide(t, consent.Granted)
	guid := other.Status().InstallGUID
	<-done
	if now, err := ledger.Peek(s.dir); err != nil || now.GUID.String() != guid {
		t.Errorf("%v, %v: want %s", now.GUID, err, guid)
	}
	finish(other)
}
