package panel_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/panel"
)

// askable posts the form beside an identifier on the page.
func (h *house) askable(t *testing.T, identifier string) *http.Request {
	t.Helper()
	w := h.do(httptest.NewRequest("GET", mounted+"/", nil))
	fields := url.Values{"decision": {"earlier"}}
	for _, part := range strings.Split(section(w.Body.String(), "details"), "<form") {
		if strings.Contains(part, `name="identifier" value="`+identifier+`"`) {
			for _, f := range hidden.FindAllStringSubmatch(part, -1) {
				fields.Set(f[1], f[2])
			}
		}
	}
	if fields.Get("identifier") == "" {
		t.Fatalf("the page has no form for %s:\n%s", identifier, section(w.Body.String(), "details"))
	}
	return form(fields.Encode())
}

func ask(body string) *http.Request {
	r := httptest.NewRequest("POST", mounted+"/api/erasure", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// twice is an installation that was turned off after a report, and on again, with
// another report. Its receiver answers with status.
func twice(t *testing.T) (h *house, first, second string, status *atomic.Int32) {
	t.Helper()
	status = new(atomic.Int32)
	status.Store(http.StatusOK)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(receiver.Close)
	h = open(t, receiver.URL, nil)
	var ids []string
	for _, d := range []consent.Decision{consent.Granted, consent.Denied, consent.Granted} {
		h.save(t, d, 1)
		if d == consent.Granted {
			if err := h.stats.Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, h.stats.Status().InstallGUID)
		}
	}
	return h, ids[0], ids[1], status
}

// TestAskToEraseAnEarlierOne: the page offers it for the earlier identifier alone, says
// what became of it, and goes on counting.
func TestAskToEraseAnEarlierOne(t *testing.T) {
	for _, media := range []string{"form", "JSON"} {
		today := today(t)
		h, first, second, _ := twice(t)
		list := h.state(t).Erasures
		if len(list) != 1 || list[0]["identifier"] != first[:8] || list[0]["state"] != "none" || list[0]["can_ask"] != true ||
			list[0]["text"] != "Identifier "+first[:8]+"…, reports: "+today+". No request to erase them was made." {
			t.Fatalf("%s: got %v, want the earlier identifier, of which nothing was asked", media, list)
		}
		if media == "form" {
			w := h.do(h.askable(t, first[:8]))
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "./?asked="+first[:8] {
				t.Fatalf("got %d, %v:\n%.600s", w.Code, w.Header(), w.Body)
			}
			_, page := h.get(t, "/?asked="+first[:8])
			if want := "The request arrived on " + today + ". Exadel erases what was sent within 30 days of that."; strings.Count(page, want) != 2 {
				t.Errorf("the page does not say %q at its top and in its list", want)
			}
		} else if w := h.do(ask(`{"identifier":"` + first[:8] + `"}`)); w.Code != http.StatusOK || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("got %d:\n%.600s", w.Code, w.Body)
		}
		list = h.state(t).Erasures
		if len(list) != 1 || list[0]["state"] != "arrived" || list[0]["can_ask"] != false || !h.stats.Status().On || h.stats.Status().InstallGUID != second {
			t.Errorf("%s: got %v, on %v", media, list, h.stats.Status().On)
		}
		if w := h.do(ask(`{"identifier":"` + first[:8] + `"}`)); w.Code != http.StatusOK {
			t.Errorf("%s: asked again, got %d, want 200: it has arrived", media, w.Code)
		}
	}
}

// TestAskedAndNotArrived: a request that waits is said to wait, and is not said to be
// that of the identifier that was used last.
func TestAskedAndNotArrived(t *testing.T) {
	h, first, second, status := twice(t)
	status.Store(http.StatusServiceUnavailable)
	if w := h.do(ask(`{"identifier":"` + first[:8] + `"}`)); w.Code != http.StatusOK {
		t.Fatalf("got %d:\n%.400s", w.Code, w.Body)
	}
	h.do(form(h.pressed(t, "denied")))
	if got := h.identifier(t); got != copies {
		t.Errorf("the identifier is said to be %q, want %q", got, copies)
	}
	list := h.state(t).Erasures
	if len(list) != 2 || list[0]["identifier"] != second[:8] || list[0]["state"] != "none" || list[1]["identifier"] != first[:8] || list[1]["state"] != "pending" {
		t.Fatalf("got %v, want nothing asked of %s, and the request of %s waiting", list, second[:8], first[:8])
	}
	if text := list[1]["text"].(string); !strings.Contains(text, "has not arrived yet") {
		t.Errorf("got %q", text)
	}
	if w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`)); !strings.Contains(w.Body.String(), "No request to erase was made") {
		t.Errorf("the other's request is taken for this one's:\n%.300s", w.Body)
	}
}

// TestAskedAgain: where a request was given up and made anew, the date is the new one's,
// also where it was given up early. That of one that is over is not known.
func TestAskedAgain(t *testing.T) {
	today := today(t)
	h, first, _, status := twice(t)
	status.Store(http.StatusServiceUnavailable)
	asked := func() {
		t.Helper()
		if w := h.do(ask(`{"identifier":"` + first[:8] + `"}`)); w.Code != http.StatusOK {
			t.Fatalf("got %d:\n%.400s", w.Code, w.Body)
		}
	}
	asked()
	_ = h.stats.Shutdown(t.Context())
	day := func(days int) time.Time { return time.Now().UTC().AddDate(0, 0, days) }
	requests, _ := filepath.Glob(filepath.Join(h.dir, "erasure", "*.request"))
	entries, _ := filepath.Glob(filepath.Join(h.dir, "journal", "*.json"))
	if len(requests) != 1 || len(entries) != 3 {
		t.Fatalf("got the files %q and %q, want one request, and two reports with one attempt", requests, entries)
	}
	slices.Sort(entries)
	days := map[string]time.Time{"asked": day(-20), "time": day(-13)}
	for path, field := range map[string]string{requests[0]: "asked", entries[2]: "time"} { // tried for too long
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data = regexp.MustCompile(`"`+field+`": ?"[^"]+"`).ReplaceAll(data, fmt.Appendf(nil, `"%s":%q`, field, days[field].Format(time.RFC3339)))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again(t, h)
	says := func(state, want string) {
		t.Helper()
		if e := h.state(t).Erasures[0]; e["state"] != state || !strings.Contains(e["text"].(string), want) {
			t.Errorf("got %v: %v, want %s and %q", e["state"], e["text"], state, want)
		}
	}
	says("failed", "asked to erase. The request could not be delivered.")
	asked()
	says("pending", "asked to erase on "+today)
}

// TestAskedUnderAVeto: the request is kept, and the page says that it waits for the
// variable.
func TestAskedUnderAVeto(t *testing.T) {
	h, first, _, _ := twice(t)
	t.Setenv("DO_NOT_TRACK", "1")
	h.get(t, "/")
	if w := h.do(h.askable(t, first[:8])); w.Code != http.StatusSeeOther {
		t.Fatalf("got %d:\n%.600s", w.Code, w.Body)
	}
	_, page := h.get(t, "/?asked="+first[:8])
	for _, want := range []string{"a request to erase is kept here and was not sent yet", "is not sent while a variable turns statistics off"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, section(page, "details"))
		}
	}
}

// TestNothingWasSentSince: a request that was made before the latest yes is not the
// answer to a no that asks for another one.
func TestNothingWasSentSince(t *testing.T) {
	h := reported(t)
	h.do(form(h.pressed(t, "erase")))
	h.do(form(h.pressed(t, "granted")))
	if w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`)); !strings.Contains(w.Body.String(), "No request to erase was made") {
		t.Errorf("the earlier request is taken for this one's:\n%.300s", w.Body)
	}
}

// TestWhoMayAskToErase: who may look sees what stands and no button; another site and a
// form without the token ask nothing.
func TestWhoMayAskToErase(t *testing.T) {
	h, first, second, _ := twice(t)
	asked := h.askable(t, first[:8])
	asked.Header.Del("Cookie")
	crossed := ask(`{"identifier":"` + first[:8] + `"}`)
	crossed.Header.Set("Sec-Fetch-Site", "cross-site")
	for name, c := range map[string]struct {
		r    *http.Request
		want int
	}{
		"a form without its cookie":  {asked, http.StatusForbidden},
		"another site":               {crossed, http.StatusForbidden},
		"the identifier in use":      {ask(`{"identifier":"` + second[:8] + `"}`), http.StatusConflict},
		"an identifier of no one":    {ask(`{"identifier":"00000000"}`), http.StatusConflict},
		"no identifier":              {ask(`{"identifier":""}`), http.StatusConflict},
		"a number":                   {ask(`{"identifier":1}`), http.StatusBadRequest},
		"another field":              {ask(`{"identifier":"` + first[:8] + `","x":1}`), http.StatusBadRequest},
		"nothing":                    {ask(``), http.StatusBadRequest},
		"an answer in a form's name": {form("decision=earlier&notice=1&seen=x&identifier=" + first[:8]), http.StatusForbidden},
	} {
		if w := h.do(c.r); w.Code != c.want {
			t.Errorf("%s: got %d, want %d\n%.300s", name, w.Code, c.want, w.Body)
		}
	}
	h.may = panel.Look
	if w := h.do(ask(`{"identifier":"` + first[:8] + `"}`)); w.Code != http.StatusForbidden {
		t.Errorf("who may look asks: got %d, want 403", w.Code)
	}
	list := h.state(t).Erasures
	if _, page := h.get(t, "/"); len(list) != 1 || list[0]["state"] != "none" || list[0]["can_ask"] != false || strings.Contains(page, "<form") {
		t.Errorf("who may look gets %v, and a form: %v", list, strings.Contains(page, "<form"))
	}
}

// TestWhoDecided: it is kept with each decision, in what can be kept, and shown to
// those who may change alone.
func TestWhoDecided(t *testing.T) {
	who := "account 7\n" + strings.Repeat("é", 80)
	kept := "account 7" + strings.Repeat("é", 45)
	h := open(t, "", func(h *house) { h.config.Who = func(*http.Request) string { return who } })
	if r, yes := h.SignedUp(ticked("on", "1")); !yes || r.By != kept {
		t.Errorf("at sign-up: got %q, want %q", r.By, kept)
	}
	h.do(form(h.pressed(t, "granted")))
	h.do(put(`{"decision":"denied","notice":1}`))
	for _, r := range h.records(t) {
		if r.By != kept {
			t.Errorf("got %q, want %q", r.By, kept)
		}
	}
	if len(h.records(t)) != 2 {
		t.Fatalf("got the records %v, want two", h.records(t))
	}
	for _, right := range []panel.Right{panel.Change, panel.Look, panel.Nothing} {
		h.may = right
		for _, path := range []string{"/", "/api/state", "/evidence.json", "/api/signup", "/api/preview"} {
			w := h.do(httptest.NewRequest("GET", mounted+path, nil))
			shown := strings.Count(w.Body.String(), kept)
			if want := right == panel.Change && (path == "/" || path == "/api/state" || path == "/evidence.json"); (shown == 2) != want || !want && shown != 0 {
				t.Errorf("%s, right %d: got it %d times, want it there: %v", path, right, shown, want)
			}
		}
	}
	w := httptest.NewRecorder()
	h.Notice().ServeHTTP(w, httptest.NewRequest("GET", "/statistics/", nil))
	if strings.Contains(w.Body.String(), "account 7") {
		t.Error("members see who decided")
	}
}
