package sqlstate

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"headcount.example/internal/ledger"
)

// stricter is a database whose transactions are of this level unless they say
// otherwise.
func stricter(t testing.TB, level string) *database {
	t.Helper()
	d := postgres(t)
	d.dsn += " default_transaction_isolation='" + level + "'"
	d.connect(t)
	if err := d.store().CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.must(t, "CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT)")
	d.must(t, "INSERT INTO things VALUES ('a', 0), ('b', 0)")
	d.must(t, "CREATE TABLE others (n BIGINT)")
	return d
}

// TestHostsTransactionsHold has transactions of the host that are one step from
// what PostgreSQL refuses, and everything of ours between their steps: none of
// the host's fails because of ours, in databases with a strict default too.
func TestHostsTransactionsHold(t *testing.T) {
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			d := stricter(t, level)
			s := d.store()
			l := opened(t, s)
			lease, err := l.Sender(t.Context())
			if err != nil || lease == nil {
				t.Fatal(lease, err)
			}
			for _, c := range []struct {
				name string
				ours func() error
			}{
				{"nothing", func() error { return nil }},
				{"Totals", func() error { return l.Totals(t.Context(), make([]uint64, 2)) }},
				{"Schedule", func() error { _, err := l.Schedule(t.Context()); return err }},
				{"Sync of nothing", func() error { return l.Sync(t.Context()) }},
				{"Sync", func() error { l.Add(l.Slot(0), 1); return l.Sync(t.Context()) }},
				{"Held", func() error { _, err := lease.Held(t.Context()); return err }},
				{"SetSchedule", func() error { return l.SetSchedule(t.Context(), lease, ledger.Schedule{Settled: 7}) }},
				{"Open", func() error { opened(t, d.store()); return nil }},
				{"Peek", func() error { _, err := s.Peek(t.Context()); return err }},
				{"Consent", func() error { _, err := s.Consent(t.Context()); return err }},
				{"Save", func() error { return s.Save(t.Context(), yes) }},
				{"CreateSchema", func() error { return s.CreateSchema(t.Context()) }},
				{"Sender", func() error { return exchange(t, d) }},
				{"Destroy", func() error { err := s.Destroy(t.Context(), nil); opened(t, s); return err }},
			} {
				t.Run(c.name, func(t *testing.T) {
					d.writesAfter(t, s, c.ours)
					d.readBefore(t, s, c.ours)
				})
			}
		})
	}
}

// exchange takes a lease that has ended, and gives it back.
func exchange(t *testing.T, d *database) error {
	s := d.store()
	s.lease = time.Hour // longer than the other one, so that this is one of another clock
	a, err := s.Open(t.Context(), names, nil)
	if err != nil {
		return err
	}
	d.outside(t, "UPDATE headcount_installation SET lease_until = 0")
	lease, err := a.Sender(t.Context())
	if err != nil || lease == nil {
		return errors.Join(err, errors.New("no lease"))
	}
	lease.Release()
	return nil
}

// outside is a statement that takes no part in serializable transactions.
func (d *database) outside(t testing.TB, query string) {
	t.Helper()
	tx, err := d.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(query)
	if err := errors.Join(err, tx.Commit()); err != nil {
		t.Fatal(err)
	}
}

func (d *database) begin(t testing.TB) *sql.Tx {
	t.Helper()
	tx, err := d.BeginTx(t.Context(), nil) // as the database's default is
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// writesAfter: a transaction read what another has written since. Who reads
// what it counted would complete the pattern.
func (d *database) writesAfter(t *testing.T, s *Store, ours func() error) {
	t.Helper()
	one, two := d.begin(t), d.begin(t)
	var n int64
	err1 := one.QueryRow("SELECT n FROM things WHERE name = 'a'").Scan(&n)
	_, err2 := two.Exec("UPDATE things SET n = n + 1 WHERE name = 'a'")
	if err := errors.Join(err1, err2, two.Commit(), s.AddTx(t.Context(), one, sold, 1)); err != nil {
		t.Fatal(err)
	}
	if err := ours(); err != nil {
		t.Error(err)
	}
	if err := one.Commit(); err != nil {
		t.Errorf("reading made a transaction of the host fail: %v", err)
	}
}

// readBefore: a transaction writes what another has read. Who writes what
// AddTx read would complete the pattern.
func (d *database) readBefore(t *testing.T, s *Store, ours func() error) {
	t.Helper()
	one, two := d.begin(t), d.begin(t)
	var n int64
	err1 := two.QueryRow("SELECT n FROM things WHERE name = 'b'").Scan(&n)
	_, err2 := one.Exec("UPDATE things SET n = n + 1 WHERE name = 'b'")
	if err := errors.Join(err1, err2, s.AddTx(t.Context(), one, sold, 1)); err != nil {
		t.Fatal(err)
	}
	if err := ours(); err != nil {
		t.Error(err)
	}
	_, err := two.Exec("INSERT INTO others VALUES (1)")
	if err := errors.Join(err, two.Commit(), one.Commit()); err != nil {
		t.Errorf("writing made a transaction of the host fail: %v", err)
	}
}

// TestOldSnapshot: a transaction that began before the yes does not see it. It
// is not counted, and says nothing against counting in the next.
func TestOldSnapshot(t *testing.T) {
	for _, level := range []string{"repeatable read", "serializable"} {
		t.Run(level, func(t *testing.T) {
			d := stricter(t, level)
			old := d.begin(t)
			if _, err := old.Exec("UPDATE things SET n = 1 WHERE name = 'a'"); err != nil {
				t.Fatal(err)
			}
			s := d.store()
			l := opened(t, s)
			if err := errors.Join(s.AddTx(t.Context(), old, sold, 100), old.Commit()); err != nil {
				t.Error(err)
			}
			if err := event(t.Context(), d, s, sold, 1, true); err != nil {
				t.Error(err)
			}
			fold(t, l)
			equal(t, l, 1, 0)
			if n := d.number(t, "SELECT count(*) FROM things"); n != 3 {
				t.Errorf("%d of the application's own rows", n)
			}
		})
	}
}
