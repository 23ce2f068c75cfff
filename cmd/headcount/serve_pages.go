package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/page"
)

// A server shows the answers of one archive.
type server struct {
	source func(context.Context) (*source, error)
	today  func() day.Day
	token  string        // empty: loopback without one
	slots  chan struct{} // one for each answer that is computed at once
}

func newServer(from func(context.Context) (*source, error), today func() day.Day) *server {
	return &server{source: from, today: today, slots: make(chan struct{}, busy)}
}

// serveWindows are the windows that the page offers. Others can be asked for.
var serveWindows = []int{1, 7, 28, 90}

// busy bounds the answers that are computed at once.
const busy = 2

func (s *server) handler() http.Handler {
	one := func(do func(http.ResponseWriter, *http.Request, query)) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q, err := s.query(r.URL.Query())
			if err != nil {
				message(w, http.StatusBadRequest, "This address has a wrong value", err.Error()+".", "Correct it, or begin again:")
				return
			}
			do(w, r, q)
		})
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", one(s.page))
	mux.Handle("GET /report.json", one(s.json))
	mux.Handle("GET /csv/{file}", one(s.csv))
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		message(w, http.StatusNotFound, "There is no such page", "The address may be misspelt.", "")
	})
	return s.guard(mux)
}

// guard lets readers in, and only readers.
func (s *server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", page.Policy())
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			message(w, http.StatusMethodNotAllowed, "This page can only be read", "The method "+r.Method+" is not allowed.", "Use GET or HEAD.")
		case s.token == "" && !local(r):
			message(w, http.StatusMisdirectedRequest, "This page is for this machine", fmt.Sprintf("The request is for the host %q.", r.Host),
				"Open it as 127.0.0.1 or localhost, or give headcount serve a --token-file.")
		case s.token != "" && r.URL.Path != "/healthz" && !s.allowed(r):
			h.Set("WWW-Authenticate", `Basic realm="headcount", charset="UTF-8"`)
			message(w, http.StatusUnauthorized, "A token is needed", "The page is for readers who have the token of --token-file.",
				"Give it as the password, with any user name.")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// A query is what a reader asks for.
type query struct {
	asOf   day.Day
	window int
}

func (s *server) query(values url.Values) (query, error) {
	q := query{s.today() - 1, answer.DefaultWindow}
	if text := values.Get("window"); values.Has("window") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxWindow {
			return q, fmt.Errorf("window=%q is not a number of days from 1 to %d", text, maxWindow)
		}
		q.window = n
	}
	if text := values.Get("as_of"); values.Has("as_of") {
		d, err := parseDay(text)
		switch {
		case err != nil:
			return q, fmt.Errorf("as_of=%w", err)
		case d < day.First || d > s.today():
			return q, fmt.Errorf("as_of=%q is not a day from %s to today, %s", text, day.First, s.today())
		}
		q.asOf = d
	}
	return q, nil
}

func (q query) String() string { return fmt.Sprintf("?window=%d&as_of=%s", q.window, q.asOf) }

// open returns the archive with a function that gives back its slot. While a
// page is sent, which a slow reader makes long, the slot is free for others.
func (s *server) open(ctx context.Context) (from *source, done func(), err error) {
	select {
	case s.slots <- struct{}{}:
		done = func() { <-s.slots }
	case <-ctx.Done():
		return nil, func() {}, ctx.Err()
	}
	from, err = s.source(ctx)
	return from, done, err
}

// answer answers; it has told the reader where it cannot.
func (s *server) answer(w http.ResponseWriter, ctx context.Context, q query) (*source, *answer.Answer) {
	from, done, err := s.open(ctx)
	defer done()
	switch {
	case err == nil:
		a := from.answer(q.asOf, q.window)
		a.AsKnownOn(s.today())
		return from, a
	case ctx.Err() == nil:
		message(w, http.StatusServiceUnavailable, "The archive cannot be read", err.Error()+".",
			"Check the directory after --archive, and run headcount compact. This page works again once the archive can be read.")
	}
	return nil, nil
}

func (s *server) page(w http.ResponseWriter, r *http.Request, q query) {
	from, a := s.answer(w, r.Context(), q)
	if a == nil {
		return
	}
	o := page.Options{List: from.list, Live: &page.Live{
		Windows: serveWindows, Latest: s.today() - 1, JSON: "/report.json" + q.String(),
		Link: func(window int, d day.Day) string { return "/" + query{d, window}.String() },
		CSV:  func(name string) string { return "/csv/" + name + ".csv" + q.String() },
	}}
	send(w, "text/html; charset=utf-8", func(b io.Writer) error { return page.Write(b, a, o) })
}

func (s *server) json(w http.ResponseWriter, r *http.Request, q query) {
	if _, a := s.answer(w, r.Context(), q); a != nil {
		send(w, "application/json", func(b io.Writer) error { return export.JSON(b, a) })
	}
}

func (s *server) csv(w http.ResponseWriter, r *http.Request, q query) {
	name, ok := strings.CutSuffix(r.PathValue("file"), ".csv")
	if !ok || !page.HasCSV(name) {
		message(w, http.StatusNotFound, "There is no such table", fmt.Sprintf("Tables are %s.", strings.Join(page.CSVNames, ".csv, ")+".csv"), "")
		return
	}
	if _, a := s.answer(w, r.Context(), q); a != nil {
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name+"-"+a.AsOf.String()+".csv"))
		send(w, "text/csv; charset=utf-8", func(b io.Writer) error { return page.CSV(b, a, name) })
	}
}

// healthz says nothing about the archive but whether it can be read.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, done, err := s.open(r.Context())
	defer done()
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "the archive cannot be read\n")
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

// send writes a whole body, or an error page.
func send(w http.ResponseWriter, kind string, write func(io.Writer) error) {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		w.Header().Del("Content-Disposition")
		message(w, http.StatusInternalServerError, "The page could not be made", err.Error()+".", "Please report this as an issue.")
		return
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = b.WriteTo(w) // a reader who has gone needs no answer
}

// message writes a page that says what is wrong.
func message(w http.ResponseWriter, status int, title, text, remedy string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = page.Message(w, title, text, remedy)
}
