package panel_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/panel"
)

// damage makes the file one that no process of ours can have written.
func damage(t testing.TB, h *house) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, "consent.json"), []byte(`{"version":1,`), 0o600); err != nil {
		t.Fatal(err)
	}
}

func at(d consent.Decision, days int, where string) consent.Record {
	return consent.Record{Decision: d, Notice: 1, Time: time.Now().AddDate(0, 0, -days), Where: where}
}

// How things stand, in words, and why; and what can be done about it.
func TestStatus(t *testing.T) {
	today := today(t)
	const nothing = " Nothing is counted or sent."
	for name, c := range map[string]struct {
		change  func(*house)
		env     [2]string
		status  string
		buttons string
	}{
		"none": {nil, [2]string{}, "No decision has been made." + nothing, "granted denied"},
		"yes":  {func(h *house) { h.save(t, consent.Granted, 1) }, [2]string{}, "On since " + today + ", for notice 1.", "denied erase"},
		"no":   {func(h *house) { h.save(t, consent.Denied, 1) }, [2]string{}, "Turned off on " + today + " (test)." + nothing, "granted"},
		"no, and nothing says where": {func(h *house) { _ = h.decisions.Save(context.Background(), at(consent.Denied, 0, "")) }, [2]string{},
			"Turned off on " + today + "." + nothing, "granted"},
		"yes, and counted only since today": {func(h *house) { _ = h.decisions.Save(context.Background(), at(consent.Granted, 10, "test")) }, [2]string{},
			"On since " + today + ", for notice 1.", "denied erase"},
		"changed": {func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) }, [2]string{},
			"You are asked again: a person agreed to notice 1, and the notice is now 2." + nothing, "granted denied"},
		"downgraded": {func(h *house) { h.save(t, consent.Granted, 3) }, [2]string{},
			"You are asked again: a person agreed to notice 3, and the notice is now 1." + nothing, "granted denied"},
		"veto": {nil, [2]string{"DO_NOT_TRACK", "1"}, "The variable DO_NOT_TRACK in the environment turns statistics off." + nothing, ""},
		"veto after a yes": {func(h *house) { h.save(t, consent.Granted, 1) }, [2]string{"DO_NOT_TRACK", "1"},
			"The variable DO_NOT_TRACK in the environment turns statistics off." + nothing, "denied erase"},
		"off":      {nil, [2]string{"COMPREFACE_TELEMETRY", "off"}, "The variable COMPREFACE_TELEMETRY in the environment turns statistics off." + nothing, ""},
		"a typo":   {nil, [2]string{"COMPREFACE_TELEMETRY", "of"}, "The variable COMPREFACE_TELEMETRY in the environment turns statistics off." + nothing, ""},
		"accepted": {nil, [2]string{"COMPREFACE_TELEMETRY", "accept:1"}, "On since " + today + ", for notice 1.", "denied erase"},
		"accepted an older one": {func(h *house) { upgraded(h, 2) }, [2]string{"COMPREFACE_TELEMETRY", "accept:1"},
			"The variable COMPREFACE_TELEMETRY accepts notice 1, and the notice is now 2." + nothing, "granted denied"},
		"damaged": {func(h *house) { h.save(t, consent.Granted, 1); damage(t, h) }, [2]string{},
			"The decision cannot be read, so nothing is counted or sent. The log of the product says why.", "granted denied"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			h := open(t, "", c.change)
			if got := h.status(t); got != c.status {
				t.Errorf("status %q, want %q", got, c.status)
			}
			if got := strings.Join(h.buttons(t), " "); got != c.buttons {
				t.Errorf("buttons %q, want %q", got, c.buttons)
			}
		})
	}
}

// What another process decided is acted on when the page is shown.
func TestDecidedElsewhere(t *testing.T) {
	h := open(t, "", nil)
	for _, d := range []consent.Decision{consent.Granted, consent.Denied} {
		if err := h.decisions.Save(t.Context(), consent.Record{Decision: d, Notice: 1, Where: "elsewhere"}); err != nil {
			t.Fatal(err)
		}
		on, want := d == consent.Granted, map[bool]string{true: "On since", false: "Turned off on"}
		if got := h.status(t); !strings.HasPrefix(got, want[on]) || h.stats.Status().On != on {
			t.Errorf("after %v elsewhere: got %q, on %v", d, got, h.stats.Status().On)
		}
	}
}

// A decision that cannot be recorded is not claimed.
func TestNotKept(t *testing.T) {
	for _, decision := range []string{"granted", "denied"} {
		h := open(t, "", func(h *house) { h.config.Decisions = &broken{File: h.decisions, err: errors.New("disk <full>")} })
		w := h.do(form(h.pressed(t, decision)))
		body := w.Body.String()
		if w.Code != 500 || !strings.Contains(body, "could not be recorded") || strings.Contains(body, "decision is recorded") || strings.Contains(body, "disk") {
			t.Errorf("%s: %d\n%s", decision, w.Code, body)
		}
		if w = h.do(put(`{"decision":"` + decision + `","notice":1,"seen":"` + h.state(t).Seen + `"}`)); w.Code != 500 || !strings.Contains(w.Body.String(), "could not be recorded") {
			t.Errorf("%s: %d\n%s", decision, w.Code, w.Body)
		}
		if h.stats.Status().On {
			t.Error("it is on")
		}
	}
}

// And when it cannot be acted on either, the page does not say that it was
// recorded.
func TestNeitherKeptNorActedOn(t *testing.T) {
	for _, decision := range []string{"denied", "erase"} {
		h := open(t, "", func(h *house) { h.save(t, consent.Granted, 1) })
		pressed, file := h.pressed(t, decision), filepath.Join(h.dir, "consent.json")
		b := &broken{File: h.decisions, err: errors.New("disk full")}
		b.during = func() {
			if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o700)); err != nil {
				t.Error(err)
			}
		}
		h.config.Decisions = b
		p, err := panel.New(h.config)
		if err != nil {
			t.Fatal(err)
		}
		h.Handler = http.StripPrefix(mounted, p)
		w := h.do(form(pressed))
		if body := w.Body.String(); w.Code != 500 || !strings.Contains(body, "could not be recorded") ||
			strings.Contains(body, "decision is recorded") {
			t.Errorf("%s: %d\n%s", decision, w.Code, body)
		}
		if h.stats.Status().On {
			t.Error("it is on")
		}
	}
}

type broken struct {
	*consent.File
	err    error
	during func()
}

func (b *broken) Save(context.Context, consent.Record) error {
	if b.during != nil {
		b.during()
	}
	return b.err
}

// An address cannot make the page say that something was done.
func TestNothingIsClaimed(t *testing.T) {
	h := open(t, "", nil)
	for _, query := range []string{"?recorded", "?recorded&asked=12345678", "?recorded=%3Cscript%3E"} {
		if _, page := h.get(t, "/"+query); strings.Contains(page, `role="status"`) || strings.Contains(page, "<script") {
			t.Errorf("%s: the page says that something was decided", query)
		}
	}
}
