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

// damage makes the file one that nobody can have written.
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
	today := time.Now().UTC().Format("2 January 2006")
	for name, c := range map[string]struct {
		change  func(*house)
		env     [2]string
		status  string
		buttons string
	}{
		"nobody": {nil, [2]string{}, "Off – nobody has decided", "granted denied"},
		"yes":    {func(h *house) { h.save(t, consent.Granted, 1) }, [2]string{}, "On since " + today + " for notice 1", "denied erase"},
		"no":     {func(h *house) { h.save(t, consent.Denied, 1) }, [2]string{}, "Off – somebody said no on " + today + " (test)", "granted"},
		"no, and nothing says where": {func(h *house) { _ = h.decisions.Save(context.Background(), at(consent.Denied, 0, "")) }, [2]string{},
			"Off – somebody said no on " + today, "granted"},
		"yes, and counted only since today": {func(h *house) { _ = h.decisions.Save(context.Background(), at(consent.Granted, 10, "test")) }, [2]string{},
			"On since " + today + " for notice 1", "denied erase"},
		"changed":    {func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) }, [2]string{}, "Off – the notice changed: agreed to notice 1, now 2", "granted denied"},
		"downgraded": {func(h *house) { h.save(t, consent.Granted, 3) }, [2]string{}, "Off – the notice changed: agreed to notice 3, now 1", "granted denied"},
		"veto":       {nil, [2]string{"DO_NOT_TRACK", "1"}, "Off – DO_NOT_TRACK is set", ""},
		"veto after a yes": {func(h *house) { h.save(t, consent.Granted, 1) }, [2]string{"DO_NOT_TRACK", "1"},
			"Off – DO_NOT_TRACK is set", "denied erase"},
		"off":      {nil, [2]string{"COMPREFACE_TELEMETRY", "off"}, "Off – COMPREFACE_TELEMETRY is off", ""},
		"a typo":   {nil, [2]string{"COMPREFACE_TELEMETRY", "of"}, "Off – COMPREFACE_TELEMETRY is &#34;of&#34;, which means off: the only yes is accept:&lt;notice&gt;", ""},
		"accepted": {nil, [2]string{"COMPREFACE_TELEMETRY", "accept:1"}, "On since " + today + " for notice 1", "denied erase"},
		"accepted an older one": {func(h *house) { upgraded(h, 2) }, [2]string{"COMPREFACE_TELEMETRY", "accept:1"},
			"Off – COMPREFACE_TELEMETRY accepts notice 1, now 2", "granted denied"},
		"damaged": {func(h *house) { h.save(t, consent.Granted, 1); damage(t, h) }, [2]string{},
			"Off – cannot read the recorded decision: ", "granted denied"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.env[0] != "" {
				t.Setenv(c.env[0], c.env[1])
			}
			h := open(t, "", c.change)
			if got := h.status(t); got != c.status && !(name == "damaged" && strings.HasPrefix(got, c.status)) {
				t.Errorf("status %q, want %q", got, c.status)
			}
			if got := strings.Join(h.buttons(t), " "); got != c.buttons {
				t.Errorf("buttons %q, want %q", got, c.buttons)
			}
		})
	}
}

func TestOutcomeEndsWithAFullStop(t *testing.T) {
	h := open(t, "", nil)
	h.save(t, consent.Denied, 1)
	if _, page := h.get(t, "/?recorded"); !strings.Contains(page, "(test).</span></p>") {
		t.Error("the outcome does not end with one full stop")
	}
}

// What another process decided is shown, and not what this one still does.
func TestDecidedElsewhere(t *testing.T) {
	h := open(t, "", nil)
	elsewhere := func(d consent.Decision) {
		if err := h.decisions.Save(context.Background(), consent.Record{Decision: d, Notice: 1, Where: "elsewhere"}); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere(consent.Granted)
	if got := h.status(t); got != "Agreed to notice 1, but nothing is counted here – This process has not acted on the decision yet." {
		t.Errorf("after a yes elsewhere: %q", got)
	}
	if _, page := h.get(t, "/?recorded"); !strings.Contains(page, "has not acted on the decision yet.</span></p>") {
		t.Error("the outcome does not end with one full stop")
	}
	if w := h.do(form(h.pressed(t, "granted"))); w.Code != 303 || !strings.HasPrefix(h.status(t), "On since") {
		t.Errorf("after trying again: %q", h.status(t))
	}
	if len(h.records(t)) != 1 {
		t.Errorf("trying again is a decision: %v", h.records(t))
	}
	elsewhere(consent.Denied)
	if got := h.status(t); !strings.HasPrefix(got, "This process still counts. What was decided: Off – somebody said no") {
		t.Errorf("after a no elsewhere: %q", got)
	}
	if _, page := h.get(t, "/"); !strings.Contains(page, "This process has not acted on the decision yet") {
		t.Error("the page does not say that this process has not acted")
	}
	if w := h.do(form(h.pressed(t, "denied"))); w.Code != 303 || !strings.HasPrefix(h.status(t), "Off – somebody said no") || h.stats.Status().On {
		t.Errorf("after turning off here as well: %q", h.status(t))
	}
}

// A decision that cannot be recorded is not claimed.
func TestNotKept(t *testing.T) {
	for _, decision := range []string{"granted", "denied"} {
		h := open(t, "", func(h *house) { h.config.Decisions = &broken{File: h.decisions, err: errors.New("disk <full>")} })
		w := h.do(form(h.pressed(t, decision)))
		body := w.Body.String()
		if w.Code != 500 || !strings.Contains(body, "could not be recorded: disk &lt;full&gt;") || strings.Contains(body, "decision is recorded") {
			t.Errorf("%s: %d\n%s", decision, w.Code, body[:900])
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
		if body := w.Body.String(); w.Code != 500 || !strings.Contains(body, "could not be recorded: disk full") ||
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
	for _, query := range []string{"?recorded", "?recorded=erase", "?recorded=%3Cscript%3E"} {
		if _, page := h.get(t, "/"+query); strings.Contains(page, `role="status"`) || strings.Contains(page, "<script") {
			t.Errorf("%s: the page says that something was decided", query)
		}
	}
}
