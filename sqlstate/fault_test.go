package sqlstate

import (
	"context"
	"strings"
	"testing"

	"headcount.example/internal/ledger"
)

// calls is everything that asks the database for something, but AddTx.
func calls(ctx context.Context, s *Store) map[string]error {
	_, err1 := s.Open(ctx, names, func() (ledger.Identity, ledger.Schedule, error) { panic("not asked") })
	_, err2 := s.Consent(ctx)
	_, err3 := s.History(ctx)
	_, err4 := s.Peek(ctx)
	return map[string]error{"Open": err1, "Consent": err2, "History": err3, "Peek": err4,
		"Save": s.Save(ctx, yes), "Destroy": s.Destroy(ctx, nil), "CreateSchema": s.CreateSchema(ctx)}
}

func says(t *testing.T, errs map[string]error, want, never string) {
	t.Helper()
	for call, err := range errs {
		if err == nil || !strings.HasPrefix(err.Error(), "sqlstate: ") || !strings.Contains(err.Error(), want) || never != "" && strings.Contains(err.Error(), never) {
			t.Errorf("%s: %v, want %q", call, err, want)
		}
	}
}

// TestFaultIsNotTheTables: a database that does not answer is not one without
// tables.
func TestFaultIsNotTheTables(t *testing.T) {
	const want, never = "the database did not answer, or refused", "CreateSchema"
	each(t, func(t *testing.T, d *database) {
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		errs := calls(gone, d.store())
		says(t, errs, want, never)
		says(t, errs, "context canceled", never)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		says(t, calls(t.Context(), d.store()), want, never)
	})
	t.Run("no server", func(t *testing.T) {
		d := (&database{dialect: PostgreSQL, dsn: "host=" + t.TempDir() + " user=nobody dbname=postgres"}).connect(t)
		says(t, calls(t.Context(), d.store()), want, never)
	})
	t.Run("a lock", func(t *testing.T) {
		d := postgres(t)
		s := d.store()
		if err := s.CreateSchema(t.Context()); err != nil {
			t.Fatal(err)
		}
		tx := d.begin(t)
		if _, err := tx.Exec("LOCK TABLE headcount_schema, headcount_product"); err != nil {
			t.Fatal(err)
		}
		d.must(t, "SET lock_timeout = 1") // on the one connection that is free
		d.SetMaxOpenConns(2)
		says(t, calls(t.Context(), s), want, never)
	})
}

// TestTablesByHand: what somebody did to the tables is named, with what to do.
func TestTablesByHand(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		without := func(errs map[string]error, names ...string) map[string]error {
			for _, name := range names {
				delete(errs, name)
			}
			return errs
		}
		opened(t, s)
		d.must(t, "UPDATE headcount_schema SET version = -1")
		says(t, without(calls(t.Context(), s), "Consent", "History"), "says version -1, which there is not: set it to the version that the tables are (the newest known here is 2)", "CreateSchema")

		const again = "says version 0, and tables of a later one are there: have its one row, with id 1, say the version that they are (the newest known here is 2)"
		for name, change := range map[string]string{"version 0": "UPDATE headcount_schema SET version = 0", "no version": "DELETE FROM headcount_schema"} {
			d.must(t, change)
			says(t, without(calls(t.Context(), s), "Consent", "History", "CreateSchema"), "the tables are of version 0, not 2: call CreateSchema", "")
			says(t, map[string]error{name: s.CreateSchema(t.Context())}, again, "")
		}
		d.must(t, "DELETE FROM headcount_schema")
		d.must(t, "INSERT INTO headcount_schema (id, version) VALUES (1, 2)")
		if err := s.CreateSchema(t.Context()); err != nil {
			t.Errorf("as the message says: %v", err)
		}

		d.must(t, "DELETE FROM headcount_product")
		says(t, calls(t.Context(), s), "headcount_product is empty: insert the product whose tables these are, (1, 'Shop') if", "")
		d.must(t, "INSERT INTO headcount_product VALUES (1, 'Shop')")
		if _, err := s.Peek(t.Context()); err != nil {
			t.Errorf("as the message says: %v", err)
		}
		d.must(t, "DROP TABLE headcount_total")
		_, err := s.Open(t.Context(), names, nil)
		says(t, map[string]error{"Open": err}, "was CreateSchema called, and may this role use them?", "")
		if n := d.number(t, "SELECT count(*) FROM headcount_aside"); n != 0 {
			t.Error("what cannot be read was put aside")
		}
	})
}
