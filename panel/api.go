package panel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"headcount.example/consent"
)

// stateJSON is what GET api/state answers. Times are UTC; those that are not
// known are left out. Texts are in the language of the request.
type stateJSON struct {
	Product      string            `json:"product"`
	Recipient    string            `json:"recipient"`
	Notice       int               `json:"notice"` // in force; an answer must be to this one
	On           bool              `json:"on"`
	Status       string            `json:"status"` // in words, and why
	Decision     consent.Decision  `json:"decision"`
	Agreed       int               `json:"agreed,omitzero"` // the notice that was agreed to, in force or not
	Veto         bool              `json:"veto"`            // a variable's no
	MayChange    bool              `json:"may_change"`      // for the sender
	Seen         string            `json:"seen"`            // what stands, to be sent back with a yes
	CanErase     bool              `json:"can_erase"`       // a no can come with a request to erase what was sent
	InstallGUID  string            `json:"install_guid,omitzero"`
	Since        time.Time         `json:"since,omitzero"`
	NextReport   time.Time         `json:"next_report,omitzero"`
	LastReport   time.Time         `json:"last_report,omitzero"`
	NotDelivered string            `json:"not_delivered,omitzero"` // why the arrival of the newest report was not confirmed
	Changes      []string          `json:"changes"`                // since the notice that was agreed to
	Erasures     []erasure         `json:"erasures"`               // the newest first
	Sent         []sentJSON        `json:"sent"`                   // the newest first
	History      []consent.Record  `json:"history"`                // the newest last
	Texts        map[string]string `json:"texts"`
	questionJSON
}

// questionJSON is what a person has to know to decide.
type questionJSON struct {
	Language  string      `json:"language"`
	Direction string      `json:"direction"` // ltr or rtl
	Lead      string      `json:"lead"`
	Why       string      `json:"why"`
	Kept      string      `json:"kept"`
	Undo      string      `json:"undo"`
	Never     string      `json:"never"`
	Contact   string      `json:"contact"`
	Policy    string      `json:"policy"`
	Counted   []statistic `json:"counted"`
	Document  []blockJSON `json:"document"`   // the whole notice
	Own       bool        `json:"translated"` // false: the product's own sentences are English
}

// signUpJSON is what GET api/signup answers.
type signUpJSON struct {
	Ask         bool   `json:"ask"` // false: show no box
	Notice      int    `json:"notice"`
	Box         string `json:"box"`          // the field for what the person ticked
	NoticeField string `json:"notice_field"` // the field for the number of the notice
	Label       string `json:"label"`
	Help        string `json:"help"`
	questionJSON
}

type sentJSON struct {
	Time    time.Time `json:"time"`
	Outcome string    `json:"outcome"` // empty when it is not known
	Erasure bool      `json:"erasure"` // a request to erase, and not a report
	reportJSON
}

// reportJSON is a report, sent or not.
type reportJSON struct {
	URL       string          `json:"url"`
	Head      string          `json:"head"`
	Body      json.RawMessage `json:"body"` // decoded
	Bytes     int             `json:"bytes"`
	Sentences []string        `json:"sentences"`
}

// previewJSON is what GET api/preview answers.
type previewJSON struct {
	reportJSON
	Zeros        bool     `json:"zeros"`         // nothing is counted: zeros stand for the totals and the identifier
	SizesAsked   bool     `json:"sizes_asked"`   // the application was
	SizesMissing []string `json:"sizes_missing"` // the statistics whose sizes are not in it: not asked for, not said, or none
}

func inJSON(v report) reportJSON {
	out := reportJSON{URL: v.URL, Head: v.Head, Body: json.RawMessage(v.Body), Bytes: v.Bytes, Sentences: []string{}}
	for _, s := range v.Sentences {
		if !s.Example {
			out.Sentences = append(out.Sentences, s.Text)
		}
	}
	return out
}

// blockJSON is a heading, a paragraph, a list or a table.
type blockJSON struct {
	Heading string     `json:"heading,omitempty"`
	Text    string     `json:"text,omitempty"`
	Items   []string   `json:"items,omitempty"`
	Head    []string   `json:"head,omitempty"`
	Rows    [][]string `json:"rows,omitempty"`
}

func (t *tongue) question(o offer) questionJSON {
	var document []blockJSON
	for _, b := range o.Full {
		document = append(document, blockJSON(b))
	}
	return questionJSON{Language: t.Tag, Direction: t.Direction, Lead: o.Lead, Why: o.Why, Kept: o.Kept, Undo: o.Undo, Never: o.Never,
		Contact: o.About.Contact, Policy: o.About.Policy, Counted: o.Counted, Document: document, Own: o.Own}
}

// buttons are the texts of what an application of one page offers itself.
var buttons = []string{"panel.button.on", "panel.button.keepoff", "panel.button.keepoff.erase", "panel.button.off", "panel.button.off.erase",
	"panel.button.send", "panel.button.again", "panel.erase.help", "panel.erase.impossible", "panel.error.veto",
	"panel.kept", "panel.list", "panel.locked", "panel.on", "panel.off", "panel.once", "panel.preview", "panel.sent", "panel.title", "panel.undo", "panel.why"}

func (p *Panel) serveState(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	writeJSON(w, http.StatusOK, p.stateJSON(r, t, right))
}

func (p *Panel) stateJSON(r *http.Request, t *tongue, right Right) stateJSON {
	s := p.look(r.Context())
	var v page
	p.journal(t, s, &v, true)
	out := stateJSON{Product: p.config.Catalog.Product(), Recipient: t.about.Recipient, Notice: p.notice, Status: p.status(t, s),
		On: s.on(), Decision: s.decided.Decision, Veto: s.vetoed(), MayChange: right == Change, Seen: s.mark(), CanErase: s.client.CanErase,
		InstallGUID: s.client.InstallGUID, Since: s.client.Since, NextReport: s.client.NextReport, LastReport: v.Last,
		NotDelivered: said(s.client.LastError), Erasures: append([]erasure{}, v.Erasures...), Changes: []string{}, Sent: []sentJSON{},
		History: append([]consent.Record{}, s.history...), Texts: map[string]string{}, questionJSON: t.question(p.offer(t, s.on()))}
	if s.decided.Record.Decision == consent.Granted {
		out.Agreed = s.decided.Record.Notice
	}
	if s.outdated() {
		out.Changes = p.changes(t, out.Agreed)
	}
	for _, key := range buttons {
		out.Texts[strings.TrimPrefix(key, "panel.")] = t.Text(key, "product", out.Product, "recipient", out.Recipient, "days", t.days(t.about.ErasureDays))
	}
	for _, e := range v.Sent {
		out.Sent = append(out.Sent, sentJSON{e.Time, e.Outcome, e.Report.Erasure, inJSON(e.Report)})
	}
	return out
}

func (p *Panel) servePreview(w http.ResponseWriter, r *http.Request, t *tongue, _ Right) {
	asked := r.URL.Query().Has("sizes")
	next := p.preview(r.Context(), t, asked)
	if next.Fault {
		p.refuse(w, r, t, true, &refusal{status: http.StatusServiceUnavailable, key: "panel.preview.none"})
		return
	}
	writeJSON(w, http.StatusOK, previewJSON{inJSON(next), next.Zeros, asked, append([]string{}, next.Missing...)})
}

// serveQuestion is for a sign-up form that is made by a program. Who signs up is
// not logged in, so it shows no more than the form does.
func (p *Panel) serveQuestion(w http.ResponseWriter, r *http.Request, t *tongue, _ Right) {
	s := p.state(r.Context())
	label, help := t.Text("panel.signup.label", "recipient", t.about.Recipient), t.Text("panel.signup.help")
	writeJSON(w, http.StatusOK, signUpJSON{s.undecided() && !s.client.On, p.notice, boxField, noticeField, label, help, t.question(p.offer(t, false))})
}

func (p *Panel) serveReport(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	if err := p.send(r.Context()); err != nil {
		p.refuse(w, r, t, true, refuse(http.StatusBadGateway, "send"))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"state": p.stateJSON(r, t, right)})
}

// serveDecision takes {"decision":"granted","notice":1,"seen":"…"} or
// {"decision":"denied","notice":1,"erase":true} and answers with the state.
func (p *Panel) serveDecision(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	data, wrong := body(r, "application/json")
	if wrong != nil {
		p.refuse(w, r, t, true, wrong)
		return
	}
	a, err := parseJSON(data)
	if err != nil {
		malformed := strings.TrimSuffix(t.Text("panel.error.malformed"), ".") + ": " + err.Error() + "."
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": malformed})
		return
	}
	// Another site cannot send this: without our leave a browser sends it neither PUT
	// nor JSON. So a no needs nothing else, also behind a proxy that changes the Host.
	if a.decision != consent.Denied && p.cross.Check(r) != nil {
		p.refuse(w, r, t, true, refuse(http.StatusForbidden, "crosssite"))
		return
	}
	err = p.decide(r.Context(), a, "settings (API)")
	status, answered := http.StatusOK, map[string]any{}
	var refused *refusal
	var failed failure
	switch {
	case errors.As(err, &refused):
		status, answered["error"] = refused.status, t.Text(refused.key, refused.pairs...)
	case errors.As(err, &failed):
		status, answered["error"] = http.StatusInternalServerError, t.Text(failed.key)
	}
	state := p.stateJSON(r, t, right)
	if a.erase && err == nil && !requested(state.Erasures) {
		answered["note"] = t.Text("panel.erase.unasked")
	}
	answered["state"] = state
	writeJSON(w, status, answered)
}

// parseJSON understands one object with the fields decision and notice, seen
// if it is there, and erase with a no: each once, spelled like this, and
// nothing after it. The usual decoder would take the last of two decisions, and
// "DECISION" for one. Its errors are for the author of the requests.
func parseJSON(data []byte) (answer, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return answer{}, errors.New(`send one JSON object, such as {"decision":"denied","notice":1}`)
	}
	fields := map[string]any{}
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return answer{}, fmt.Errorf("it is not JSON: %w", err)
		}
		name, _ := key.(string)
		if _, twice := fields[name]; twice {
			return answer{}, fmt.Errorf("the field %.40q is there twice", name)
		}
		if fields[name], err = decoder.Token(); err != nil {
			return answer{}, fmt.Errorf("it is not JSON: %w", err)
		}
		if _, nested := fields[name].(json.Delim); nested {
			return answer{}, fmt.Errorf("the field %.40q is an object or a list, and no field may be one", name)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return answer{}, fmt.Errorf("it is not JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return answer{}, errors.New("something follows the object: send one object and nothing else")
	}
	return fromFields(fields)
}

// fromFields refuses fields that are missing, unknown, or of another kind.
func fromFields(fields map[string]any) (answer, error) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains([]string{"decision", "notice", "seen", "erase"}, name) {
			return answer{}, fmt.Errorf("the field %.40q is not known: there are decision, notice, seen and erase", name)
		}
	}
	var a answer
	switch fields["decision"] {
	case "granted":
		a.decision = consent.Granted
	case "denied":
		a.decision = consent.Denied
	default:
		return answer{}, errors.New(`the field decision must be "granted" or "denied"`)
	}
	digits, _ := fields["notice"].(json.Number)
	notice, ok := number(digits.String())
	if !ok {
		return answer{}, errors.New("the field notice must be the number of the notice that was read, such as 1")
	}
	a.notice = notice
	if seen, given := fields["seen"]; given {
		if a.seen, ok = seen.(string); !ok {
			return answer{}, errors.New("the field seen must be the text of that name in the state")
		}
	}
	if erase, given := fields["erase"]; given {
		if a.erase, ok = erase.(bool); !ok || a.erase && a.decision != consent.Denied {
			return answer{}, errors.New(`the field erase must be true or false, and may be true only with the decision "denied"`)
		}
	}
	return a, nil
}
