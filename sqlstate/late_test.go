package sqlstate

import (
	"errors"
	"testing"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// TestAddTxAfterANo: a replica that has not heard of a no writes nothing more,
// and goes on after a new yes only once it has that one open.
func TestAddTxAfterANo(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		opened(t, s)
		if err := d.store().Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for _, state := range []string{"after the no", "after a new yes"} {
			if _, ok := s.counting(sold.String()); !ok {
				t.Fatalf("%s: it has heard of it", state)
			}
			if err := event(t.Context(), d, s, sold, 1, true); err != nil {
				t.Errorf("%s: %v", state, err)
			}
			if n := d.number(t, "SELECT count(*) FROM headcount_pending"); n != 0 {
				t.Errorf("%s: %d pending", state, n)
			}
			opened(t, d.store())
		}
		if n := d.number(t, "SELECT count(*) FROM things"); n != 2 {
			t.Errorf("%d of the application's own rows", n)
		}
	})
}

// TestLateCommit: what a transaction commits after a no is removed soon, what
// was counted since a new yes stays, and nothing depends on that.
func TestLateCommit(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		s.late = 2 * time.Second // enough for what comes before it, on a busy machine
		opened(t, s)
		generation, _ := s.counting(sold.String())
		commit := func() {}
		if d.dialect == PostgreSQL {
			tx, err := d.BeginTx(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.AddTx(t.Context(), tx, sold, 1); err != nil {
				t.Fatal(err)
			}
			commit = func() { _ = tx.Commit() }
		}
		byHand := func() { // SQLite has one writer: nobody can be late
			d.must(t, "INSERT INTO headcount_pending (generation, series, n) VALUES ($1, $2, 1)", generation, sold.String())
		}
		if err := s.Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		commit()
		byHand()
		soon(t, "what was late is removed", func() bool { return d.rows(t) == 0 })

		// Once more, and with a new yes meanwhile.
		if err := s.Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		elsewhere := d.store()
		l := opened(t, elsewhere)
		if err := event(t.Context(), d, elsewhere, sold, 7, true); err != nil {
			t.Fatal(err)
		}
		byHand()
		soon(t, "only what is of now stays", func() bool { return d.number(t, "SELECT count(*) FROM headcount_pending") == 1 })
		fold(t, l)
		equal(t, l, 7, 0)

		// Later still: nothing waits for it, and a client that starts under a
		// recorded no removes it, also where there is nothing else to destroy.
		if err := d.store().Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		byHand()
		if err := s.Save(t.Context(), consent.Record{Decision: consent.Denied, Notice: 1}); err != nil {
			t.Fatal(err)
		}
		client(t, d.store(), "http://localhost:1")
		if n := d.rows(t); n != 0 {
			t.Errorf("%d rows after the next start", n)
		}
	})
}

// TestSweepOfAClosedDatabase does no harm, and everybody who destroys sweeps,
// also when another process has done it.
func TestSweepOfAClosedDatabase(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		own := (&database{dialect: d.dialect, dsn: d.dsn}).connect(t)
		s := own.store()
		s.late = 50 * time.Millisecond
		opened(t, d.store())
		for range 2 {
			if err := s.Destroy(t.Context(), nil); err != nil || s.sweeping == nil {
				t.Errorf("%v, a timer: %v", err, s.sweeping != nil)
			}
		}
		if err := own.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * s.late)
		if s.sweeping.Stop() {
			t.Error("it is still to come")
		}
	})
}

// TestLateDestroy: a new yes was acted on while this process asked whether the
// no still stands.
func TestLateDestroy(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		opened(t, s)
		var anew *ledger.Ledger
		changed := errors.New("there is a yes")
		asked := 0
		err := s.Destroy(t.Context(), func() error {
			if asked++; asked > 1 {
				return changed
			}
			if err := d.store().Destroy(t.Context(), nil); err != nil {
				t.Error(err)
			}
			anew = opened(t, d.store())
			return nil
		})
		if !errors.Is(err, changed) || anew.Check(t.Context()) != nil {
			t.Errorf("%v; what the new yes made: %v", err, anew.Check(t.Context()))
		}
	})
}

// TestNoThatStands: whoever acts again on a no that was acted on writes
// nothing; what somebody left is removed all the same.
func TestNoThatStands(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		opened(t, s)
		if err := s.Destroy(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		other := (&database{dialect: d.dialect, dsn: d.dsn}).connect(t)
		tx, err := other.BeginTx(t.Context(), nil) // it writes, and nobody else can
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec("UPDATE headcount_schema SET version = version"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := s.Destroy(t.Context(), nil); err != nil {
				t.Errorf("it waits for a writer: %v", err)
			}
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
		for _, left := range []string{"headcount_total (series, total) VALUES ('x', 1)", "headcount_pending (generation, series, n) VALUES (1, 'x', 1)",
			"headcount_process (process, fold, seen) VALUES ('x', 1, 1)", "headcount_aside (damage, state) VALUES ('x', 'x')"} {
			d.must(t, "INSERT INTO "+left)
			if err := s.Destroy(t.Context(), nil); err != nil || d.rows(t) != 0 {
				t.Errorf("%s: %v, %d rows", left, err, d.rows(t))
			}
		}
	})
}
