package panel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"time"
)

// serveEvidence is one file for an auditor: what people were told, what was decided,
// what was sent byte for byte, and the variables that are set.
func (p *Panel) serveEvidence(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	v := p.view(r, t, right, math.MaxInt)
	text, _ := p.config.Catalog.Notice() // New looked at the catalog
	list, _ := p.config.Catalog.JSON()
	sum := sha256.Sum256(text)
	variables := map[string]string{}
	for _, name := range []string{p.config.Catalog.Variable(), "DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER"} {
		if value, set := p.config.Env(name); set {
			variables[name] = value
		}
	}
	type request struct {
		sent
		Request []byte `json:"request"`
	}
	requests := []request{}
	for _, one := range v.Sent {
		requests = append(requests, request{one, one.raw})
	}
	w.Header().Set("Content-Disposition", `attachment; filename="usage-statistics.json"`)
	writeJSON(w, http.StatusOK, map[string]any{
		"product": v.Product, "made": time.Now().UTC().Truncate(time.Second), "status": v.Status,
		"notice": v.Notice, "text": string(text), "sha256": hex.EncodeToString(sum[:]), // of the text: Markdown, English
		"fingerprint": p.config.Catalog.Fingerprint(), "list": json.RawMessage(list),
		"variables": variables, "decisions": v.History, "erasures": v.Erasures, "sent": requests,
		"unreadable": v.Unreadable || v.SentUnreadable,
	})
}
