package sqlstate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"headcount.example/internal/ledger"
)

// TestImpossible puts what cannot be into the tables, by hand.
func TestImpossible(t *testing.T) {
	for name, c := range map[string]struct {
		change, want string
		err          error // of what is open already
	}{
		"an identifier that tells on its maker": {"UPDATE headcount_installation SET install_guid = '560eee90-5fca-11eb-988b-0242ac120003'", "not a random (version 4)", ledger.ErrDamaged},
		"another identifier":                    {"UPDATE headcount_installation SET install_guid = '00000000-0000-4000-8000-000000000000'", "", ledger.ErrDamaged},
		"no identifier":                         {"UPDATE headcount_installation SET install_guid = ''", "is not a UUID", ledger.ErrDamaged},
		"an identifier in capitals":             {"UPDATE headcount_installation SET install_guid = upper(install_guid)", "is not a UUID", ledger.ErrDamaged},
		"a phase of more than a day":            {"UPDATE headcount_installation SET phase = 86400", "not possible", ledger.ErrDamaged},
		"a phase beyond all":                    {"UPDATE headcount_installation SET phase = 9223372036854775807", "not possible", ledger.ErrDamaged},
		"a day before 1970":                     {"UPDATE headcount_installation SET day = -9223372036854775807", "not possible", ledger.ErrDamaged},
		"a day beyond all":                      {"UPDATE headcount_installation SET day = 9223372036854775807", "not possible", ledger.ErrDamaged},
		"a schedule beyond all":                 {"UPDATE headcount_installation SET due = 9223372036854775807", "schedule", ledger.ErrDamaged},
		"a schedule before all":                 {"UPDATE headcount_installation SET settled = -1", "schedule", ledger.ErrDamaged},
		"a negative total":                      {"UPDATE headcount_total SET total = -1", "is -1", ledger.ErrDamaged},
		"a huge total":                          {"UPDATE headcount_total SET total = 9223372036854775807", "is 9223372036854775807", ledger.ErrDamaged},
		"a series less":                         {"DELETE FROM headcount_total", "", ledger.ErrDamaged},
		"no row":                                {"DELETE FROM headcount_installation", "", ledger.ErrClosed},
		"another generation":                    {"UPDATE headcount_installation SET generation = generation + 1", "", ledger.ErrGone},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, d *database) {
				l := opened(t, d.store())
				add(t, l, 0, 5)
				fold(t, l)
				add(t, l, 0, 1)
				lease, err := l.Sender(t.Context())
				if err != nil || lease == nil {
					t.Fatal(err)
				}
				d.unchecked(t, c.change)
				totals := make([]uint64, 2)
				for call, err := range map[string]error{"Totals": l.Totals(t.Context(), totals), "Sync": l.Sync(t.Context()),
					"SetSchedule": l.SetSchedule(t.Context(), lease, ledger.Schedule{Settled: 1}), "Check": l.Check(t.Context())} {
					if !errors.Is(err, c.err) {
						t.Errorf("%s: %v, want %v", call, err, c.err)
					}
				}
				if l.Add(l.Slot(0), 1) == errors.Is(c.err, ledger.ErrClosed) {
					t.Error("counts on after a no, or stops without one")
				}
				anew := opened(t, d.store())
				if !strings.Contains(anew.Aside(), c.want) || (c.want == "") != (anew.Aside() == "") {
					t.Errorf("put aside: %q, want %q", anew.Aside(), c.want)
				}
				if n := d.number(t, "SELECT count(*) FROM headcount_aside"); (n == 1) != (c.want != "") {
					t.Errorf("%d put aside", n)
				}
				if c.want != "" {
					if id := anew.Identity(); id.GUID == l.Identity().GUID || id.GUID.Version() != 4 {
						t.Errorf("not a new installation: %v", id)
					}
					equal(t, anew, 0, 0)
				}
				if err := l.Sync(t.Context()); err == nil {
					t.Error("what was counted for the old one is written to the new one")
				}
			})
		})
	}
}

// unchecked changes what the tables would refuse.
func (d *database) unchecked(t *testing.T, query string) {
	t.Helper()
	if d.dialect == PostgreSQL {
		d.must(t, "ALTER TABLE headcount_total DROP CONSTRAINT headcount_total_total_check")
		d.must(t, query)
		return
	}
	conn, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, q := range []string{"PRAGMA ignore_check_constraints = 1", query, "PRAGMA ignore_check_constraints = 0"} {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func TestAsideIsBounded(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for range keptAside + 3 {
			opened(t, d.store())
			d.must(t, "UPDATE headcount_installation SET phase = -1")
		}
		opened(t, d.store())
		if n := d.number(t, "SELECT count(*) FROM headcount_aside"); n != keptAside {
			t.Errorf("%d put aside", n)
		}
		if err := d.store().Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if n := d.rows(t); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

// A database that is full costs the event, and not the application's
// transaction.
func TestFullDatabase(t *testing.T) {
	d := sqlite(t)
	d.SetMaxOpenConns(1) // the limit is a connection's
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.must(t, "CREATE TABLE things (name TEXT, n BIGINT)")
	if _, err := ledger.OpenIn(t.Context(), s, names, noon); err != nil {
		t.Fatal(err)
	}
	d.number(t, fmt.Sprintf("PRAGMA max_page_count = %d", d.number(t, "PRAGMA page_count")))
	tx, err := d.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("INSERT INTO things VALUES ('order', 1)"); err != nil {
		t.Fatal(err)
	}
	counted := int64(0)
	for err == nil && counted < 100_000 {
		if err = s.AddTx(t.Context(), tx, sold, 1); err == nil {
			counted++
		}
	}
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("after %d events: %v", counted, err)
	}
	if err := tx.Commit(); err != nil {
		t.Error(err)
	}
	if got := d.number(t, "SELECT count(*) FROM things"); got != 1 {
		t.Errorf("%d orders", got)
	}
	if got := d.number(t, "SELECT count(*) FROM headcount_pending"); got != counted {
		t.Errorf("%d events, %d were counted", got, counted)
	}
}
