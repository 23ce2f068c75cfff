package main

import (
	"bytes"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"headcount.example/catalog/compreface"
	"headcount.example/telemetry"
)

//go:embed web
var web embed.FS

// A kind is a type of service, and what people call it.
type kind struct{ Type, Label string }

var kinds = []kind{
	{compreface.Detection, "Detection: find faces in a picture"},
	{compreface.Recognition, "Recognition: find a face in a collection"},
	{compreface.Verification, "Verification: compare two faces"},
}

// routes are all pages. Forms of other sites are refused.
func (a *app) routes() http.Handler {
	static, _ := fs.Sub(web, "web")
	mux := http.NewServeMux()
	mux.Handle("GET /style.css", http.FileServerFS(static))
	mux.Handle("GET /icon.svg", http.FileServerFS(static))
	mux.HandleFunc("GET /signup", a.signUpForm)
	mux.HandleFunc("POST /signup", a.signUp)
	mux.HandleFunc("GET /login", a.logInForm)
	mux.HandleFunc("POST /login", a.logIn)
	mux.HandleFunc("POST /logout", a.logOut)
	mux.HandleFunc("GET /{$}", a.member(a.listApplications))
	mux.HandleFunc("POST /applications", a.member(a.createApplication))
	mux.HandleFunc("GET /applications/{id}", a.member(a.showApplication))
	mux.HandleFunc("POST /applications/{id}/services", a.member(a.createService))
	mux.HandleFunc("GET /services/{id}", a.member(a.showService))
	mux.HandleFunc("POST /services/{id}/faces", a.member(a.addFaces))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, sql.ErrNoRows) })
	a.settings(mux)
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, http.StatusForbidden, "Not accepted", "this came from a page of another site: open the page here, and send it from there")
	}))
	return a.guarded(cross.Handler(mux))
}

// guarded lets no page load anything from elsewhere, and no page be kept: also
// not the one that says what was refused.
func (a *app) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store") // pages are for the one who is logged in
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if !isText(r.URL.Path) { // nor is what it names in any database
			a.fail(w, r, sql.ErrNoRows)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// A page is what a template is given.
type page struct {
	Title   string
	User    user
	Problem error
	Form    url.Values    // what was typed, to be corrected
	Row     template.HTML // the question about statistics, at the first sign-up
	Kinds   []kind

	Statistics telemetry.Status
	Banner     template.HTML // the question, for an administrator who has not decided

	Applications []application
	Application  application
	Services     []service
	Service      service
	Faces        []string
}

func parse(name string) *template.Template {
	return template.Must(template.New("layout.html").Funcs(template.FuncMap{
		"kind": func(t string) string {
			i := slices.IndexFunc(kinds, func(k kind) bool { return k.Type == t })
			if i < 0 {
				return t
			}
			label, _, _ := strings.Cut(kinds[i].Label, ":")
			return label
		},
	}).ParseFS(web, "web/layout.html", "web/"+name+".html"))
}

func (a *app) show(w http.ResponseWriter, r *http.Request, code int, name string, p page) {
	p.User, _ = a.who(r)
	p.Banner = a.stats.Banner(w, r, "/settings/statistics/")
	p.Kinds, p.Statistics = kinds, a.stats.Status()
	var b bytes.Buffer
	if err := a.templates[name].Execute(&b, p); err != nil {
		a.log.Error("page", "name", name, "error", err)
		http.Error(w, "something went wrong", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(code)
	_, _ = b.WriteTo(w)
}

// fail says no more than a person needs; the log has the rest.
func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, sql.ErrNoRows) {
		a.refuse(w, r, http.StatusNotFound, "Not found", "there is no such page")
		return
	}
	a.log.Error("request", "method", r.Method, "path", r.URL.Path, "error", err)
	a.refuse(w, r, http.StatusInternalServerError, "Something went wrong", "this could not be done; the log says why")
}

// refuse says why there is no page: in JSON where the panel's API would answer.
func (a *app) refuse(w http.ResponseWriter, r *http.Request, code int, title, why string) {
	if !strings.HasPrefix(r.URL.Path, "/settings/statistics/api/") {
		a.show(w, r, code, "problem", page{Title: title, Problem: errors.New(why)})
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": why})
}

func (a *app) listApplications(w http.ResponseWriter, r *http.Request) {
	a.showApplications(w, r, http.StatusOK, nil)
}

func (a *app) showApplications(w http.ResponseWriter, r *http.Request, code int, problem error) {
	all, err := a.db.applications(r.Context())
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, code, "applications", page{Title: "Applications", Applications: all, Problem: problem})
}

func (a *app) createApplication(w http.ResponseWriter, r *http.Request) {
	name, err := named(r)
	if err != nil {
		a.showApplications(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	var id string
	err = a.db.change(r.Context(), func(tx *sql.Tx) error {
		if id, err = a.db.addApplication(r.Context(), tx, name, false); err != nil {
			return err
		}
		return nil
	})
	if err == nil { // counted after the commit
		a.stats.Add(compreface.ApplicationCreated, 1)
	}
	a.done(w, r, err, "/applications/"+id)
}

func (a *app) showApplication(w http.ResponseWriter, r *http.Request) {
	a.applicationPage(w, r, http.StatusOK, nil)
}

func (a *app) applicationPage(w http.ResponseWriter, r *http.Request, code int, problem error) {
	of, err := a.db.application(r.Context(), r.PathValue("id"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	services, err := a.db.services(r.Context(), of.ID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, code, "application", page{Title: of.Name, Application: of, Services: services, Problem: problem})
}

func (a *app) createService(w http.ResponseWriter, r *http.Request) {
	name, err := named(r)
	chosen := r.PostFormValue("type")
	if known := slices.ContainsFunc(kinds, func(k kind) bool { return k.Type == chosen }); !known {
		err = errors.New("choose one of the three types")
	}
	if err != nil {
		a.applicationPage(w, r, http.StatusUnprocessableEntity, err)
		return
	}
	of, err := a.db.application(r.Context(), r.PathValue("id"))
	if err != nil {
		a.fail(w, r, err)
		return
	}
	var id string
	err = a.db.change(r.Context(), func(tx *sql.Tx) error {
		if id, err = a.db.addService(r.Context(), tx, of.ID, name, chosen); err != nil {
			return err
		}
		return nil
	})
	if err == nil { // counted after the commit
		a.stats.Add(compreface.ServiceCreated.With(chosen), 1)
	}
	a.done(w, r, err, "/services/"+id)
}

func (a *app) showService(w http.ResponseWriter, r *http.Request) {
	a.servicePage(w, r, http.StatusOK, nil)
}

func (a *app) servicePage(w http.ResponseWriter, r *http.Request, code int, problem error) {
	found, err := a.db.services(r.Context(), r.PathValue("id"))
	if err == nil && len(found) != 1 {
		err = sql.ErrNoRows
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	faces, err := a.db.newestFaces(r.Context(), found[0].ID)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, code, "service", page{Title: found[0].Name, Service: found[0], Faces: faces, Problem: problem})
}

// addFaces adds one row for each line. Faces are no event: how many there are
// is asked of the database when a report is due.
func (a *app) addFaces(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	names, problem := faceNames(r)
	found, err := a.db.services(r.Context(), id)
	switch {
	case err == nil && (len(found) != 1 || found[0].Type != compreface.Recognition):
		err = sql.ErrNoRows
	case problem != nil:
		a.servicePage(w, r, http.StatusUnprocessableEntity, problem)
		return
	}
	if err == nil {
		err = a.db.change(r.Context(), func(tx *sql.Tx) error {
			for _, name := range names {
				if err := a.db.addFace(r.Context(), tx, id, name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	a.done(w, r, err, "/services/"+id)
}

func (a *app) done(w http.ResponseWriter, r *http.Request, err error, next string) {
	if err != nil {
		a.fail(w, r, err)
		return
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
}
