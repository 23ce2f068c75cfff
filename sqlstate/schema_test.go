package sqlstate

import (
	"strings"
	"sync"
	"testing"
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
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
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
