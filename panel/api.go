package panel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/answer"
)

// buttons are the texts of what an application of one page offers itself.
var buttons = []string{"panel.button.on", "panel.button.keepoff", "panel.button.keepoff.erase", "panel.button.off", "panel.button.off.erase",
	"panel.button.send", "panel.button.again", "panel.erase.help", "panel.erase.impossible", "panel.error.veto",
	"panel.kept", "panel.list", "panel.locked", "panel.on", "panel.off", "panel.once", "panel.preview", "panel.sent", "panel.title", "panel.undo", "panel.why"}

// stateJSON is the page, with every text.
func (p *Panel) stateJSON(r *http.Request, t *language, right Right) page {
	v := p.view(r, t, right)
	v.Texts = map[string]string{}
	for _, key := range buttons {
		v.Texts[strings.TrimPrefix(key, "panel.")] = t.Text(key, "product", v.Product, "recipient", v.Recipient, "days", v.ErasureDays)
	}
	return v
}

func (p *Panel) serveState(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	writeJSON(w, http.StatusOK, p.stateJSON(r, t, right))
}

func (p *Panel) servePreview(w http.ResponseWriter, r *http.Request, t *language, _ Right) {
	next := p.preview(r.Context(), t, r.URL.Query().Has("sizes"))
	if next.Fault {
		p.refuse(w, r, t, true, refuse(http.StatusServiceUnavailable, "panel.preview.none"))
		return
	}
	writeJSON(w, http.StatusOK, next)
}

func (p *Panel) serveReport(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	p.answered(w, r, t, right, p.send(r.Context()), false, "")
}

// serveErasure takes {"identifier":"…"}, with the characters that the state has.
func (p *Panel) serveErasure(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	data, wrong := body(r, "application/json")
	switch identifier, ok := answer.Identifier(data); {
	case wrong != nil:
	case !ok:
		wrong = refuse(http.StatusBadRequest, "panel.error.malformed")
	default:
		wrong = p.eraseEarlier(r.Context(), t, identifier)
	}
	p.answered(w, r, t, right, wrong, false, "")
}

// serveDecision takes {"decision":"granted","notice":1,"seen":"…"} or
// {"decision":"denied","notice":1,"erase":true}.
func (p *Panel) serveDecision(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	data, wrong := body(r, "application/json")
	if wrong != nil {
		p.refuse(w, r, t, true, wrong)
		return
	}
	a, err := answer.JSON(data)
	if err != nil {
		malformed := strings.TrimSuffix(t.Text("panel.error.malformed"), ".") + ": " + err.Error() + "."
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": malformed})
		return
	}
	// Another site cannot send this: without our leave a browser sends it neither PUT
	// nor JSON. So a no needs nothing else, also behind a proxy that changes the Host.
	if a.Decision != consent.Denied && p.cross.Check(r) != nil {
		p.refuse(w, r, t, true, refuse(http.StatusForbidden, "panel.error.crosssite"))
		return
	}
	used := p.inUse()
	wrong = p.decide(r.Context(), a, p.signed(r, "settings (API)"))
	p.answered(w, r, t, right, wrong, a.Erase && wrong == nil, used)
}

// answered says in JSON what was done, and how things stand now.
func (p *Panel) answered(w http.ResponseWriter, r *http.Request, t *language, right Right, wrong *refusal, erase bool, used string) {
	state := p.stateJSON(r, t, right)
	status, answer := http.StatusOK, map[string]any{"state": state}
	if wrong != nil {
		status, answer["error"] = wrong.status, t.Text(wrong.key, wrong.pairs...)
	}
	if erase && !requested(state.Erasures, state.History, used) {
		answer["note"] = t.Text("panel.erase.unasked")
	}
	writeJSON(w, status, answer)
}

// serveEvidence is one file for an auditor: what people were told, what was decided,
// what was sent byte for byte, and the variables that are set.
func (p *Panel) serveEvidence(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	v := p.view(r, t, right)
	text, _ := p.config.Catalog.Notice() // New looked at the catalog
	list, _ := p.config.Catalog.JSON()
	sum := sha256.Sum256(text)
	variables := map[string]string{}
	for _, name := range []string{p.config.Catalog.Variable(), "DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER"} {
		if value, set := p.config.Env(name); set {
			variables[name] = value
		}
	}
	w.Header().Set("Content-Disposition", `attachment; filename="usage-statistics.json"`)
	writeJSON(w, http.StatusOK, map[string]any{
		"product": v.Product, "made": time.Now().UTC().Truncate(time.Second), "status": v.Status,
		"notice": v.Notice, "text": string(text), "sha256": hex.EncodeToString(sum[:]), // of the text: Markdown, English
		"fingerprint": p.config.Catalog.Fingerprint(), "list": json.RawMessage(list),
		"variables": variables, "decisions": v.History, "erasures": v.Erasures, "sent": v.Sent,
		"unreadable": v.Unreadable || v.SentUnreadable,
	})
}
