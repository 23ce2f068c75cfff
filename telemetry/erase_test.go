package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/affiliate"
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
	if err := s.Erase(t.Context(), nil); err != nil {
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
	if err := s.Erase(t.Context(), nil); err == nil || server.count() != 2 {
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
	if err := s.Erase(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "record a no first") {
		t.Errorf("undecided: %v", err)
	}
	s.decide(t, consent.Granted)
	if err := s.Erase(t.Context(), nil); err == nil || !s.Status().On {
		t.Errorf("granted: %v, on %v", err, s.Status().On)
	}
	s.decide(t, consent.Denied)
	if err := s.Erase(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "no identifier is kept") {
		t.Errorf("after the identifier was destroyed: %v", err)
	}
	if server.count() != 0 {
		t.Errorf("%d requests", server.count())
	}
	var none *Client
	if none.Erase(t.Context(), nil) == nil || new(Client).Erase(t.Context(), nil) == nil {
		t.Error("a client that is none erased something")
	}
}

// ripe makes a request due.
func (s *setup) ripe(t *testing.T, guid string) {
	t.Helper()
	if err := s.changeErasure(uuid.MustParse(guid), func(e *erasure) { e.Next = time.Time{} }); err != nil {
		t.Fatal(err)
	}
}

// A request that does not arrive is tried again after a restart, and given up
// in the open after 14 days.
func TestEraseLater(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	guid := s.Status().InstallGUID
	server.mu.Lock()
	server.status = http.StatusServiceUnavailable
	server.mu.Unlock()
	s.refuse(t)
	if err := s.Erase(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "has not arrived yet") {
		t.Fatalf("error %v", err)
	}
	if got := s.Status().Erasure; !strings.Contains(got, "not delivered yet, tried once, until ") {
		t.Errorf("status %q", got)
	}
	if got := holding(t, s.dir, guid); !slices.Equal(got, []string{"erasure/requests.json"}) {
		t.Errorf("the identifier is in %q", got)
	}
	s.restart(t)
	server.mu.Lock()
	server.status = http.StatusOK
	server.mu.Unlock()
	t.Setenv("DO_NOT_TRACK", "1")
	if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err == nil || server.count() != 1 {
		t.Errorf("under a veto: %v, %d requests", err, server.count())
	}
	t.Setenv("DO_NOT_TRACK", "")
	if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err == nil || server.count() != 1 {
		t.Errorf("tried at once again, as if another process had not: %v, %d requests", err, server.count())
	}
	s.ripe(t, guid)
	if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err != nil || len(holding(t, s.dir, guid)) != 0 {
		t.Errorf("error %v, the identifier is in %q", err, holding(t, s.dir, guid))
	}
	if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err == nil || server.count() != 2 {
		t.Errorf("delivered twice: %v, %d requests", err, server.count())
	}
}

func TestEraseGivesUp(t *testing.T) {
	for name, test := range map[string]struct {
		after time.Duration
		tries int
		gives bool
	}{
		"a moment before": {patienceToErase - time.Minute, 0, false},
		"at 14 days":      {patienceToErase, 0, true},
		"long after":      {10 * patienceToErase, 0, true},
		"clock went back": {-50 * 365 * 24 * time.Hour, 0, false},
		"and stays there": {-50 * 365 * 24 * time.Hour, maxTries, true},
		"one try fewer":   {-50 * 365 * 24 * time.Hour, maxTries - 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := receive(t)
			s := start(t, server.URL, nil)
			s.decide(t, consent.Granted)
			s.heard(t)
			guid := s.Status().InstallGUID
			server.CloseClientConnections()
			server.Close()
			s.refuse(t)
			if err := s.Erase(t.Context(), nil); err == nil {
				t.Fatal("nobody was there")
			}
			if err := s.changeErasure(uuid.MustParse(guid), func(e *erasure) { e.Asked, e.Tries = e.Asked.Add(-test.after), test.tries }); err != nil {
				t.Fatal(err)
			}
			_ = s.tryErasure(t.Context(), uuid.MustParse(guid))
			gone := len(holding(t, s.dir, guid)) == 0
			if said := strings.Contains(s.Status().Erasure, "given up on"); gone != test.gives || said != test.gives {
				t.Errorf("identifier gone %v, status %q", gone, s.Status().Erasure)
			}
		})
	}
}

// A request that is damaged, holds an identifier that we never make, or is
// another product's or for another receiver, is never sent.
func TestErasureThatCannotBeTrusted(t *testing.T) {
	const good = `"asked":"2999-01-01T00:00:00Z"}]`
	for name, text := range map[string]string{
		"empty":          "",
		"garbage":        "\x00\x01",
		"version 1":      `[{"install_guid":"560eee90-5fca-11eb-988b-0242ac120003","product":"CompreFace","url":"URL",` + good,
		"nil":            `[{"install_guid":"00000000-0000-0000-0000-000000000000","product":"CompreFace","url":"URL",` + good,
		"other product":  `[{"install_guid":"560eee90-5fca-41eb-988b-0242ac120003","product":"Shop","url":"URL",` + good,
		"other receiver": `[{"install_guid":"560eee90-5fca-41eb-988b-0242ac120003","product":"CompreFace","url":"https://elsewhere.example/",` + good,
		"too large":      strings.Repeat(" ", 70_000),
		"no list":        `{}`,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, listenDeaf(t).url(), nil)
			if err := os.MkdirAll(s.erasureDir(), 0o700); err != nil {
				t.Fatal(err)
			}
			text = strings.ReplaceAll(text, "URL", s.gate.URL())
			if err := os.WriteFile(s.erasurePath(), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s.restart(t)
			if slices.ContainsFunc(s.erasures(), s.mine) {
				t.Errorf("would ask: %+v", s.erasures())
			}
			if err := s.tryErasure(t.Context(), uuid.MustParse("560eee90-5fca-41eb-988b-0242ac120003")); err == nil {
				t.Error("sent")
			}
		})
	}
}

// Two requests stand side by side, and each is asked for.
func TestEraseTwice(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	var guids []string
	for range 2 {
		server.mu.Lock()
		server.status = http.StatusServiceUnavailable
		server.mu.Unlock()
		s.decide(t, consent.Granted)
		s.heard(t)
		guids = append(guids, s.Status().InstallGUID)
		s.refuse(t)
		if err := s.Erase(t.Context(), nil); err == nil {
			t.Fatal("refused, and yet it arrived")
		}
	}
	server.mu.Lock()
	server.status, server.reports = http.StatusOK, nil
	server.mu.Unlock()
	for i, guid := range guids {
		s.ripe(t, guid)
		if err := s.tryErasure(t.Context(), uuid.MustParse(guid)); err != nil {
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

// A product never asks about another one's identifier.
func TestEraseOfAnotherProduct(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	config := s.config
	config.Catalog, config.Consent = affiliate.Catalog, always(consent.Denied, 1)
	other, err := Init(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Erase(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "not surely this product's") {
		t.Errorf("error %v", err)
	}
	if !s.Status().On || s.Status().InstallGUID == "" || s.ledgerIsGone() {
		t.Errorf("the other product is %+v", s.Status())
	}
}

func (s *setup) ledgerIsGone() bool { return !exists(filepath.Join(s.dir, "headcount.totals")) }

// What cannot be peeked at is destroyed all the same.
func TestEraseOfDamagedTotals(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	_ = s.Shutdown(t.Context())
	if err := os.Truncate(filepath.Join(s.dir, "headcount.totals"), 100); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DO_NOT_TRACK", "1")
	s.restart(t)
	s.refuse(t)
	if err := s.Erase(t.Context(), nil); err == nil || !s.ledgerIsGone() {
		t.Errorf("error %v, files %q", err, files(t, s.dir))
	}
}

// Shutdown ends a request that is on its way.
func TestShutdownEndsErasure(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, nil)
	s.decide(t, consent.Granted)
	s.heard(t)
	held := make(chan struct{})
	server.mu.Lock()
	server.held = held
	server.mu.Unlock()
	s.refuse(t)
	erased := make(chan error)
	go func() { erased <- s.Erase(context.Background(), nil) }()
	<-held
	_ = s.Shutdown(t.Context())
	if err := <-erased; err == nil {
		t.Error("it says that the request arrived")
	}
}

// What a careless reader asked for before is in no report.
func TestSizesAreNotKept(t *testing.T) {
	server := receive(t)
	s := start(t, server.URL, func(c *Config) { c.CountLocally = true })
	things := []int64{1, 1, 1}
	s.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return things, nil })
	if _, err := s.Producer().Produce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Preview(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	things = []int64{1}
	s.decide(t, consent.Granted)
	r := s.agreed()
	for range 2 { // the report that is due, and the same again
		figures, err := s.figures(t.Context(), r, askForReport)
		if err != nil || figures.Values[3][1] != 1 {
			t.Errorf("%d, %v", figures.Values, err)
		}
		things = []int64{1, 1}
	}
}

func FuzzErasure(f *testing.F) {
	f.Add([]byte(`[{"install_guid":"560eee90-5fca-41eb-988b-0242ac120003","product":"CompreFace","asked":"2026-01-01T00:00:00Z","tries":3}]`))
	f.Add([]byte(`[{"asked":"x"}]`))
	c := &Client{config: Config{Dir: f.TempDir(), Catalog: compreface.Catalog}}
	if err := os.Mkdir(c.erasureDir(), 0o700); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(c.erasurePath(), data, 0o600); err != nil {
			t.Fatal(err)
		}
		for _, e := range c.erasures() {
			if e.GUID != nil && (e.GUID.Version() != 4 || !json.Valid(data)) {
				t.Errorf("trusted %q", data)
			}
		}
		_, _, _ = c.erasureStatus()
	})
}
