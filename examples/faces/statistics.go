package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/sqlstate"
	"headcount.example/telemetry"
)

// statistics is how this product counts its use, with permission. With
// PostgreSQL several replicas are one installation: what was decided, the totals
// and the identifier are in the product's own database. With SQLite there is one
// host, and they are in its directory, as the journal of what was sent is in any
// case.
type statistics struct {
	*telemetry.Client
	*panel.Panel
	decisions panel.Decisions
	log       *slog.Logger
}

// watchInterval is how long a process may count nothing after a yes that
// another one was told.
var watchInterval = time.Minute // shorter in tests

func (a *app) openStatistics(ctx context.Context, list *catalog.Catalog, endpoint, dir string) (*statistics, error) {
	dir, err := filepath.Abs(filepath.Join(dir, "telemetry"))
	if err != nil {
		return nil, err
	}
	s := &statistics{decisions: consent.NewFile(dir), log: a.log}
	config := telemetry.Config{Catalog: list, Endpoint: endpoint, Dir: dir, Logger: a.log}
	if a.db.postgres {
		state := sqlstate.New(a.db.DB, sqlstate.PostgreSQL, "public", list.Product())
		if err := state.CreateTable(ctx); err != nil {
			return nil, err
		}
		s.decisions, config.State = state, state
		config.Watch = watchInterval // there may be other processes; SQLite is this one's alone
	}
	config.Consent = s.decisions
	if s.Client, err = telemetry.Init(config); err != nil {
		a.log.Warn("statistics are off", "error", err) // and everything else is on
	}
	s.Observe(compreface.Collections, a.db.facesPerCollection)
	s.Panel, err = panel.New(panel.Config{
		Catalog: list, Decisions: s.decisions, Stats: s.Client, May: a.may, Home: "/settings", Logger: a.log,
	})
	return s, err
}

// may says who looks at statistics and decides about them: the administrator.
// A person who looks sees the identifier too, and everyone can make an account.
func (a *app) may(r *http.Request) panel.Right {
	if u, _ := a.who(r); u.Admin {
		return panel.Change
	}
	return panel.Nothing
}

// signedUp records the yes of who has set this installation up, if there is
// one, and counts the account, which was made before it. Whatever goes wrong
// here, the account stays.
func (a *app) signedUp(r *http.Request) {
	record, yes := a.stats.SignedUp(r)
	if !yes {
		return
	}
	if err := a.stats.Decide(r.Context(), record); err != nil {
		a.log.Warn("statistics", "error", err)
		return
	}
	a.stats.Add(compreface.UserCreated, 1)
}

// learn asks anew what was decided: another process may have been told. It
// waits for five seconds at most, and the client logs what fails.
func (s *statistics) learn(ctx context.Context) { _ = s.Refresh(ctx) }

func (a *app) settings(mux *http.ServeMux) {
	statistics := http.StripPrefix("/settings/statistics", a.stats.Panel)
	look := func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".css") && a.may(r) != panel.Nothing {
			a.stats.learn(r.Context())
		}
		statistics.ServeHTTP(w, r)
	}
	mux.HandleFunc("/settings/statistics/", a.known(look))
	mux.HandleFunc("GET /settings/statistics/{$}", a.member(look))
	notice := http.StripPrefix("/statistics", a.stats.Notice())
	mux.HandleFunc("GET /statistics/", a.member(notice.ServeHTTP)) // what is sent, for every member
	mux.HandleFunc("GET /settings", a.member(func(w http.ResponseWriter, r *http.Request) {
		a.showSettings(w, r, http.StatusOK, nil)
	}))
	mux.HandleFunc("POST /settings/report", a.member(a.report))
}

func (a *app) showSettings(w http.ResponseWriter, r *http.Request, code int, problem error) {
	a.stats.learn(r.Context())
	a.show(w, r, code, "settings", page{Title: "Settings", Problem: problem})
}

// report sends one more report at once, when the administrator asks.
func (a *app) report(w http.ResponseWriter, r *http.Request) {
	if a.may(r) != panel.Change {
		a.showSettings(w, r, http.StatusForbidden, errors.New("only the administrator may send a report"))
		return
	}
	a.stats.learn(r.Context())
	if err := a.stats.Flush(r.Context()); err != nil {
		a.showSettings(w, r, http.StatusBadGateway, err)
		return
	}
	http.Redirect(w, r, "/settings/statistics/?sent", http.StatusSeeOther)
}
