package panel_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/consent"
	"headcount.example/panel"
)

// readers are functions of the application that read a form, also in a way that takes
// the body.
var readers = map[string]func(*http.Request) string{
	"FormValue":     func(r *http.Request) string { return r.FormValue("lang") },
	"PostFormValue": func(r *http.Request) string { return r.PostFormValue("lang") },
	"the body":      func(r *http.Request) string { _, _ = r.Body.Read(make([]byte, 1<<20)); return r.Header.Get("X") },
}

// A no is taken, with a posted form, where Language, Who or both read the request.
func TestNoWhereTheFormIsRead(t *testing.T) {
	for name, read := range readers {
		for which, set := range map[string]func(*panel.Config){
			"Language": func(c *panel.Config) { c.Language = read },
			"Who":      func(c *panel.Config) { c.Who = read },
			"both":     func(c *panel.Config) { c.Language, c.Who = read, read },
		} {
			h := open(t, "", func(h *house) {
				h.save(t, consent.Granted, 1)
				set(&h.config)
			})
			w := h.do(form(h.pressed(t, "denied")))
			if w.Code != http.StatusSeeOther || h.stats.Status().On || len(h.records(t)) != 2 {
				t.Errorf("%s reads %s: got %d, on %v, %d records, want 303, off, 2", which, name, w.Code, h.stats.Status().On, len(h.records(t)))
			}
			if w := h.do(form("decision=denied&notice=1&seen=" + strings.Repeat("x", 5000))); w.Code != http.StatusRequestEntityTooLarge {
				t.Errorf("%s reads %s: got %d for a large form, want 413", which, name, w.Code)
			}
			if w := h.do(form("decision=denied%zz")); w.Code != http.StatusBadRequest {
				t.Errorf("%s reads %s: got %d for a malformed form, want 400", which, name, w.Code)
			}
			if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != http.StatusOK {
				t.Errorf("%s reads %s: got %d for a no in JSON, want 200", which, name, w.Code)
			}
		}
	}
}

// A sign-up form that Language and Who read too keeps its tick, and what the
// application reads after them.
func TestSignUpWhereTheFormIsRead(t *testing.T) {
	for name, read := range readers {
		h := open(t, "", func(h *house) { h.config.Language, h.config.Who = read, read })
		r := signUpForm(url.Values{"headcount_consent": {"on"}, "headcount_notice": {"1"}, "lang": {"de"}, "name": {"Ann"}}.Encode())
		row := string(h.SignUp(httptest.NewRecorder(), r))
		if !strings.Contains(row, " checked>") {
			t.Errorf("%s: the tick is lost", name)
		}
		if german := strings.Contains(row, `lang="de"`); german != strings.HasSuffix(name, "FormValue") {
			t.Errorf("%s: got German %v", name, german)
		}
		if _, yes := h.SignedUp(r); !yes || r.FormValue("name") != "Ann" {
			t.Errorf("%s: got a yes %v and the name %q, want true and Ann", name, yes, r.FormValue("name"))
		}
	}
}

// A function that hangs shares nothing with the request that goes on: for the race
// detector.
func TestHungFunctionHasItsOwnRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release, done := make(chan bool), make(chan bool)
		h := open(t, "", func(h *house) {
			h.config.Language = func(r *http.Request) string {
				<-release
				defer close(done)
				r.Form.Set("name", "x")
				r.PostForm.Set("name", "x")
				r.Header.Set("X", "x")
				return r.FormValue("lang")
			}
		})
		h.Panel.SetTimeout(100 * time.Millisecond)
		r := signUpForm(url.Values{"headcount_consent": {"on"}, "headcount_notice": {"1"}, "name": {"Ann"}}.Encode())
		_ = h.SignUp(httptest.NewRecorder(), r)
		close(release)
		if got := r.FormValue("name"); got != "Ann" || r.Header.Get("X") != "" {
			t.Errorf("got the name %q, want Ann", got)
		}
		<-done
	})
}
