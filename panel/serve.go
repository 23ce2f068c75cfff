package panel

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// maxRequest is more than every request needs.
const maxRequest = 4 << 10

// A route is what one address does.
type route struct {
	methods []string // the first is the one that does something
	public  bool     // for everyone who reaches the handler
	changes bool     // only for who may change
	json    bool     // refusals are JSON
	form    bool     // looks at the site that a request came from itself
	serve   func(*Panel, http.ResponseWriter, *http.Request, Right)
}

// routes by the path below the one that the panel is mounted at.
var routes = map[string]route{
	"":             {methods: []string{"GET", "HEAD"}, serve: (*Panel).servePage},
	"panel.css":    {methods: []string{"GET", "HEAD"}, serve: (*Panel).serveStyle, public: true},
	"decide":       {methods: []string{"POST"}, serve: (*Panel).serveForm, changes: true, form: true},
	"api/state":    {methods: []string{"GET", "HEAD"}, serve: (*Panel).serveState, json: true},
	"api/preview":  {methods: []string{"GET", "HEAD"}, serve: (*Panel).servePreview, json: true},
	"api/decision": {methods: []string{"PUT"}, serve: (*Panel).serveDecision, changes: true, json: true},
}

// ServeHTTP serves the panel at any path that ends with a slash:
//
//	mux.Handle("/settings/statistics/", http.StripPrefix("/settings/statistics", p))
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	path := strings.TrimPrefix(r.URL.Path, "/")
	to, known := routes[path]
	switch {
	case p == nil || p.pages == nil:
		http.Error(w, "the panel is not configured: see the error of panel.New", http.StatusInternalServerError)
	case !known:
		p.refuse(w, strings.HasPrefix(path, "api/"), http.StatusNotFound, p.texts.NotFound)
	case !to.allows(r.Method):
		allowed := strings.Join(to.methods, ", ")
		w.Header().Set("Allow", allowed)
		p.refuse(w, to.json, http.StatusMethodNotAllowed, fill(p.texts.Method, "methods", allowed))
	case to.public:
		to.serve(p, w, r, Nothing)
	default:
		p.guarded(w, r, to)
	}
}

func (to route) allows(method string) bool {
	for _, m := range to.methods {
		if m == method {
			return true
		}
	}
	return false
}

// guarded asks who it is before anything is read or shown.
func (p *Panel) guarded(w http.ResponseWriter, r *http.Request, to route) {
	right := p.right(r)
	switch {
	case right == Nothing:
		p.refuse(w, to.json, http.StatusForbidden, p.texts.Forbidden)
	case to.changes && right != Change:
		p.refuse(w, to.json, http.StatusForbidden, p.texts.MayNotChange)
	case !to.form && p.cross.Check(r) != nil:
		p.refuse(w, to.json, http.StatusForbidden, p.texts.CrossSite)
	default:
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		to.serve(p, w, r, right)
	}
}

// protect sets what holds for every answer: nothing is loaded from elsewhere,
// framed, kept, or guessed.
func protect(h http.Header) {
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	// Not no-referrer: under it browsers send "Origin: null" with our own form,
	// and over plain HTTP there is nothing else by which it could be told from
	// another site's. Nothing goes to another site either way.
	h.Set("Referrer-Policy", "same-origin")
}

func (p *Panel) serveStyle(w http.ResponseWriter, _ *http.Request, _ Right) {
	style, _ := assets.ReadFile("panel.css") // embedded
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style)
}

// refuse says why nothing happened.
func (p *Panel) refuse(w http.ResponseWriter, asJSON bool, status int, why string) {
	if asJSON {
		writeJSON(w, status, map[string]string{"error": why})
		return
	}
	p.render(w, "refusal", status, why)
}

// render writes a whole page or none.
func (p *Panel) render(w http.ResponseWriter, name string, status int, data any) {
	var page bytes.Buffer
	if err := p.pages.ExecuteTemplate(&page, name, data); err != nil {
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		http.Error(w, "the answer could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}
