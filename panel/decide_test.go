package panel_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"headcount.example/consent"
)

// What is not a clear answer changes nothing, and the page says so.
func TestMalformedIsNotAnAnswer(t *testing.T) {
	h := open(t, "", nil)
	for _, r := range []*http.Request{form(""), form("decision=yes&notice=1&seen=x"), form("decision=granted&notice=1"),
		put(""), put("null"), put(`{"decision":"granted"}`), put(`{"notice":1}`), put(`{"decision":"granted","notice":1}{}`)} {
		w := h.do(r)
		if w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", r.Method, w.Code)
		}
		if r.Method == "POST" && !strings.Contains(w.Body.String(), "Nothing has changed.") {
			t.Errorf("the page says\n%s", w.Body)
		}
	}
	if len(h.records(t)) != 0 {
		t.Error("something was decided")
	}
}

// An answer to another notice than the one in force is refused, whichever it
// is, and nothing changes.
func TestOutdatedNotice(t *testing.T) {
	old := open(t, "", nil)
	stale := old.pressed(t, "granted")
	for _, state := range []consent.Decision{consent.Undecided, consent.Granted, consent.Denied} {
		h := open(t, "", func(h *house) {
			upgraded(h, 2)
			if state != consent.Undecided {
				h.save(t, state, 2)
			}
		})
		before, was := h.records(t), h.status(t)
		for _, r := range []*http.Request{form(stale), form("decision=denied&notice=1&seen=x"), form("decision=erase&notice=3&seen=x"),
			put(`{"decision":"granted","notice":1}`), put(`{"decision":"denied","notice":1}`), put(`{"decision":"granted","notice":3}`)} {
			w := h.do(r)
			if w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "the notice is now 2") {
				t.Errorf("%v: %s: %d\n%.300s", state, r.Method, w.Code, w.Body)
			}
		}
		if len(h.records(t)) != len(before) || h.status(t) != was {
			t.Errorf("%v: an outdated answer changed something", state)
		}
	}
}

// A form sent again does not bring back what was taken back since.
func TestReplayedYes(t *testing.T) {
	h := open(t, "", nil)
	yes := h.pressed(t, "granted")
	for range 2 { // twice is once
		if w := h.do(form(yes)); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
	}
	no := h.pressed(t, "denied")
	for range 2 {
		if w := h.do(form(no)); w.Code != http.StatusSeeOther {
			t.Fatalf("%d", w.Code)
		}
	}
	if w := h.do(form(yes)); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "Another decision was made after") {
		t.Errorf("an old yes: %d", w.Code)
	}
	if list := h.records(t); len(list) != 2 || h.stats.Status().On {
		t.Errorf("the records are %v", list)
	}
	// A no is taken from a page however old.
	h.do(form(h.pressed(t, "granted")))
	if w := h.do(form(no)); w.Code != http.StatusSeeOther || h.stats.Status().On {
		t.Errorf("an old no: %d", w.Code)
	}
}

// Nor does an answer in JSON: a yes says what stood when it was given.
func TestReplayedYesInJSON(t *testing.T) {
	h := open(t, "", nil)
	yes := h.yes(t, 1)
	for range 2 { // twice is once
		if w := h.do(put(yes)); w.Code != http.StatusOK {
			t.Fatalf("%d\n%s", w.Code, w.Body)
		}
	}
	for _, no := range []string{`{"decision":"denied","notice":1}`, `{"decision":"denied","notice":1,"seen":"x"}`} {
		if w := h.do(put(no)); w.Code != http.StatusOK {
			t.Fatalf("%s: %d\n%s", no, w.Code, w.Body)
		}
	}
	for body, why := range map[string]string{
		yes: "Another decision was made after",
		`{"decision":"granted","notice":1,"seen":"x"}`: "Another decision was made after",
		`{"decision":"granted","notice":1}`:            "send the field seen",
		`{"decision":"granted","notice":1,"seen":""}`:  "send the field seen",
	} {
		if w := h.do(put(body)); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), why) {
			t.Errorf("%s: %d\n%s", body, w.Code, w.Body)
		}
	}
	if list := h.records(t); len(list) != 2 || h.stats.Status().On {
		t.Errorf("the records are %v", list)
	}
	if w := h.do(put(h.yes(t, 1))); w.Code != http.StatusOK || !h.stats.Status().On {
		t.Errorf("a yes to what stands: %d\n%s", w.Code, w.Body)
	}
}

// Under a veto there is no yes, and a no is taken.
func TestVeto(t *testing.T) {
	h := open(t, "", nil)
	yes := h.pressed(t, "granted")
	t.Setenv("DO_NOT_TRACK", "1")
	for _, r := range []*http.Request{form(yes), put(h.yes(t, 1))} {
		if w := h.do(r); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "turns statistics off") {
			t.Errorf("%s: %d", r.Method, w.Code)
		}
	}
	if len(h.records(t)) != 0 {
		t.Error("a yes was recorded under a veto")
	}
	if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != http.StatusOK || len(h.records(t)) != 1 {
		t.Errorf("a no under a veto: %d", w.Code)
	}
}

// Erasing is told as it went.
func TestErase(t *testing.T) {
	status := http.StatusOK
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	for answer, want := range map[int]string{
		http.StatusOK:                  "The request arrived on",
		http.StatusServiceUnavailable:  "has not arrived yet",
		http.StatusInternalServerError: "has not arrived yet",
	} {
		h := open(t, receiver.URL, func(h *house) { h.save(t, consent.Granted, 1) })
		status = http.StatusOK
		if err := h.stats.Flush(t.Context()); err != nil { // so that there is something to erase
			t.Fatal(err)
		}
		status = answer
		guid := h.stats.Status().InstallGUID
		pressed := h.pressed(t, "erase")
		of := "./?recorded&asked=" + guid[:8]
		for _, want := range []string{of, "./?recorded&asked="} { // the second one finds nothing in use
			w := h.do(form(pressed))
			if w.Code != http.StatusSeeOther || w.Header().Get("Location") != want {
				t.Fatalf("%d: got %d to %q, want %q\n%s", answer, w.Code, w.Header().Get("Location"), want, w.Body)
			}
		}
		_, page := h.get(t, of[1:])
		if told := section(page, "details"); !strings.Contains(told, want) || !strings.Contains(told, "Identifier "+guid[:8]+"…") || strings.Contains(told, guid) || h.stats.Status().On {
			t.Errorf("%d: the page says\n%s", answer, told)
		}
		idle := "kept only to ask for erasure"
		if answer == http.StatusOK {
			idle = copies
		}
		if got := h.identifier(t); got != idle {
			t.Errorf("%d: the identifier is said to be %q", answer, got)
		}
		outcome, _, _ := strings.Cut(page, `id="hc-status"`)
		if !strings.Contains(outcome, `role="status"`) || !strings.Contains(outcome, "The decision is recorded. Identifier "+guid[:8]+"…") || !strings.Contains(outcome, want) {
			t.Errorf("%d: got the outcome\n%s\nwant that the decision is recorded, and %q", answer, outcome, want)
		}
		if sent := section(page, "sent"); !strings.Contains(sent, "headcount.erasure.requested") || !strings.Contains(sent, guid) {
			t.Errorf("%d: the journal shows\n%s", answer, sent)
		}
	}
}

// The same form twice is one answer, also when nothing was ever sent.
func TestEraseTwice(t *testing.T) {
	h := open(t, "", func(h *house) { h.save(t, consent.Granted, 1) })
	pressed := h.pressed(t, "erase")
	for range 2 {
		if w := h.do(form(pressed)); w.Code != http.StatusSeeOther || h.stats.Status().On {
			t.Errorf("%d\n%s", w.Code, w.Body)
		}
	}
	if len(h.records(t)) != 2 {
		t.Errorf("the records are %v", h.records(t))
	}
}

// Where the product's own variable says no already, asking is not done twice.
func TestEraseUnderItsOwnVariable(t *testing.T) {
	h := open(t, "", func(h *house) { h.save(t, consent.Granted, 1) })
	t.Setenv("COMPREFACE_TELEMETRY", "off")
	w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`))
	if w.Code != http.StatusOK || len(h.records(t)) != 2 || h.stats.Status().On {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

// Where there is nothing to erase the page does not say that it asked.
func TestNothingToErase(t *testing.T) {
	h := open(t, "", nil)
	w := h.do(put(`{"decision":"denied","notice":1,"erase":true}`))
	if w.Code != http.StatusOK || strings.Contains(w.Body.String(), `"erasure"`) {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if list := h.records(t); len(list) != 1 || list[0].Decision != consent.Denied {
		t.Errorf("the no is lost: %v", list)
	}
	_, page := h.get(t, "/?recorded&asked=")
	if !strings.Contains(page, "No request to erase was made") {
		t.Error("the page does not say that there is no request")
	}
}

// Sixty-four people at once: every answer is taken or refused, and what the
// client does at the end is what was decided last.
func TestManyAtOnce(t *testing.T) {
	h := open(t, "", nil)
	forms := []string{h.pressed(t, "granted"), "decision=denied&notice=1&seen=x", "decision=granted&notice=2&seen=x", "decision=&notice=1"}
	yes := h.yes(t, 1)
	var wait sync.WaitGroup
	for i := range 64 {
		wait.Go(func() {
			var r *http.Request
			switch i % 8 {
			case 6:
				r = put(yes)
			case 7:
				r = httptest.NewRequest("GET", mounted+"/", nil)
			default:
				r = form(forms[i%4])
			}
			if w := h.do(r); w.Code >= 500 {
				t.Errorf("%s: %d\n%s", r.Method, w.Code, w.Body)
			}
		})
	}
	wait.Wait()
	list := h.records(t)
	if len(list) == 0 {
		t.Fatal("nothing was decided")
	}
	if last := list[len(list)-1]; h.stats.Status().On != (last.Decision == consent.Granted) {
		t.Errorf("the last decision is %v, and on is %v", last.Decision, h.stats.Status().On)
	}
	for i, r := range list[1:] {
		if r.Decision == list[i].Decision {
			t.Errorf("the same decision twice: %v", list)
		}
	}
}

func TestSeenIsOfTheNewestRecord(t *testing.T) {
	h := open(t, "", nil)
	fields := func() string {
		v, _ := url.ParseQuery(h.pressed(t, h.buttons(t)[0]))
		return v.Get("seen")
	}
	marks := map[string]bool{fields(): true}
	for _, d := range []consent.Decision{consent.Granted, consent.Denied, consent.Granted} {
		h.save(t, d, 1)
		marks[fields()] = true
	}
	if len(marks) != 4 {
		t.Errorf("%d marks of 4 states", len(marks))
	}
}
