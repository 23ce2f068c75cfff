package panel

import (
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"strings"
)

// maxRequest is more than every request needs.
const maxRequest = 4 << 10

// A route is what one address does.
type route struct {
	methods []string
	serve   func(*Panel, http.ResponseWriter, *http.Request, *language, Right)
	public  bool // for everyone who reaches the handler
	changes bool // only for who may change
	json    bool // refusals are JSON
	own     bool // serve checks by itself from which site a request came
}

var looking = []string{"GET", "HEAD"}

// routes by the path below the one that the panel is mounted at.
var routes = map[string]route{
	"":              {methods: looking, serve: (*Panel).servePage},
	"panel.css":     {methods: looking, serve: (*Panel).serveStyle, public: true},
	"decide":        {methods: []string{"POST"}, serve: (*Panel).serveForm, changes: true, own: true},
	"evidence.json": {methods: looking, serve: (*Panel).serveEvidence, json: true},
	"api/state":     {methods: looking, serve: (*Panel).serveState, json: true},
	"api/preview":   {methods: looking, serve: (*Panel).servePreview, json: true},
	"api/signup":    {methods: looking, serve: (*Panel).serveQuestion, json: true, public: true},
	"api/decision":  {methods: []string{"PUT"}, serve: (*Panel).serveDecision, changes: true, json: true, own: true},
	"api/report":    {methods: []string{"POST"}, serve: (*Panel).serveReport, changes: true, json: true},
	"api/erasure":   {methods: []string{"POST"}, serve: (*Panel).serveErasure, changes: true, json: true},
}

// ServeHTTP serves the panel at any path that ends with a slash:
//
//	mux.Handle("/settings/statistics/", http.StripPrefix("/settings/statistics", p))
func (p *Panel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.protect(w, r) {
		return
	}
	path, t := strings.TrimPrefix(r.URL.Path, "/"), p.language(r)
	to, known := routes[path]
	if !known {
		p.refuse(w, r, t, strings.HasPrefix(path, "api/"), refuse(http.StatusNotFound, "panel.error.notfound"))
		return
	}
	if !slices.Contains(to.methods, r.Method) {
		allowed := strings.Join(to.methods, ", ")
		w.Header().Set("Allow", allowed)
		p.refuse(w, r, t, to.json, refuse(http.StatusMethodNotAllowed, "panel.error.method", "methods", allowed))
		return
	}
	right := Nothing
	if !to.public {
		right = p.config.May(r) // before anything is read or shown
	}
	switch {
	case to.public:
		to.serve(p, w, r, t, right)
	case right != Look && right != Change && !to.json:
		p.showNotice(w, r, t, http.StatusForbidden)
	case right != Change && (to.changes || right != Look):
		p.refuse(w, r, t, to.json, refuse(http.StatusForbidden, map[bool]string{true: "panel.locked", false: "panel.unseen"}[to.changes]))
	case !to.own && p.cross.Check(r) != nil:
		p.refuse(w, r, t, to.json, refuse(http.StatusForbidden, "panel.error.crosssite"))
	default:
		to.serve(p, w, r, t, right)
	}
}

// protect sets what holds for every answer: nothing is loaded from elsewhere,
// framed, kept, or guessed. It bounds the body before a function of the application
// reads it. If the panel is not configured, protect answers the request and returns
// false.
func (p *Panel) protect(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	h := w.Header()
	if !p.ready() || p.config.Layout == nil { // a Layout sets the application's own policy
		h.Set("Content-Security-Policy",
			"default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Accept-Language")
	// Not no-referrer: under it browsers send "Origin: null" with our own form,
	// and over plain HTTP there is nothing else by which it could be told from
	// another site's. Nothing goes to another site either way.
	h.Set("Referrer-Policy", "same-origin")
	if !p.ready() {
		http.Error(w, "the panel is not configured: see the error of panel.New", http.StatusInternalServerError)
	}
	return p.ready()
}

func (p *Panel) serveStyle(w http.ResponseWriter, _ *http.Request, _ *language, _ Right) {
	style, _ := assets.ReadFile("panel.css") // embedded
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style)
}

// refuse says why nothing happened.
func (p *Panel) refuse(w http.ResponseWriter, r *http.Request, t *language, asJSON bool, why *refusal) {
	if text := t.Text(why.key, why.pairs...); asJSON {
		writeJSON(w, why.status, map[string]string{"error": text})
	} else {
		p.write(w, r, t, why.status, "refusal", text)
	}
}

// write writes a whole page or none: in the application's layout, or on its own.
func (p *Panel) write(w http.ResponseWriter, r *http.Request, t *language, status int, name string, data any) {
	title := t.Text("panel.title", "product", p.config.Catalog.Product())
	content, err := t.render(name, data)
	if err == nil && p.config.Layout != nil {
		p.config.Layout(w, r, status, title, content)
		return
	}
	var page template.HTML
	if err == nil {
		page, err = t.render("page", map[string]any{"Title": title, "Content": content, "Home": p.config.Home})
	}
	if err != nil {
		p.config.Logger.Error("panel: a page could not be made", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(page))
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
