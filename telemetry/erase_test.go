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
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// refuse records a no without telling the client, as a panel does before it
// erases.
func (s *setup) refuse(t testing.TB) {
	t.Helper()
	err := s.decisions.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1, Where: "test"})
	if err != nil {
		t.Fatal(err)
	}
}

// holding lists the files that hold a text.
func holding(t testing.TB, dir, text string) (list []string) {
	t.Helper()
	for _, path := range files(t, dir) {
		if data, err := os.ReadFile(path); err == nil && bytes.Contains(data, []byte(text)) {
			list = append(list, strings.TrimPrefix(path, dir+"/"))
		}
	}
	return list
}

func TestErase(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.Add(compreface.UserCreated, 3)
	s.flush(t)
	guid := s.Status().InstallGUID
	s.refuse(t)
	if err := s.Erase(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"install_guid " + guid, "headcount.erasure.requested 1"}; !slices.Equal(server.last(t), want) {
		t.Errorf("the request says %q, want %q", server.last(t), want)
	}
	status := s.Status()
	if status.On || status.InstallGUID != "" || !strings.Contains(status.Erasure, "was delivered on") {
		t.Errorf("status %+v", status)
	}
	// What is left of the identifier is in the journal, for the administrator.
	for _, path := range holding(t, s.dir, guid) {
		t.Errorf("the identifier is in %s", path)
	}
	s.Add(compreface.UserCreated, 1)
	if err := s.Flush(t.Context()); err == nil || server.count() != 2 {
		t.Errorf("after the request %d reports arrived, %v", server.count(), err)
	}
	if err := s.Erase(t.Context()); err == nil || server.count() != 2 {
		t.Errorf("a second time: %v, %d reports", err, server.count())
	}
	s.decide(t, consent.Granted)
	s.flush(t)
	if again := s.Status().InstallGUID; again == guid || slices.Contains(server.last(t), "compreface.user.created 3") {
		t.Errorf("the later yes is linked: %s, %q", again, server.last(t))
	}
}

func TestEraseNeedsANo(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	if err := s.Erase(t.Context()); err == nil || !strings.Contains(err.Error(), "record a no first") {
		t.Errorf("undecided: %v", err)
	}
	s.decide(t, consent.Granted)
	if err := s.Erase(t.Context()); err == nil || !s.Status().On {
		t.Errorf("granted: %v, on %v", err, s.Status().On)
	}
	s.decide(t, consent.Denied)
	if err := s.Erase(t.Context()); err == nil || !strings.Contains(err.Error(), "no identifier is kept") {
		t.Errorf("after the identifier was destroyed: %v", err)
	}
	if server.count() != 0 {
		t.Errorf("%d requests", server.count())
	}
	var none *Client
	if none.Erase(t.Context()) == nil || new(Client).Erase(t.Context()) == nil {
		t.Error("a client that is none erased something")
	}
}

// A request that does not arrive is tried again after a restart, and given up
// in the open after 14 days.
func TestEraseLater(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	guid := s.Status().InstallGUID
	server.mu.Lock()
	server.status = http.StatusServiceUnavailable
	server.mu.Unlock()
	s.refuse(t)
	if err := s.Erase(t.Context()); err == nil || !strings.Contains(err.Error(), "has not arrived yet") {
		t.Fatalf("error %v", err)
	}
	if got := s.Status().Erasure; !strings.Contains(got, "not delivered yet, tried 1 times, until ") {
		t.Errorf("status %q", got)
	}
	if got := holding(t, s.dir, guid); !slices.Equal(got, []string{"erasure.json"}) {
		t.Errorf("the identifier is in %q", got)
	}
	s.restart(t)
	server.mu.Lock()
	server.status = http.StatusOK
	server.mu.Unlock()
	t.Setenv("DO_NOT_TRACK", "1")
	if err := s.tryErasure(t.Context()); err == nil || server.count() != 1 {
		t.Errorf("under a veto: %v, %d requests", err, server.count())
	}
	t.Setenv("DO_NOT_TRACK", "")
	if err := s.tryErasure(t.Context()); err != nil || len(holding(t, s.dir, guid)) != 0 {
		t.Errorf("error %v, the identifier is in %q", err, holding(t, s.dir, guid))
	}
	if err := s.tryErasure(t.Context()); err != nil || server.count() != 2 {
		t.Errorf("delivered twice: %v, %d requests", err, server.count())
	}
}

func TestEraseGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		gives bool
	}{
		"a moment before": {patienceToErase - time.Minute, false},
		"at 14 days":      {patienceToErase, true},
		"long after":      {10 * patienceToErase, true},
		"clock went back": {-2 * patienceToErase, true},
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			guid := s.Status().InstallGUID
			server.CloseClientConnections()
			server.Close()
			s.refuse(t)
			if err := s.Erase(t.Context()); err == nil {
				t.Fatal("nobody was there")
			}
			e := s.pendingErasure()
			e.Asked = e.Asked.Add(-test.after)
			if err := s.keepErasure(e); err != nil {
				t.Fatal(err)
			}
			_ = s.tryErasure(t.Context())
			gone := len(holding(t, s.dir, guid)) == 0
			if said := strings.Contains(s.Status().Erasure, "given up on"); gone != test.gives || said != test.gives {
				t.Errorf("identifier gone %v, status %q", gone, s.Status().Erasure)
			}
		})
	}
}

// A request that is damaged, or holds an identifier that we never make, is
// never sent.
func TestErasureThatCannotBeTrusted(t *testing.T) {
	for name, text := range map[string]string{
		"empty":     "",
		"garbage":   "\x00\x01",
		"version 1": `{"install_guid":"560eee90-5fca-11eb-988b-0242ac120003","asked":"2026-01-01T00:00:00Z"}`,
		"nil":       `{"install_guid":"00000000-0000-0000-0000-000000000000","asked":"2026-01-01T00:00:00Z"}`,
		"too large": strings.Repeat(" ", 5000),
		"no object": `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, listenDeaf(t).url(), nil)
			if err := os.MkdirAll(s.dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(s.dir, "erasure.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.restart(t)
			if e := s.pendingErasure(); e.GUID != nil {
				t.Errorf("would ask to erase %s", e.GUID)
			}
			if err := s.tryErasure(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func FuzzErasure(f *testing.F) {
	f.Add([]byte(`{"install_guid":"560eee90-5fca-41eb-988b-0242ac120003","asked":"2026-01-01T00:00:00Z","tries":3}`))
	f.Add([]byte(`{"asked":"x"}`))
	dir := f.TempDir()
	c := &Client{config: Config{Dir: dir}}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, "erasure.json"), data, 0o600); err != nil {
			t.Fatal(err)
		}
		e := c.pendingErasure()
		if e.GUID != nil && (e.GUID.Version() != 4 || !json.Valid(data)) {
			t.Errorf("trusted %q", data)
		}
		_ = e.words()
	})
}

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
	if !bytes.Equal(list[1].Report.Request, preview.Request) || list[1].URL != server.URL+"/v1/metrics" {
		t.Errorf("to %s:\n%s\npreviewed:\n%s", list[1].URL, list[1].Report, preview)
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
	if list, _ := s.Journal(); len(list) != 1 || !strings.HasPrefix(list[0].Outcome, "not delivered") {
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
