package telemetry

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

func TestJournal(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	if list, err := s.Journal(); len(list) != 0 || err != nil || exists(s.dir) {
		t.Errorf("before a yes: %d entries, %v", len(list), err)
	}
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 2)
	preview, err := s.Preview(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	s.flush(t)
	server.mu.Lock()
	server.status = http.StatusBadRequest
	server.mu.Unlock()
	if err := s.Flush(t.Context()); err == nil {
		t.Fatal("a refused report was delivered")
	}
	s.decide(t, consent.Denied)
	s.restart(t)
	list, err := s.Journal()
	if err != nil || len(list) != 2 {
		t.Fatalf("%d entries, %v", len(list), err)
	}
	if !strings.HasPrefix(list[0].Outcome, "not delivered: the answer is 400") || list[1].Outcome != "delivered" {
		t.Errorf("outcomes %q, %q", list[0].Outcome, list[1].Outcome)
	}
	if !bytes.Equal(list[1].Report.Request, preview.Request) || list[1].Report.URL != server.URL+"/v1/metrics" {
		t.Errorf("to %s:\n%s\npreviewed:\n%s", list[1].Report.URL, list[1].Report, preview)
	}
}

// The intent is there before the connection is, and without it there is none.
func TestJournalComesFirst(t *testing.T) {
	server := receive(t)
	held := make(chan struct{})
	server.mu.Lock()
	server.held = held
	server.mu.Unlock()
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error)
	go func() { sent <- s.Flush(ctx) }()
	<-held
	if list, err := s.Journal(); len(list) != 1 || list[0].Outcome != "" || err != nil {
		t.Errorf("while it is on its way: %+v, %v", list, err)
	}
	cancel()
	if err := <-sent; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if list, _ := s.Journal(); len(list) != 1 || list[0].Outcome != "no answer: context canceled; it may have arrived all the same" {
		t.Errorf("afterwards: %+v", list)
	}

	deaf := start(t, listenDeaf(t).url(), nil)
	deaf.decide(t, consent.Granted)
	if err := os.WriteFile(filepath.Join(deaf.dir, "journal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := deaf.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "journal") {
		t.Errorf("sent without a journal: %v", err)
	}
}
