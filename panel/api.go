package panel

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"headcount.example/consent"
)

// buttons are the texts of what an application of one page offers itself.
var buttons = []string{"panel.button.on", "panel.button.keepoff", "panel.button.keepoff.erase", "panel.button.off", "panel.button.off.erase",
	"panel.button.send", "panel.button.again", "panel.erase.help", "panel.erase.impossible", "panel.error.veto",
	"panel.kept", "panel.list", "panel.locked", "panel.on", "panel.off", "panel.once", "panel.preview", "panel.sent", "panel.title", "panel.undo", "panel.why"}

// stateJSON is the page, with all of the journal and every text.
func (p *Panel) stateJSON(r *http.Request, t *tongue, right Right) page {
	v := p.view(r, t, right, math.MaxInt)
	v.Texts = map[string]string{}
	for _, key := range buttons {
		v.Texts[strings.TrimPrefix(key, "panel.")] = t.Text(key, "product", v.Product, "recipient", v.Recipient, "days", v.ErasureDays)
	}
	return v
}

func (p *Panel) serveState(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	writeJSON(w, http.StatusOK, p.stateJSON(r, t, right))
}

func (p *Panel) servePreview(w http.ResponseWriter, r *http.Request, t *tongue, _ Right) {
	next := p.preview(r.Context(), t, r.URL.Query().Has("sizes"))
	if next.Fault {
		p.refuse(w, r, t, true, refuse(http.StatusServiceUnavailable, "panel.preview.none"))
		return
	}
	writeJSON(w, http.StatusOK, next)
}

func (p *Panel) serveReport(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	p.answered(w, r, t, right, p.send(r.Context()), false)
}

// serveErasure takes {"identifier":"…"}, with the characters that the state has.
func (p *Panel) serveErasure(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	data, wrong := body(r, "application/json")
	fields, err := flat(data)
	switch identifier, ok := fields["identifier"].(string); {
	case wrong != nil:
	case err != nil || !ok || len(fields) != 1:
		wrong = refuse(http.StatusBadRequest, "panel.error.malformed")
	default:
		wrong = p.eraseEarlier(r.Context(), t, identifier)
	}
	p.answered(w, r, t, right, wrong, false)
}

// serveDecision takes {"decision":"granted","notice":1,"seen":"…"} or
// {"decision":"denied","notice":1,"erase":true}.
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
		p.refuse(w, r, t, true, refuse(http.StatusForbidden, "panel.error.crosssite"))
		return
	}
	wrong = p.decide(r.Context(), a, p.signed(r, "settings (API)"))
	p.answered(w, r, t, right, wrong, a.erase && wrong == nil)
}

// answered says in JSON what was done, and how things stand now.
func (p *Panel) answered(w http.ResponseWriter, r *http.Request, t *tongue, right Right, wrong *refusal, erase bool) {
	state := p.stateJSON(r, t, right)
	status, answer := http.StatusOK, map[string]any{"state": state}
	if wrong != nil {
		status, answer["error"] = wrong.status, t.Text(wrong.key, wrong.pairs...)
	}
	if erase && !requested(state.Erasures, state.History) {
		answer["note"] = t.Text("panel.erase.unasked")
	}
	writeJSON(w, status, answer)
}

// parseJSON understands one object with the fields decision and notice, seen
// if it is there, and erase with a no: each once, spelled like this, and
// nothing after it. The usual decoder would take the last of two decisions, and
// "DECISION" for one. Its errors are for the author of the requests.
func parseJSON(data []byte) (a answer, err error) {
	fields, err := flat(data)
	if err != nil {
		return answer{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains([]string{"decision", "notice", "seen", "erase"}, name) {
			return answer{}, fmt.Errorf("the field %.40q is not known: there are decision, notice, seen and erase", name)
		}
	}
	digits, _ := fields["notice"].(json.Number)
	var noted, seen, erase bool
	a.decision = map[any]consent.Decision{"granted": consent.Granted, "denied": consent.Denied}[fields["decision"]]
	a.notice, noted = number(digits.String())
	a.seen, seen = fields["seen"].(string)
	a.erase, erase = fields["erase"].(bool)
	given := func(name string) bool { _, is := fields[name]; return is }
	switch {
	case a.decision == consent.Undecided:
		err = errors.New(`the field decision must be "granted" or "denied"`)
	case !noted:
		err = errors.New("the field notice must be the number of the notice that was read, such as 1")
	case given("seen") && !seen:
		err = errors.New("the field seen must be the text of that name in the state")
	case given("erase") && !erase, a.erase && a.decision != consent.Denied:
		err = errors.New(`the field erase must be true or false, and may be true only with the decision "denied"`)
	}
	if err != nil {
		return answer{}, err
	}
	return a, nil
}

// flat reads one JSON object whose fields are neither objects nor lists, each there
// once.
func flat(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tokens []any
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is not JSON: %w", err)
		}
		tokens = append(tokens, token)
	}
	last := len(tokens) - 1
	if last < 1 || tokens[0] != json.Delim('{') || tokens[last] != json.Delim('}') {
		return nil, errors.New(`send one JSON object, such as {"decision":"denied","notice":1}`)
	}
	fields := map[string]any{}
	delim := func(token any) bool { _, is := token.(json.Delim); return is }
	for pair := range slices.Chunk(tokens[1:last], 2) { // up to the first delimiter: a name and its value
		if delim(pair[0]) {
			return nil, errors.New("something follows the object: send one object and nothing else")
		}
		name := pair[0].(string)
		if delim(pair[1]) {
			return nil, fmt.Errorf("the field %.40q is an object or a list, and no field may be one", name)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("the field %.40q is there twice", name)
		}
		fields[name] = pair[1]
	}
	return fields, nil
}
