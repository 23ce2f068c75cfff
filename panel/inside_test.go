package panel_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/bucketing"
	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
)

// TestHidden: the application's own token is in every form, and does not disturb
// an answer.
func TestHidden(t *testing.T) {
	h := counting(t, func(h *house) {
		h.config.Hidden = func(*http.Request) template.HTML { return `<input type="hidden" name="csrf" value="abc">` }
	})
	_, page := h.get(t, "/")
	if forms, tokens := strings.Count(page, "<form"), strings.Count(page, `name="csrf"`); forms != 2 || tokens != forms {
		t.Errorf("got %d forms and %d tokens, want 2 and 2", forms, tokens)
	}
	if no := h.pressed(t, "denied"); !strings.Contains(no, "csrf=abc") || h.do(form(no)).Code != http.StatusSeeOther || h.stats.Status().On {
		t.Errorf("an answer with the application's token is not taken: %s", no)
	}

	// A check that reads the form leaves no body.
	h = counting(t, nil)
	r := form(h.pressed(t, "denied"))
	if r.FormValue("decision") != "denied" {
		t.Fatal("the form has no decision")
	}
	if w := h.do(r); w.Code != http.StatusSeeOther || h.stats.Status().On {
		t.Errorf("got %d for a form that was read before, want the answer taken", w.Code)
	}
}

// TestLayout: the content stands in the application's page, which has its own
// policy.
func TestLayout(t *testing.T) {
	h := open(t, "", func(h *house) {
		h.config.Layout = func(w http.ResponseWriter, _ *http.Request, status int, title string, content template.HTML) {
			w.Header().Set("Content-Security-Policy", "style-src 'nonce-x'")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<host><h1>" + template.HTMLEscapeString(title) + "</h1>" + string(content) + "</host>"))
		}
	})
	for path, status := range map[string]int{"/": http.StatusOK, "/nothing": http.StatusNotFound} {
		w := h.do(httptest.NewRequest("GET", mounted+path, nil))
		body := w.Body.String()
		if w.Code != status || !strings.HasPrefix(body, "<host><h1>Usage statistics of CompreFace</h1>") || strings.Contains(body, "<html") ||
			strings.Contains(body, "style=") || w.Header().Get("Content-Security-Policy") != "style-src 'nonce-x'" {
			t.Errorf("%s: %d, %v\n%.300s", path, w.Code, w.Header(), body)
		}
	}
}

// TestBanner: it asks who may decide and has not, ticks nothing, and is quiet after
// "later", which is no decision.
func TestBanner(t *testing.T) {
	h := open(t, "", func(h *house) { h.config.Home = "/home" })
	banner := func(cookies ...*http.Cookie) string {
		r := httptest.NewRequest("GET", "/", nil)
		for _, c := range cookies {
			r.AddCookie(c)
		}
		return string(h.Banner(httptest.NewRecorder(), r, mounted+"/"))
	}
	asks := banner()
	for _, part := range []string{"Exadel", "Kept", `value="granted"`, `value="denied"`, `value="later"`, `action="` + mounted + `/decide"`} {
		if part != "Kept" && !strings.Contains(asks, part) {
			t.Errorf("the banner has no %s:\n%s", part, asks)
		}
	}
	if strings.Contains(asks, "checkbox") {
		t.Error("the banner has a box")
	}
	h.may = panel.Look
	if banner() != "" {
		t.Error("who may not decide is asked")
	}
	h.may = panel.Change
	fields := url.Values{"decision": {"later"}}
	for _, f := range hidden.FindAllStringSubmatch(asks, -1) {
		fields.Add(f[1], f[2])
	}
	w := h.do(form(fields.Encode()))
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/home" || len(h.records(t)) != 0 || len(w.Result().Cookies()) != 1 {
		t.Errorf("later: %d, %v", w.Code, w.Header())
	}
	if banner(w.Result().Cookies()...) != "" {
		t.Error("it asks again after later")
	}
	fields.Set("decision", "granted")
	if w := h.do(form(fields.Encode())); w.Code != http.StatusSeeOther || !h.stats.Status().On || h.records(t)[0].Where != "banner" {
		t.Errorf("yes: %d, %v", w.Code, h.records(t))
	}
	if banner() != "" {
		t.Error("it asks after a decision")
	}
}

// TestSignUpInJSON: the question is there for who is not logged in, and what was
// ticked is a yes only to the notice in force.
func TestSignUpInJSON(t *testing.T) {
	h := open(t, "", nil)
	h.may = panel.Nothing
	var q struct {
		Ask                                       bool
		Notice                                    int
		Label, Help, Lead, Why, Kept, Undo, Never string
		Document                                  []map[string]any
	}
	code, body := h.get(t, "/api/signup")
	if err := json.Unmarshal([]byte(body), &q); err != nil || code != http.StatusOK {
		t.Fatalf("%d %v\n%s", code, err, body)
	}
	if !q.Ask || q.Notice != 1 || q.Label == "" || q.Help == "" || q.Lead == "" || q.Why == "" || q.Kept == "" || q.Undo == "" || q.Never == "" || len(q.Document) < 5 {
		t.Errorf("the question is not whole: %s", body)
	}
	r := httptest.NewRequest("POST", "/api/users", nil)
	for _, c := range []struct {
		ticked bool
		notice int
		want   bool
	}{{true, 1, true}, {false, 1, false}, {true, 2, false}, {true, 0, false}} {
		if _, yes := h.SignedUpJSON(r, c.ticked, c.notice); yes != c.want {
			t.Errorf("ticked %v, notice %d: got %v, want %v", c.ticked, c.notice, yes, c.want)
		}
	}
	h.save(t, consent.Denied, 1)
	if _, yes := h.SignedUpJSON(r, true, 1); yes {
		t.Error("a tick outvotes a no")
	}
}

// TestSignUpAgain: after a mistake elsewhere in the form the box is as the person
// left it.
func TestSignUpAgain(t *testing.T) {
	h := open(t, "", nil)
	for box, want := range map[string]bool{"on": true, "yes": false} {
		if got := strings.Contains(string(h.SignUp(httptest.NewRecorder(), ticked(box, "1"))), " checked>"); got != want {
			t.Errorf("%s: ticked is %v, want %v", box, got, want)
		}
	}
	if strings.Contains(string(h.SignUp(httptest.NewRecorder(), ticked("on", "2"))), " checked>") {
		t.Error("a tick for another notice is shown")
	}
}

// TestNotice: everybody may read what is sent, and sees no identifier and no way to
// decide; so does who may not look, with 403.
func TestNotice(t *testing.T) {
	h := reported(t)
	id := h.stats.Status().InstallGUID
	w := httptest.NewRecorder()
	h.Notice().ServeHTTP(w, httptest.NewRequest("GET", "/statistics/", nil))
	h.may = panel.Nothing
	refused := h.do(httptest.NewRequest("GET", mounted+"/", nil))
	for want, w := range map[int]*httptest.ResponseRecorder{http.StatusOK: w, http.StatusForbidden: refused} {
		body := w.Body.String()
		if w.Code != want || !strings.Contains(body, "Only an administrator can change this.") || !strings.Contains(body, "The full text of notice 1") {
			t.Errorf("got %d, want %d:\n%.600s", w.Code, want, body)
		}
		if strings.Contains(body, id) || strings.Contains(body, id[:8]) || strings.Contains(body, "<form") || strings.Contains(body, ": 12<") {
			t.Error("it shows more than the notice")
		}
		if list := section(body, "counted"); strings.Contains(list, "you agreed") || !strings.Contains(list, "The total since statistics were turned on.") {
			t.Errorf("the list says that its reader agreed, who may not decide:\n%s", list)
		}
	}
}

// TestEvidence: one file holds the notice with its hash, the decisions, what was
// sent and the variables.
func TestEvidence(t *testing.T) {
	t.Setenv("OTEL_SDK_DISABLED", "false")
	h := reported(t)
	var file struct {
		Text, SHA256 string
		Decisions    []consent.Record
		Sent         []struct{ Request []byte }
		Variables    map[string]string
	}
	code, body := h.get(t, "/evidence.json")
	if err := json.Unmarshal([]byte(body), &file); err != nil || code != http.StatusOK {
		t.Fatalf("%d %v", code, err)
	}
	notice, _ := compreface.Catalog.Notice()
	sum := sha256.Sum256(notice)
	if file.Text != string(notice) || file.SHA256 != hex.EncodeToString(sum[:]) || len(file.Decisions) != 1 || file.Variables["OTEL_SDK_DISABLED"] != "false" {
		t.Errorf("the file is not whole:\n%.500s", body)
	}
	entries, err := h.stats.Journal()
	if err != nil || len(file.Sent) != 1 || string(file.Sent[0].Request) != string(entries[0].Report.Request) {
		t.Errorf("the report in it is not the one that was sent: %v", err)
	}
}

// TestEraseTooLate: yes, report, off, and then a no with a request to erase: none is
// made, and the page says so and offers to ask.
func TestEraseTooLate(t *testing.T) {
	h := reported(t)
	id := h.stats.Status().InstallGUID
	h.do(form(h.pressed(t, "denied")))
	w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`))
	body := w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(body, "No request to erase was made") || strings.Contains(body, "arrived on") {
		t.Errorf("got %d:\n%.400s", w.Code, body)
	}
	if s := h.state(t); len(s.Erasures) != 1 || s.Erasures[0]["state"] != "none" || s.Erasures[0]["identifier"] != id[:8] {
		t.Errorf("the state says %v", s.Erasures)
	}
	if _, page := h.get(t, "/"); !strings.Contains(section(page, "details"), "Ask to erase what was sent under "+id[:8]) {
		t.Error("the page does not offer to ask")
	}
}

// TestEraseOfAnEarlierOne: a request that arrived for one identifier is not shown as
// the next one's.
func TestEraseOfAnEarlierOne(t *testing.T) {
	h := reported(t)
	first := h.stats.Status().InstallGUID
	h.do(form(h.pressed(t, "erase")))
	h.do(form(h.pressed(t, "granted")))
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := h.stats.Status().InstallGUID
	h.do(form(h.pressed(t, "denied")))
	if w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`)); !strings.Contains(w.Body.String(), "No request to erase was made") {
		t.Errorf("it is said to be done:\n%.400s", w.Body)
	}
	list := h.state(t).Erasures
	if len(list) != 2 || list[0]["identifier"] != second[:8] || list[0]["state"] != "none" || list[1]["identifier"] != first[:8] || list[1]["state"] != "arrived" {
		t.Errorf("got %v", list)
	}
}

// TestChanges: the lists of two notices are compared, in sentences.
func TestChanges(t *testing.T) {
	albums := catalog.NewRangeGauge("compreface.album.count", "{album}", catalog.Text{Title: "Albums", Description: "Albums, by size.", Question: "How large are albums?"}, "compreface.album.range", bucketing.Faces)
	services := catalog.NewCounter("compreface.service.created", "{service}", catalog.Text{Title: "Services created", Description: "A service was created, by type.", Question: "Which types of service are popular?"},
		catalog.OneOf("compreface.service.type", "FACE_DETECTION", "FACE_VERIFICATION", "FACE_SWAP"))
	about := compreface.About
	about.Recipient, about.ReportDays = "Example Ltd", 60
	earlier, err := compreface.Catalog.JSON()
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, "", func(h *house) {
		h.save(t, consent.Granted, 1)
		h.config.Catalog = catalog.New("CompreFace", 2, about, compreface.UserCreated, services, compreface.Collections, albums)
		h.config.Earlier = [][]byte{earlier}
	})
	want := []string{
		"Recipient: before “Exadel”, now “Example Ltd”.",
		"How long data is kept: before “reports 30 days, figures of one installation 400 days, erasure within 30 days”, now “reports 60 days, figures of one installation 400 days, erasure within 30 days”.",
		"Services created: also sent by face swap.", "Services created: no longer sent by face recognition.",
		"New: Albums. Albums, by size.", "No longer sent: Applications created.",
	}
	got := h.state(t).Changes
	for i, line := range want {
		if i >= len(got) || got[i] != line {
			t.Errorf("got %q, want %q", got, want)
			break
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d changes, want %d: %q", len(got), len(want), got)
	}
	if _, page := h.get(t, "/"); !strings.Contains(section(page, "status"), "No longer sent: Applications created.") {
		t.Error("the page does not say what changed")
	}
	h = open(t, "", func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) })
	if got := h.state(t).Changes; len(got) != 1 || !strings.Contains(got[0], "not at hand") {
		t.Errorf("without the earlier list it says %q", got)
	}
}

// TestSendNow: a report goes out when an administrator asks, and only while it is on.
func TestSendNow(t *testing.T) {
	h := counting(t, nil)
	if w := h.do(form(h.pressed(t, "send"))); w.Code != http.StatusSeeOther || len(h.state(t).Sent) != 1 {
		t.Errorf("got %d and %d reports, want 303 and 1", w.Code, len(h.state(t).Sent))
	}
	h.may = panel.Look
	r := httptest.NewRequest("POST", mounted+"/api/report", nil)
	if w := h.do(r); w.Code != http.StatusForbidden || len(h.state(t).Sent) != 1 {
		t.Errorf("who may look can send: %d", w.Code)
	}
	h.may = panel.Change
	h.do(form(h.pressed(t, "denied")))
	if w := h.do(httptest.NewRequest("POST", mounted+"/api/report", nil)); w.Code != http.StatusBadGateway || len(h.state(t).Sent) != 1 {
		t.Errorf("after a no: %d", w.Code)
	}
}

// deaf is a place whose History hangs and looks at no context.
type deaf struct {
	*consent.File
	out chan bool
}

func (d *deaf) History(context.Context) ([]consent.Record, error) {
	<-d.out
	return nil, nil
}

// TestNoWhileHistoryHangs: what happens while one decision is made is bounded, so the
// next one is answered as well, and this process is off.
func TestNoWhileHistoryHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		place := &deaf{out: make(chan bool)}
		h := open(t, "", func(h *house) {
			h.save(t, consent.Granted, 1)
			place.File = h.decisions
			h.config.Decisions = place
		})
		h.Panel.SetTimeout(300 * time.Millisecond)
		defer close(place.out)
		for range 3 { // the first leaves the lock to the second
			if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != http.StatusOK {
				t.Errorf("got %d, want 200: %.200s", w.Code, w.Body)
			}
		}
		if h.stats.Status().On {
			t.Error("got on after a no, want off")
		}
	})
}
