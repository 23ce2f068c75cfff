//go:build linux

package main

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// databases calls f with SQLite and with PostgreSQL.
func databases(t *testing.T, f func(t *testing.T, url string)) {
	t.Run("SQLite", func(t *testing.T) { f(t, "") })
	t.Run("PostgreSQL", func(t *testing.T) { f(t, postgres(t)) })
}

// What happens is counted exactly if it is committed.
func TestCountedIfCommitted(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		ctx, dir := t.Context(), t.TempDir()
		db, err := openStore(ctx, url, dir)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		a := &app{db: db, log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		if a.stats, err = a.openStatistics(ctx, compreface.Catalog, "http://127.0.0.1:9", dir); err != nil {
			t.Fatal(err)
		}
		defer a.stats.Shutdown(context.Background())
		create := func(name string, end error) {
			t.Helper()
			err := db.change(ctx, func(tx *sql.Tx) error {
				if _, err := db.addApplication(ctx, tx, name, false); err != nil {
					return err
				}
				return end
			})
			if err == nil {
				a.stats.Add(compreface.ApplicationCreated, 1)
			}
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
		}
		create("before the yes", nil)
		if err := a.stats.decisions.Save(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Time: time.Now(), Where: "test"}); err != nil {
			t.Fatal(err)
		}
		if err := a.stats.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		create("rolled back", errors.New("no"))
		create("committed", nil)
		create("committed too", nil)
		_ = a.stats.Flush(ctx) // to no receiver; it adds up what was counted
		report, err := a.stats.Preview(ctx, true)
		if err != nil || !slices.ContainsFunc(report.Points, func(p telemetry.Point) bool { return p.String() == "compreface.application.created 2" }) {
			t.Errorf("%v %q", err, report.Points)
		}
		if all, err := db.applications(ctx); err != nil || len(all) != 3 {
			t.Errorf("%v %v", all, err)
		}
	})
}

// Killed and started again, with the same accounts, the same log-in, and the
// same totals under the same identifier.
func TestSurvivesARestart(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		c := startCollector(t)
		p := startProduct(t, &product{endpoint: c.url, database: url})
		v := newPerson(t, p)
		v.signUp(t, "Ann", yes)
		v.work(t, 3)
		if url != "" { // a killed process loses what it has not written, ten seconds at most
			eventually(t, "all is written", func() bool { return p.counted(t) == 2+len(kinds) })
		}
		p.kill(t)
		p.start(t)
		at := v.Jar.Cookies(mustParse(t, p.url)) // of this host, whatever the port
		if len(at) == 0 {
			t.Fatal("no session")
		}
		v.post(t, "/settings/report", nil)
		first, _ := c.one(t)
		if got := facts(first.data()); !slices.Equal(got, workFacts) {
			t.Errorf("after a kill %q", got)
		}
		v.work(t, 20)
		p.stop(t)
		p.start(t)
		v.post(t, "/settings/report", nil)
		second := decode(t, c.requests()[1])
		want := []string{"compreface.application.created 2", "compreface.collection.count 1-10 1", "compreface.collection.count 11-50 1",
			"compreface.service.created FACE_DETECTION 2", "compreface.service.created FACE_RECOGNITION 2",
			"compreface.service.created FACE_VERIFICATION 2", "compreface.user.created 1"}
		if got := facts(second.data()); !slices.Equal(got, want) || guid(second.data()) != guid(first.data()) {
			t.Errorf("after a restart %q", got)
		}
	})
}

// The table of ranges is asked in one query; services that keep no faces are
// no collections.
func TestFacesPerCollection(t *testing.T) {
	databases(t, func(t *testing.T, url string) {
		db, err := openStore(t.Context(), url, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var said strings.Builder
		if err := seed(t.Context(), db, &said); err != nil {
			t.Fatal(err)
		}
		if got, err := db.facesPerCollection(t.Context()); err != nil || len(got) != 0 || !strings.Contains(said.String(), "examples are not counted") {
			t.Errorf("got %v, %v, and seed says %q; want no example counted, and seed to say so", got, err, said.String())
		}
		if _, err := db.ExecContext(t.Context(), strings.ReplaceAll("UPDATE applications SET example = $1", "$1", "false")); err != nil {
			t.Fatal(err)
		}
		got, err := db.facesPerCollection(t.Context())
		slices.Sort(got)
		if err != nil || !slices.Equal(got, []int64{0, 5, 300, 700}) {
			t.Errorf("%v %v", got, err)
		}
	})
}
