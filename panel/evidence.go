package panel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"headcount.example/consent"
)

// evidence is one file for an auditor: what was told, decided and sent.
type evidence struct {
	Product     string            `json:"product"`
	Made        time.Time         `json:"made"`
	Notice      int               `json:"notice"`
	Text        string            `json:"text"`        // of the notice: Markdown, English
	SHA256      string            `json:"sha256"`      // of Text
	Fingerprint string            `json:"fingerprint"` // of the catalog
	List        json.RawMessage   `json:"list"`
	Variables   map[string]string `json:"variables"` // those that are set
	Status      string            `json:"status"`
	Decisions   []consent.Record  `json:"decisions"` // the newest last
	Sent        []evidenceSent    `json:"sent"`      // the newest first
	Unreadable  bool              `json:"unreadable"`
}

type evidenceSent struct {
	Time     time.Time       `json:"time"`
	Finished time.Time       `json:"finished,omitzero"`
	URL      string          `json:"url"`
	Outcome  string          `json:"outcome"` // empty when it is not known
	Request  []byte          `json:"request"` // the bytes on the connection
	Body     json.RawMessage `json:"body"`    // decoded
}

func (p *Panel) serveEvidence(w http.ResponseWriter, r *http.Request, t *tongue, _ Right) {
	s := p.look(r.Context())
	text, _ := p.config.Catalog.Notice() // New looked at the catalog
	list, _ := p.config.Catalog.JSON()
	sum := sha256.Sum256(text)
	out := evidence{Product: p.config.Catalog.Product(), Made: time.Now().UTC().Truncate(time.Second), Notice: p.notice, Text: string(text),
		SHA256: hex.EncodeToString(sum[:]), Fingerprint: p.config.Catalog.Fingerprint(), List: list, Variables: map[string]string{},
		Status: p.status(t, s), Decisions: append([]consent.Record{}, s.history...), Sent: []evidenceSent{}, Unreadable: s.fault != nil}
	for _, name := range []string{p.config.Catalog.Variable(), "DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER"} {
		if value, set := p.env(name); set {
			out.Variables[name] = value
		}
	}
	entries, err := p.config.Stats.Journal()
	out.Unreadable = out.Unreadable || err != nil
	for _, e := range entries {
		if json.Valid(e.Report.JSON) {
			out.Sent = append(out.Sent, evidenceSent{e.Time, e.Finished, e.URL, e.Outcome, e.Report.Request, e.Report.JSON})
		}
	}
	w.Header().Set("Content-Disposition", `attachment; filename="usage-statistics.json"`)
	writeJSON(w, http.StatusOK, out)
}
