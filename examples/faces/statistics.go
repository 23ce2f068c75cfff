package main

import (
	"context"
	"database/sql"
	"html/template"
	"log/slog"
	"net/http"
	"path/filepath"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// statistics is how this product counts its use, with permission.
type statistics struct {
	*telemetry.Client
	decisions *consent.File
	notice    int
}

func openStatistics(list *catalog.Catalog, db *store, endpoint, dir string, log *slog.Logger) (*statistics, error) {
	dir, err := filepath.Abs(filepath.Join(dir, "telemetry"))
	if err != nil {
		return &statistics{}, err
	}
	s := &statistics{decisions: consent.NewFile(dir), notice: list.NoticeNumber()}
	s.Client, err = telemetry.Init(telemetry.Config{Catalog: list, Endpoint: endpoint, Dir: dir, Consent: s.decisions, Logger: log})
	s.Observe(compreface.Collections, db.facesPerCollection)
	return s, err
}

// count counts an event in the transaction in which it happens.
func (s *statistics) count(_ context.Context, _ *sql.Tx, c catalog.Counter) error {
	s.Add(c, 1)
	return nil
}

// row is the question at sign-up.
func (s *statistics) row() template.HTML {
	return `<label class="choice"><input type="checkbox" name="statistics" value="agree" autocomplete="off"> Send usage statistics (optional)</label>`
}

// signedUp records the answer of who set this installation up.
func (s *statistics) signedUp(ctx context.Context, r *http.Request) error {
	if v := r.PostForm["statistics"]; len(v) != 1 || v[0] != "agree" {
		return nil // no answer is not a yes
	}
	if err := s.decisions.Save(ctx, consent.Record{Decision: consent.Granted, Notice: s.notice, Where: "sign-up"}); err != nil {
		return err
	}
	return s.Refresh(ctx)
}

func (a *app) settings(mux *http.ServeMux) {
	mux.HandleFunc("GET /settings", a.member(func(w http.ResponseWriter, r *http.Request) {
		a.show(w, r, http.StatusOK, "settings", page{Title: "Settings"})
	}))
}
