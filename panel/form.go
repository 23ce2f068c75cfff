package panel

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"headcount.example/consent"
)

const formType = "application/x-www-form-urlencoded"

// body reads a request of one media type, and says what is wrong with it.
func (p *Panel) body(r *http.Request, media string) ([]byte, *refusal) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || given != media || len(r.Header.Values("Content-Type")) != 1 {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, why: fill(p.texts.MediaType, "media", media)}
	}
	data, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, why: fill(p.texts.TooLarge, "bytes", maxRequest)}
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, why: p.texts.Malformed}
	}
	return data, nil
}

// parseForm understands exactly what the page's buttons send: the fields
// decision, notice and seen, each once and no others. Everything else is not
// an answer.
func parseForm(body string) (answer, bool) {
	fields, err := url.ParseQuery(body)
	if err != nil || len(fields) != 3 {
		return answer{}, false
	}
	for _, values := range fields {
		if len(values) != 1 {
			return answer{}, false
		}
	}
	notice, ok := number(fields.Get("notice"))
	a := answer{notice: notice, seen: fields.Get("seen")}
	switch fields.Get("decision") {
	case "granted":
		a.decision = consent.Granted
	case "denied":
		a.decision = consent.Denied
	case "erase":
		a.decision, a.erase = consent.Denied, true
	default:
		ok = false
	}
	if !ok || a.seen == "" {
		return answer{}, false
	}
	return a, true
}

// number reads a notice's number as we write it.
func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text {
		return 0, false
	}
	return n, true
}

// serveForm takes an answer and sends the browser back to the page, which
// says what stands now: so sending the page again sends no answer again.
func (p *Panel) serveForm(w http.ResponseWriter, r *http.Request, right Right) {
	data, wrong := p.body(r, formType)
	if wrong != nil {
		p.refuse(w, false, wrong.status, wrong.why)
		return
	}
	a, ok := parseForm(string(data))
	if !ok {
		p.refuse(w, false, http.StatusBadRequest, p.texts.Malformed)
		return
	}
	// A yes needs the same site. A no needs less: a proxy that changes the Host
	// makes every form look like another site's, and one that holds the token of
	// the page was made by it.
	if p.cross.Check(r) != nil && (a.decision != consent.Denied || a.seen != p.state(r.Context()).mark()) {
		p.refuse(w, false, http.StatusForbidden, p.texts.CrossSite)
		return
	}
	err := p.decide(r.Context(), a, "settings")
	var refused *refusal
	switch {
	case errors.As(err, &refused) && refused.recorded:
		p.page(w, r, right, refused.status, refused.why)
	case errors.As(err, &refused):
		p.page(w, r, right, refused.status, p.texts.Nothing+" "+refused.why)
	case err != nil:
		p.page(w, r, right, http.StatusInternalServerError, err.Error())
	default:
		// Not http.Redirect, which would make the address absolute and get it
		// wrong below a prefix that was stripped.
		to := "./?recorded"
		if a.erase {
			to = "./?recorded=erase"
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
	}
}
