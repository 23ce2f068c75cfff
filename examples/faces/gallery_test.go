//go:build linux

package main

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

// A gallery shows the panel in every state that it can be in, on one server. Each
// state is an installation of its own, with the real client and its files.
type gallery struct {
	*httptest.Server
	mux   *http.ServeMux
	pages []exhibit
}

// An exhibit is one page of the gallery.
type exhibit struct{ name, path string }

// A state is one installation of the gallery.
type state struct {
	name, endpoint string
	query          string // of the page that is looked at
	may            panel.Right
	list           *catalog.Catalog
	env            map[string]string
	layout         func(http.ResponseWriter, *http.Request, int, string, template.HTML)
	dir            string
	refused        bool // its receiver takes nothing
	stats          *telemetry.Client
	panel          *panel.Panel
}

func (s *state) getenv(name string) (string, bool) {
	value, set := s.env[name]
	return value, set
}

// start makes client and panel anew, as a restart of the product does.
func (s *state) start(t *testing.T) *state {
	t.Helper()
	if s.stats != nil {
		s.stats.Shutdown(context.Background())
	}
	decisions := consent.NewFile(s.dir)
	var err error
	if s.stats, err = telemetry.Init(telemetry.Config{Catalog: s.list, Endpoint: s.endpoint, Dir: s.dir, Consent: decisions, Env: s.getenv}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stats.Shutdown(context.Background()) })
	s.stats.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return []int64{0, 5, 40, 700, 2_000_000}, nil })
	before, err := compreface.Catalog.JSON()
	if err != nil {
		t.Fatal(err)
	}
	s.panel, err = panel.New(panel.Config{Catalog: s.list, Decisions: decisions, Env: s.getenv, Stats: s.stats, Earlier: [][]byte{before},
		May: func(*http.Request) panel.Right { return s.may }, Layout: s.layout, Home: "/"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *state) decide(t *testing.T, d consent.Decision, erase bool) *state {
	t.Helper()
	record := consent.Record{Decision: d, Notice: 1, Time: time.Now(), Where: "settings", Erase: erase}
	if err := s.stats.Decide(t.Context(), record); err != nil && !s.refused {
		t.Fatal(err)
	}
	if d == consent.Granted {
		s.stats.Add(compreface.UserCreated, 12)
		s.stats.Add(compreface.ServiceCreated.With(compreface.Recognition), 1_234_567)
		_ = s.stats.Flush(t.Context()) // a receiver that takes nothing fails it
	}
	return s
}

const nowhere = "http://127.0.0.1:9"

// upgraded is the list at notice 2: one statistic more, and a new purpose.
func upgraded() *catalog.Catalog {
	about := compreface.About
	about.Purpose = "To understand how CompreFace is used."
	logins := catalog.NewCounter("compreface.session.created", "{session}", catalog.Text{
		Title: "Sessions begun", Description: "A person logged in.", Question: "How often do people come back?"})
	return catalog.New("CompreFace", 2, about, compreface.UserCreated, compreface.ApplicationCreated, compreface.ServiceCreated, compreface.Collections, logins)
}

var asked = regexp.MustCompile(`"asked":"[^"]+"`)

// forget makes a request to erase one that was tried for too long.
func (s *state) forget(t *testing.T) {
	t.Helper()
	s.stats.Shutdown(context.Background())
	s.stats = nil
	files, err := filepath.Glob(filepath.Join(s.dir, "erasure", "*.request"))
	if err != nil || len(files) != 1 {
		t.Fatalf("got %q, %v, want one request to erase", files, err)
	}
	data, err := os.ReadFile(files[0])
	if err == nil {
		long := fmt.Sprintf(`"asked":%q`, time.Now().Add(-20*24*time.Hour).UTC().Format(time.RFC3339))
		err = os.WriteFile(files[0], asked.ReplaceAll(data, []byte(long)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.start(t)
}

func openGallery(t *testing.T, c *collector) *gallery {
	t.Helper()
	_, err := browser()
	need(t, err)
	g := &gallery{mux: http.NewServeMux()}
	g.Server = httptest.NewServer(g.mux)
	t.Cleanup(g.Close)
	show := func(s state) *state {
		s.dir = filepath.Join(t.TempDir(), "telemetry")
		if s.may == panel.Nothing && s.name != "member" {
			s.may = panel.Change
		}
		if s.list == nil {
			s.list = compreface.Catalog
		}
		at := "/" + s.name + "/settings"
		g.mux.HandleFunc(at+"/", func(w http.ResponseWriter, r *http.Request) { http.StripPrefix(at, s.panel).ServeHTTP(w, r) })
		g.pages = append(g.pages, exhibit{s.name, at + "/" + s.query})
		return s.start(t)
	}
	show(state{name: "undecided", endpoint: c.url, query: "?sizes"})
	on := show(state{name: "on", endpoint: c.url, query: "?sizes"}).decide(t, consent.Granted, false)
	show(state{name: "off", endpoint: c.url}).decide(t, consent.Granted, false).decide(t, consent.Denied, false)
	show(state{name: "erasure-delivered", endpoint: c.url}).decide(t, consent.Granted, false).decide(t, consent.Denied, true)
	full := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(full.Close)
	show(state{name: "erasure-asked", endpoint: full.URL, refused: true}).decide(t, consent.Granted, false).decide(t, consent.Denied, true)
	show(state{name: "erasure-given-up", endpoint: full.URL, refused: true}).decide(t, consent.Granted, false).decide(t, consent.Denied, true).forget(t)
	changed := show(state{name: "changed", endpoint: c.url}).decide(t, consent.Granted, false)
	changed.list = upgraded()
	changed.start(t)
	vetoed := show(state{name: "vetoed", endpoint: c.url}).decide(t, consent.Granted, false)
	vetoed.env = map[string]string{"DO_NOT_TRACK": "1"}
	vetoed.start(t)
	show(state{name: "member", endpoint: c.url}).decide(t, consent.Granted, false)
	show(state{name: "looks", endpoint: c.url, may: panel.Look}).decide(t, consent.Granted, false)
	show(state{name: "refused", endpoint: c.url, query: "decide"})
	g.mux.HandleFunc("/notice/", func(w http.ResponseWriter, r *http.Request) {
		http.StripPrefix("/notice", on.panel.Notice()).ServeHTTP(w, r)
	})
	g.pages = append(g.pages, exhibit{"notice", "/notice/"})
	asks := show(state{name: "asks", endpoint: c.url})
	g.pages[len(g.pages)-1] = exhibit{"banner", "/banner"}
	g.mux.HandleFunc("/banner", func(w http.ResponseWriter, r *http.Request) {
		writeHost(w, "A page of the product", "", `<link rel="stylesheet" href="/asks/settings/panel.css">`, asks.panel.Banner(w, r, "/asks/settings/"))
	})
	return g
}

// writeHost writes a page of an application around something of the panel's.
func writeHost(w http.ResponseWriter, title, style string, head, content template.HTML) {
	const nonce = "bm9uY2U"
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+nonce+"'; form-action 'self'; base-uri 'none'; img-src data:")
	page := template.Must(template.New("host").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title><link rel="icon" href="data:,">{{.Head}}<style nonce="{{.Nonce}}">{{.Style}}</style></head>
<body><header><a href="/">The product</a></header><main><h1>{{.Title}}</h1>{{.Content}}</main></body></html>`))
	head = template.HTML(regexp.MustCompile(`<link `).ReplaceAllString(string(head), `<link nonce="`+nonce+`" `))
	_ = page.Execute(w, map[string]any{"Title": title, "Head": head, "Nonce": nonce, "Style": template.CSS(style), "Content": content})
}

// tab opens a tab for the gallery.
func (g *gallery) tab(t *testing.T) *tab { return openTab(t, &product{url: g.URL}) }
