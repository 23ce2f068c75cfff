package panel

import (
	"bytes"
	"context"
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
// known are left out.
type stateJSON struct {
	Product      string           `json:"product"`
	Recipient    string           `json:"recipient"`
	Notice       int              `json:"notice"` // in force; an answer must be to this one
	On           bool             `json:"on"`
	Status       string           `json:"status"` // in words, and why
	Decision     consent.Decision `json:"decision"`
	Agreed       int              `json:"agreed,omitzero"` // the notice that was agreed to, in force or not
	Veto         bool             `json:"veto"`            // a variable's no
	MayChange    bool             `json:"may_change"`      // for the sender
	Seen         string           `json:"seen"`            // what stands, to be sent back with a yes
	CanErase     bool             `json:"can_erase"`       // a no can come with a request to erase what was sent
	InstallGUID  string           `json:"install_guid,omitzero"`
	Since        time.Time        `json:"since,omitzero"`
	NextReport   time.Time        `json:"next_report,omitzero"`
	LastReport   time.Time        `json:"last_report,omitzero"`
	NotDelivered string           `json:"not_delivered,omitzero"` // why the arrival of the newest report was not confirmed
	Erasure      string           `json:"erasure,omitzero"`
	Counted      []countedJSON    `json:"counted"`
	Changes      []changeJSON     `json:"changes"`
	Sent         []sentJSON       `json:"sent"`    // the newest first
	History      []consent.Record `json:"history"` // the newest last
}

type countedJSON struct {
	Name   string   `json:"name"`
	Says   string   `json:"says"`
	Kind   string   `json:"kind"`
	Labels []string `json:"labels"`
}

type changeJSON struct {
	Notice int    `json:"notice"`
	Text   string `json:"text"`
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
	return reportJSON{URL: v.URL, Head: v.Head, Body: json.RawMessage(v.Body), Bytes: v.Bytes, Sentences: v.Sentences}
}

func (p *Panel) serveState(w http.ResponseWriter, r *http.Request, right Right) {
	writeJSON(w, http.StatusOK, p.stateJSON(r.Context(), right))
}

func (p *Panel) stateJSON(ctx context.Context, right Right) stateJSON {
	s := p.state(ctx)
	var v page
	p.journal(&v, true)
	out := stateJSON{Product: p.config.Catalog.Product(), Recipient: p.config.Recipient, Notice: p.notice,
		On: s.on(), Decision: s.decided.Decision, Veto: s.vetoed(), MayChange: right == Change, Seen: s.mark(), CanErase: s.client.CanErase,
		InstallGUID: s.client.InstallGUID, Since: s.client.Since, NextReport: s.client.NextReport, LastReport: v.Last,
		NotDelivered: words(s.client.LastError), Erasure: s.client.Erasure,
		Counted: []countedJSON{}, Changes: []changeJSON{}, Sent: []sentJSON{}, History: append([]consent.Record{}, s.history...)}
	out.Status, _ = p.status(s)
	if s.decided.Record.Decision == consent.Granted {
		out.Agreed = s.decided.Record.Notice
	}
	for _, c := range p.counted() {
		out.Counted = append(out.Counted, countedJSON{c.Name, c.Says, c.Kind, append([]string{}, c.Labels...)})
	}
	for _, c := range p.changes(s) {
		out.Changes = append(out.Changes, changeJSON(c))
	}
	for _, e := range v.Sent {
		if e.Report.Fault == "" {
			out.Sent = append(out.Sent, sentJSON{e.Time, e.Outcome, e.Report.Erasure, inJSON(e.Report)})
		}
	}
	return out
}

func (p *Panel) servePreview(w http.ResponseWriter, r *http.Request, _ Right) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	asked := r.URL.Query().Has("sizes")
	next := p.preview(ctx, asked)
	if next.Fault != "" {
		p.refuse(w, true, http.StatusServiceUnavailable, next.Fault)
		return
	}
	writeJSON(w, http.StatusOK, previewJSON{inJSON(next), next.Zeros, asked, append([]string{}, next.Missing...)})
}

// serveDecision takes {"decision":"granted","notice":1,"seen":"…"} or
// {"decision":"denied","notice":1,"erase":true} and answers with the state.
func (p *Panel) serveDecision(w http.ResponseWriter, r *http.Request, right Right) {
	data, wrong := p.body(r, "application/json")
	if wrong != nil {
		p.refuse(w, true, wrong.status, wrong.why)
		return
	}
	a, err := parseJSON(data)
	if err != nil {
		p.refuse(w, true, http.StatusBadRequest, strings.TrimSuffix(p.texts.Malformed, ".")+": "+err.Error()+".")
		return
	}
	err = p.decide(r.Context(), a, "settings (API)")
	status, answered := http.StatusOK, map[string]any{}
	var refused *refusal
	switch {
	case errors.As(err, &refused):
		status, answered["error"] = refused.status, refused.why
	case err != nil:
		status, answered["error"] = http.StatusInternalServerError, err.Error()
	}
	answered["state"] = p.stateJSON(r.Context(), right)
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
