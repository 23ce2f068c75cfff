package panel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

func TestAskedTwice(t *testing.T) {
	for name, code := range map[string]int32{"arrived": 200, "waits": 503} {
		h, first, _, status := twice(t)
		status.Store(code)
		one, two := h.askable(t, first[:8]), h.askable(t, first[:8])
		if w := h.do(one); w.Code != http.StatusSeeOther {
			t.Fatalf("%s: got %d", name, w.Code)
		}
		w := h.do(two)
		if strings.Contains(w.Body.String(), "cannot be made here") {
			t.Errorf("%s: got %d and that a request cannot be made here, want what became of it", name, w.Code)
		}
	}
}

func TestEarlierOfAnotherReceiver(t *testing.T) {
	h, _, _, _ := twice(t)
	h.save(t, consent.Denied, 1)
	_ = h.stats.Shutdown(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }))
	defer server.Close()
	stats, err := telemetry.Init(telemetry.Config{Catalog: h.config.Catalog, Endpoint: server.URL, Dir: h.dir, Consent: h.decisions})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stats.Shutdown(context.Background()) }()
	h.config.Stats, h.stats = stats, stats
	if h.Panel, err = panel.New(h.config); err != nil {
		t.Fatal(err)
	}
	h.Handler = http.StripPrefix(mounted, h.Panel)
	for _, e := range h.state(t).Erasures {
		if e["can_ask"] == true {
			w := h.do(ask(fmt.Sprintf(`{"identifier":%q}`, e["identifier"])))
			if w.Code != http.StatusOK {
				t.Errorf("%v is offered: got %d %.120s, want 200, or no offer", e["identifier"], w.Code, w.Body)
			}
		}
	}
}

func TestRequestOfAnotherIdentifier(t *testing.T) {
	for name, code := range map[string]int32{"arrived": 200, "waits": 503} {
		h, first, _, status := twice(t)
		h.save(t, consent.Denied, 1)
		h.save(t, consent.Granted, 1) // a third one, that reports nothing
		time.Sleep(6 * time.Second)   // records in a second rise by one second each
		status.Store(code)
		if w := h.do(ask(`{"identifier":"` + second(h, t, first) + `"}`)); w.Code != http.StatusOK {
			t.Fatalf("got %d", w.Code)
		}
		if w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`)); !strings.Contains(w.Body.String(), "No request to erase was made") {
			t.Errorf("%s: the other's request is taken for this one's", name)
		}
		t.Logf("identifier: %q", h.identifier(t))
	}
}

func second(h *house, t *testing.T, first string) string {
	for _, e := range h.state(t).Erasures {
		if e["identifier"] != first[:8] {
			return e["identifier"].(string)
		}
	}
	t.Fatal("none")
	return ""
}

func TestRequestUnderAClockAhead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(200)
	}))
	defer server.Close()
	h := open(t, server.URL, nil)
	if err := h.decisions.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 1, Time: time.Now().Add(10 * time.Minute), Where: "other host"}); err != nil {
		t.Fatal(err)
	}
	if err := h.stats.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`))
	list := h.state(t).Erasures
	if strings.Contains(w.Body.String(), "No request to erase was made") {
		t.Errorf("got the note that no request was made; the journal says %v", list[0]["text"])
	}
}

func TestTakenBackByNoOne(t *testing.T) {
	s := &slow{}
	h := open(t, "", func(h *house) {
		s.File = h.decisions
		h.config.Decisions, h.config.Who = s, func(*http.Request) string { return "account 7" }
	})
	yes := put(h.yes(t, 1))
	s.after = func() { s.blind = true }
	h.do(yes)
	s.blind = false
	for _, r := range h.records(t) {
		if r.Decision == consent.Denied && r.By != "" {
			t.Errorf("got a no by %q, who said yes; want no name", r.By)
		}
	}
}

func TestWhoPanics(t *testing.T) {
	h := open(t, "", func(h *house) {
		h.config.Who = func(*http.Request) string { panic("the session is gone") }
	})
	h.save(t, consent.Granted, 1)
	func() {
		defer func() { _ = recover() }() // as net/http does
		h.do(put(`{"decision":"denied","notice":1}`))
	}()
	if h.stats.Status().On {
		t.Error("got on after a no, want off")
	}
}

var _ = errors.New

func TestNoClientNoIdentifier(t *testing.T) {
	h := open(t, "", nil)
	if err := h.decisions.Save(t.Context(), consent.Record{Decision: consent.Granted, Notice: 2, Where: "test"}); err != nil {
		t.Fatal(err)
	}
	h.config.Stats, h.stats = nil, nil
	var err error
	if h.Panel, err = panel.New(h.config); err != nil {
		t.Fatal(err)
	}
	h.Handler = http.StripPrefix(mounted, h.Panel)
	if got := h.identifier(t); strings.HasPrefix(got, "kept") {
		t.Errorf("got %q, want that it is not known: there is no client, and no identifier", got)
	}
}

// TestWhatIsStillSent: the page does not say that nothing is sent while a request to
// erase is tried again, and says it where a variable holds the request back.
func TestWhatIsStillSent(t *testing.T) {
	const nothing, erasing = "Nothing is counted or sent.", "Nothing is counted, and nothing but the request to erase is sent."
	h, _, _, receiver := twice(t)
	receiver.Store(http.StatusServiceUnavailable)
	w := h.do(form(h.pressed(t, "erase")))
	if _, page := h.get(t, "/"+strings.TrimPrefix(w.Header().Get("Location"), "./")); !strings.Contains(page, "The request has not arrived yet.") {
		t.Fatalf("the outcome does not say that the request is tried again:\n%.1000s", page)
	}
	for veto, c := range map[string][2]string{"": {erasing, nothing}, "1": {nothing, erasing}} {
		t.Setenv("DO_NOT_TRACK", veto)
		if got := h.status(t); !strings.HasSuffix(got, " "+c[0]) || strings.Contains(got, c[1]) {
			t.Errorf("DO_NOT_TRACK=%q: got %q, want %q at its end", veto, got, c[0])
		}
	}
}

// TestOnceADay: the sign-up and the card say that an administrator can send a report too.
func TestOnceADay(t *testing.T) {
	h := open(t, "", nil)
	for _, off := range []bool{true, false} {
		if !off {
			h.save(t, consent.Granted, 1)
		}
		_, page := h.get(t, "/")
		if want := "gets one small report once a day, and when an administrator sends one: "; !strings.Contains(section(page, "status"), want) {
			t.Errorf("off %v: the card does not say %q", off, want)
		}
		if row := h.row(t); off && !strings.Contains(row, "Once a day, and when an administrator sends a report: ") {
			t.Errorf("the row at sign-up does not say that an administrator can send a report:\n%.900s", row)
		}
	}
}
