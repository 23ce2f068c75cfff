package panel_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"headcount.example/panel"
)

type apiState struct {
	Product, Recipient, Status, Decision string
	Seen                                 string
	Notice, Agreed                       int
	On, Veto                             bool
	MayChange                            bool             `json:"may_change"`
	InstallGUID                          string           `json:"install_guid"`
	NextReport                           string           `json:"next_report"`
	LastReport                           string           `json:"last_report"`
	Counted, Sent, History, Erasures     []map[string]any // never null
	Changes                              []string
}

func (h *house) state(t *testing.T) (s apiState) {
	t.Helper()
	code, body := h.get(t, "/api/state")
	if err := json.Unmarshal([]byte(body), &s); err != nil || code != http.StatusOK {
		t.Fatalf("%d: %v\n%s", code, err, body)
	}
	if strings.Contains(body, "null") {
		t.Errorf("the state has a null:\n%s", body)
	}
	return s
}

func TestAPI(t *testing.T) {
	h := counting(t, nil)
	h.do(put(`{"decision":"denied","notice":1}`))
	if s := h.state(t); s.On || s.Decision != "denied" || s.InstallGUID != "" || s.NextReport != "" || !s.MayChange || s.Notice != 1 {
		t.Errorf("after a no: %+v", s)
	}
	w := h.do(put(h.yes(t, 1)))
	var answered struct {
		State apiState
		Error string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answered); err != nil || w.Code != http.StatusOK || !answered.State.On || answered.Error != "" {
		t.Errorf("%d: %v\n%s", w.Code, err, w.Body)
	}
	if w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("type %q", w.Header().Get("Content-Type"))
	}
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := h.state(t)
	if !s.On || s.Decision != "granted" || s.Agreed != 1 || s.InstallGUID == "" || s.NextReport == "" || s.LastReport == "" ||
		len(s.Counted) != 4 || len(s.Sent) != 1 || len(s.History) != 3 || !strings.HasPrefix(s.Status, "On since ") || s.Recipient != "Exadel" {
		t.Errorf("after a yes: %+v", s)
	}
	h.may = panel.Look
	if s := h.state(t); s.MayChange {
		t.Error("a person who may look may change")
	}
	w = h.do(put(`{"decision":"denied","notice":1}`))
	if w.Code != http.StatusForbidden || !json.Valid(w.Body.Bytes()) || !h.state(t).On {
		t.Errorf("a person who may look changed something: %d", w.Code)
	}
}

func TestAPIPreview(t *testing.T) {
	h := counting(t, nil)
	next, err := h.stats.Preview(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		URL, Head string
		Body      any
		Bytes     int
		Sentences []string
	}
	code, body := h.get(t, "/api/preview?sizes")
	if err := json.Unmarshal([]byte(body), &got); err != nil || code != http.StatusOK {
		t.Fatalf("%d: %v", code, err)
	}
	decoded, _ := json.Marshal(got.Body)
	var same any
	_ = json.Unmarshal(next.JSON, &same)
	again, _ := json.Marshal(same)
	if got.Head != next.Head || got.Bytes != len(next.Request) || string(decoded) != string(again) || len(got.Sentences) != len(next.Points)+2 {
		t.Errorf("the preview is\n%s", body)
	}
}

// The preview says where a report goes as the journal says where it went: the
// whole address, also when the connection is not encrypted.
func TestPreviewSaysWhereTo(t *testing.T) {
	h := counting(t, nil)
	var next struct{ URL string }
	_, body := h.get(t, "/api/preview")
	if err := json.Unmarshal([]byte(body), &next); err != nil {
		t.Fatal(err)
	}
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := h.state(t).Sent
	if len(sent) != 1 || sent[0]["url"] != next.URL || !strings.HasPrefix(next.URL, "http://127.0.0.1:") || !strings.HasSuffix(next.URL, "/v1/metrics") {
		t.Errorf("the preview goes to %q, sent was %v", next.URL, sent)
	}
	_, page := h.get(t, "/")
	for _, id := range []string{"preview", "sent"} {
		if !strings.Contains(section(page, id), "Request line and headers, sent to "+next.URL+"<") {
			t.Errorf("%s does not say %q", id, next.URL)
		}
	}
}

// A client that is not there has no preview, and the page says why.
func TestWithoutClient(t *testing.T) {
	config := open(t, "", nil).config
	config.Stats = nil
	p, err := panel.New(config)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Panel: p, Handler: http.StripPrefix(mounted, p)}
	code, page := h.get(t, "/")
	if code != http.StatusOK || !strings.Contains(section(page, "preview"), "There is no preview") {
		t.Errorf("%d\n%s", code, page)
	}
	if code, _ := h.get(t, "/api/preview"); code != http.StatusServiceUnavailable {
		t.Errorf("%d", code)
	}
	if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != http.StatusOK {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

// The author of the requests is told what is wrong with one, and what would
// be right.
func TestAPISaysWhatIsWrong(t *testing.T) {
	h := open(t, "", nil)
	mistyped, wrong := put("{}"), put("{}")
	mistyped.Header.Set("Content-Type", "text/plain")
	wrong.Method = "POST"
	for want, r := range map[string]*http.Request{
		`send one JSON object, such as {"decision":"denied","notice":1}.`: put("[]"),
		`it is not JSON: `:                          put(`{"decision":"denied" "notice":1}`),
		`the field "notice" is there twice.`:        put(`{"decision":"denied","notice":1,"notice":1}`),
		`the field "notice" is an object or a list`: put(`{"decision":"denied","notice":[1]}`),
		`the field "Seen" is not known: there are decision, notice, seen and erase.`:           put(`{"decision":"denied","notice":1,"Seen":"x"}`),
		`the field decision must be "granted" or "denied".`:                                    put(`{"decision":"yes","notice":1}`),
		`the field notice must be the number of the notice that was read, such as 1.`:          put(`{"decision":"denied","notice":"1"}`),
		`the field seen must be the text of that name in the state.`:                           put(`{"decision":"granted","notice":1,"seen":1}`),
		`the field erase must be true or false, and may be true only with the decision "denie`: put(`{"decision":"granted","notice":1,"erase":true}`),
		`something follows the object`:                                                         put(`{"decision":"denied","notice":1}{}`),
		`understood here, which is application/json.`:                                          mistyped,
		`The request is larger than 4096 bytes.`:                                               put(strings.Repeat(" ", 5000)),
		`What can be done: PUT.`:                                                               wrong,
		`The answer was to notice 2, and the notice is now 1.`:                                 put(`{"decision":"denied","notice":2}`),
	} {
		w := h.do(r)
		var said struct{ Error string }
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code < 400 || w.Code >= 500 || !strings.Contains(said.Error, want) {
			t.Errorf("%d, %v: %s\ndoes not say %q", w.Code, err, w.Body, want)
		}
	}
	if len(h.records(t)) != 0 {
		t.Error("something was decided")
	}
}
