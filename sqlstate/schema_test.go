package sqlstate

import (
	"context"
	"strings"
	"sync"
	"testing"

	"headcount.example/internal/ledger"
)

func TestSchemaByManyAtOnce(t *testing.T) {
	for kind, fresh := range kinds {
		t.Run(kind, func(t *testing.T) {
			d := fresh(t)
			var all sync.WaitGroup
			for range 8 {
				s := d.store()
				all.Go(func() {
					for range 3 {
						if err := s.CreateSchema(t.Context()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			if n := d.number(t, "SELECT version FROM headcount_schema"); n != 2 {
				t.Errorf("version %d", n)
			}
			if n := d.rows(t); n != 0 {
				t.Errorf("%d rows before a yes", n)
			}
		})
	}
}

func TestSchemaOfAnotherVersion(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		for version, want := range map[string]string{"3": "a newer release made them", "1": "call CreateSchema", "0": "call CreateSchema"} {
			d.must(t, "UPDATE headcount_schema SET version = "+version)
			_, err := s.Open(t.Context(), names, nil)
			for call, err := range map[string]error{"Open": err, "Destroy": s.Destroy(t.Context(), nil), "Save": s.Save(t.Context(), yes)} {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s with version %s: %v", call, version, err)
				}
			}
		}
		d.must(t, "UPDATE headcount_schema SET version = 3")
		if err := s.CreateSchema(t.Context()); err == nil || !strings.Contains(err.Error(), "a newer release") {
			t.Error(err)
		}
	})
}

// TestNewerSchema: a newer release changes the tables under a process that has
// them open. That one changes nothing any more, and loses nothing should the
// tables be as before again.
func TestNewerSchema(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		l := opened(t, s)
		lease, err := l.Sender(t.Context())
		if err != nil || lease == nil {
			t.Fatal(lease, err)
		}
		add(t, l, 0, 3)
		if err := event(t.Context(), d, s, sold, 4, true); err != nil {
			t.Fatal(err)
		}
		d.must(t, "UPDATE headcount_schema SET version = 3")
		_, err1 := l.Sender(t.Context())
		_, err2 := l.Schedule(t.Context())
		_, err3 := s.Peek(t.Context())
		for call, err := range map[string]error{"Sync": l.Sync(t.Context()), "Sender": err1, "Schedule": err2, "Peek": err3,
			"SetSchedule": l.SetSchedule(t.Context(), lease, ledger.Schedule{Settled: 7}), "Totals": l.Totals(t.Context(), make([]uint64, 2))} {
			if err == nil || !strings.Contains(err.Error(), "of version 3 and only versions up to 2 are known here") {
				t.Errorf("%s: %v", call, err)
			}
		}
		if n := d.number(t, "SELECT CAST(sum(total) AS BIGINT) FROM headcount_total"); n != 0 || d.number(t, "SELECT count(*) FROM headcount_pending") != 1 {
			t.Errorf("it changed newer tables: the total is %d", n)
		}
		add(t, l, 0, 1)
		d.must(t, "UPDATE headcount_schema SET version = 2")
		fold(t, l)
		equal(t, l, 8, 0)
	})
}

// TestFoldDuringMigration: a fold that waits while the tables change sees that
// they have, and AddTx does not wait.
func TestFoldDuringMigration(t *testing.T) {
	d := postgres(t)
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.must(t, "CREATE TABLE things (name TEXT, n BIGINT)")
	d.SetMaxOpenConns(2) // so that the fold has asked the same on its connection before
	l := opened(t, s)
	for range 3 {
		add(t, l, 0, 1)
		fold(t, l)
	}
	tx, err := d.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.exec(t.Context(), tx, lockFolds, "UPDATE headcount_schema SET version = 3"); err != nil {
		t.Fatal(err)
	}
	if err := event(t.Context(), d, s, sold, 1, true); err != nil {
		t.Errorf("AddTx: %v", err)
	}
	add(t, l, 0, 1)
	done := make(chan error)
	go func() { done <- l.Sync(context.Background()) }()
	soon(t, "the fold waits", func() bool {
		var n int
		err := tx.QueryRow("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'headcount_installation'::regclass").Scan(&n)
		return err == nil && n == 1
	})
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "of version 3") {
		t.Errorf("folded into newer tables: %v", err)
	}
}

// TestAnotherProduct: of one product's tables another one gets nothing, be it
// its yes or its identifier, and can destroy nothing.
func TestAnotherProduct(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		if err := s.Save(t.Context(), yes); err != nil {
			t.Fatal(err)
		}
		l := opened(t, s)
		add(t, l, 0, 3)
		fold(t, l)
		other := New(d.DB, d.dialect, "Kiosk")
		_, err1 := other.Open(t.Context(), names, nil)
		_, err2 := other.Consent(t.Context())
		_, err3 := other.History(t.Context())
		_, err4 := other.Peek(t.Context())
		for call, err := range map[string]error{"Open": err1, "Consent": err2, "History": err3, "Peek": err4, "CreateSchema": other.CreateSchema(t.Context()),
			"Save": other.Save(t.Context(), yes), "Destroy": other.Destroy(t.Context(), nil)} {
			if err == nil || !strings.Contains(err.Error(), `the tables belong to "Shop": give Kiosk a database, or a schema, of its own`) {
				t.Errorf("%s: %v", call, err)
			}
		}
		equal(t, l, 3, 0)
		if r, err := s.Consent(t.Context()); err != nil || r.Decision != yes.Decision {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// TestOlderSchema: tables of version 1, which named no product, are those of
// the first that brings them up to date, with all they hold.
func TestOlderSchema(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		if err := s.Save(t.Context(), yes); err != nil {
			t.Fatal(err)
		}
		l := opened(t, s)
		add(t, l, 0, 3)
		fold(t, l)
		d.must(t, "DROP TABLE headcount_product")
		d.must(t, "ALTER TABLE headcount_installation DROP COLUMN former")
		d.must(t, "UPDATE headcount_schema SET version = 1")
		if _, err := s.Consent(t.Context()); err == nil || !strings.Contains(err.Error(), "was CreateSchema called") {
			t.Errorf("Consent: %v", err)
		}
		if err := s.CreateSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := opened(t, d.store())
		equal(t, again, 3, 0)
		if again.Identity() != l.Identity() {
			t.Error("another identity")
		}
		if r, err := s.Consent(t.Context()); err != nil || r.Decision != yes.Decision {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

func TestNoSchema(t *testing.T) {
	for kind, fresh := range kinds {
		t.Run(kind, func(t *testing.T) {
			s := fresh(t).store()
			_, err1 := s.Open(t.Context(), names, nil)
			_, err2 := s.Consent(t.Context())
			for call, err := range map[string]error{"Open": err1, "Consent": err2, "Save": s.Save(t.Context(), yes), "Destroy": s.Destroy(t.Context(), nil)} {
				if err == nil || !strings.Contains(err.Error(), "was CreateSchema called") {
					t.Errorf("%s: %v", call, err)
				}
			}
		})
	}
}

func TestNoStore(t *testing.T) {
	for name, s := range map[string]*Store{"nil": nil, "no database": New(nil, SQLite, "Shop"), "no dialect": New(sqlite(t).DB, 0, "Shop"),
		"no product": New(sqlite(t).DB, SQLite, "")} {
		_, err1 := s.Open(t.Context(), nil, nil)
		_, err2 := s.Consent(t.Context())
		_, err3 := s.History(t.Context())
		for _, err := range []error{err1, err2, err3, s.CreateSchema(t.Context()), s.Destroy(t.Context(), nil), s.Save(t.Context(), yes), s.AddTx(t.Context(), nil, sold, 1)} {
			if err == nil || !strings.HasPrefix(err.Error(), "sqlstate: ") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestFewRights has a role that may use the tables and not make them, and one
// that may do neither.
func TestFewRights(t *testing.T) {
	d := postgres(t)
	if err := d.store().CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	role := "r" + d.schema
	d.must(t, "CREATE ROLE "+role+" LOGIN")
	d.must(t, "GRANT USAGE ON SCHEMA "+d.schema+" TO "+role)
	app := (&database{dialect: PostgreSQL, schema: d.schema, server: d.server}).in(role).connect(t)
	s := app.store()
	_, err1 := s.Open(t.Context(), names, nil)
	_, err2 := s.Consent(t.Context())
	for call, err := range map[string]error{"CreateSchema": s.CreateSchema(t.Context()), "Open": err1, "Consent": err2,
		"Save": s.Save(t.Context(), yes), "Destroy": s.Destroy(t.Context(), nil)} {
		want := map[bool]string{false: "may this role use them?", true: "may this role create tables"}[call == "CreateSchema"]
		if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", call, err)
		}
	}
	d.must(t, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "+d.schema+" TO "+role)
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Errorf("all is there: %v", err)
	}
	if err := s.Save(t.Context(), yes); err != nil {
		t.Error(err)
	}
	l := opened(t, s)
	add(t, l, 0, 3)
	tx, err := app.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.AddTx(t.Context(), tx, sold, 4); err != nil {
		t.Error(err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	fold(t, l)
	equal(t, l, 7, 0)
	if err := s.Destroy(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
