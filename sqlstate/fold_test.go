package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/internal/ledger"
)

func TestOneIdentity(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		var all sync.WaitGroup
		ids := make([]ledger.Identity, 8)
		for i := range ids {
			s := d.store()
			all.Go(func() { ids[i] = opened(t, s).Identity() })
		}
		all.Wait()
		for _, id := range ids {
			if id != ids[0] || id.GUID.Version() != 4 {
				t.Errorf("%v and %v", id, ids[0])
			}
		}
		if s, err := opened(t, d.store()).Schedule(t.Context()); err != nil || s.Settled != ledger.SlotAt(noon, ids[0].Phase) {
			t.Errorf("the first report is not for the next slot: %+v, %v", s, err)
		}
	})
}

func TestFold(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l, other := opened(t, d.store()), opened(t, d.store())
		add(t, l, 0, 5)
		equal(t, l, 5, 0)
		equal(t, other, 0, 0)
		add(t, other, 1, 7)
		fold(t, l)
		fold(t, l)
		fold(t, other)
		equal(t, l, 5, 7)
		equal(t, other, 5, 7)
		add(t, l, 0, ledger.Max-5)
		add(t, other, 0, 3)
		fold(t, l)
		fold(t, other)
		equal(t, other, ledger.Max, 7)
	})
}

// TestOtherCatalogs has replicas of an older and of a newer release.
func TestOtherCatalogs(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		older := opened(t, d.store(), names[0])
		add(t, older, 0, 1)
		fold(t, older)
		newer := opened(t, d.store())
		add(t, newer, 0, 10)
		add(t, newer, 1, 100)
		fold(t, newer)
		if err := event(t.Context(), d, d.store(), start, 1, true); err != nil { // not open: counts nothing
			t.Fatal(err)
		}
		back := opened(t, d.store(), names[0])
		add(t, back, 0, 1)
		fold(t, back)
		equal(t, back, 12)
		equal(t, older, 12)
		equal(t, opened(t, d.store()), 12, 100)
	})
}

func TestAddTx(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		try := func(n int64, commit bool) {
			t.Helper()
			if err := event(t.Context(), d, s, sold, n, commit); err != nil {
				t.Error(err)
			}
		}
		try(1000, true) // not open
		l := opened(t, s)
		try(1, true)
		try(2000, false)
		try(0, true)
		try(-1, true)
		equal(t, l, 1, 0) // what a preview shows is what will be sent
		if n := d.number(t, "SELECT count(*) FROM headcount_pending"); n != 1 {
			t.Errorf("looking at the totals left %d pending", n)
		}
		fold(t, l)
		equal(t, l, 1, 0)
		if err := event(t.Context(), d, s, visited.With("NEVER DECLARED"), 1, true); err != nil {
			t.Error(err)
		}
		if err := event(t.Context(), d, s, sold, ledger.Max+1, true); err == nil {
			t.Error("more than a total can be")
		}
		l.Stop()
		try(3000, true) // consent does not hold any more
		if n := d.number(t, "SELECT count(*) FROM headcount_pending"); n != 0 {
			t.Errorf("%d pending", n)
		}
		fold(t, l)
		equal(t, l, 1, 0)
	})
}

// TestAddTxInBatches has far more pending than is folded in one transaction,
// in a table that others fold at the same time.
func TestAddTxInBatches(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		l, other := opened(t, s), opened(t, d.store())
		tx, err := d.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		const events = 2*batch + 500
		generation, _ := s.counting(sold.String())
		_, err = tx.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO headcount_pending (generation, series, n)
			WITH RECURSIVE i(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM i WHERE i < %d) SELECT %d, '%s', 1 FROM i`, events, generation, sold))
		if err = errors.Join(err, tx.Commit()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		var all sync.WaitGroup
		for _, l := range []*ledger.Ledger{l, other} {
			add(t, l, 0, 1)
			all.Go(func() { fold(t, l) })
		}
		all.Wait()
		t.Logf("%d pending folded in %v", events, time.Since(began).Round(time.Millisecond))
		equal(t, l, events+2, 0)
	})
}

// TestAddTxFails keeps a statistic that cannot be written from failing the
// application's transaction.
func TestAddTxFails(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		s := d.store()
		l := opened(t, s)
		d.must(t, "ALTER TABLE headcount_pending RENAME TO elsewhere")
		tx, err := d.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO things (name, n) VALUES ('a', 1)"); err != nil {
			t.Fatal(err)
		}
		if err := s.AddTx(t.Context(), tx, sold, 1); err == nil || !strings.HasPrefix(err.Error(), "sqlstate: not counted: ") {
			t.Errorf("%v", err)
		}
		if _, err := tx.ExecContext(t.Context(), "INSERT INTO things (name, n) VALUES ('b', 1)"); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(); err != nil || d.number(t, "SELECT count(*) FROM things") != 2 {
			t.Error(err)
		}
		add(t, l, 0, 5)
		if err := l.Sync(t.Context()); err == nil {
			t.Error("folded")
		}
		d.must(t, "ALTER TABLE elsewhere RENAME TO headcount_pending")
		fold(t, l)
		equal(t, l, 5, 0)
	})
}

// TestSerializable has transactions of the host that fail for their own
// reasons, and are tried again: what is committed is counted, once, and
// folding makes none of them fail.
func TestSerializable(t *testing.T) {
	d := postgres(t)
	s := d.store()
	if err := s.CreateSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.must(t, "CREATE TABLE things (name TEXT PRIMARY KEY, n BIGINT)")
	d.must(t, "INSERT INTO things VALUES ('a', 0), ('b', 0)")
	l := opened(t, s)
	work := func(level sql.IsolationLevel, first, second string) error {
		tx, err := d.BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
		if err != nil {
			return err
		}
		defer tx.Rollback()
		if err := s.AddTx(t.Context(), tx, sold, 1); err != nil {
			return err
		}
		for _, name := range []string{first, second} {
			if _, err := tx.ExecContext(t.Context(), "UPDATE things SET n = n + 1 WHERE name = $1", name); err != nil {
				return err
			}
			time.Sleep(time.Millisecond)
		}
		return tx.Commit()
	}
	failures, committed := map[string]int{}, 0
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for turn := range 40 {
				level, first, second := sql.LevelSerializable, "a", "b"
				if i%2 == 0 {
					level = sql.LevelReadCommitted
				}
				if (i+turn)%3 == 0 {
					first, second = second, first // for deadlocks
				}
				err := work(level, first, second)
				mu.Lock()
				if err == nil {
					committed++
				} else if state := (interface{ SQLState() string })(nil); errors.As(err, &state) {
					failures[state.SQLState()]++
				} else {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	stop := make(chan struct{})
	var folding sync.WaitGroup
	folding.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				fold(t, l)
			}
		}
	})
	all.Wait()
	close(stop)
	folding.Wait()
	fold(t, l)
	t.Logf("%d committed; failed: %v", committed, failures)
	if failures["40001"] == 0 || failures["40P01"] == 0 || d.number(t, "SELECT n FROM things WHERE name = 'a'") != int64(committed) {
		t.Errorf("no serialization failure or no deadlock: %v", failures)
	}
	equal(t, l, uint64(committed), 0)

	// And alone: folding at the same time makes no serializable transaction fail.
	for range 100 {
		tx, err := d.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.AddTx(t.Context(), tx, sold, 1); err != nil {
			t.Fatal(err)
		}
		add(t, l, 0, 1)
		fold(t, l)
		if err := tx.Commit(); err != nil {
			t.Fatalf("folding made a transaction fail: %v", err)
		}
	}
	fold(t, l)
	equal(t, l, uint64(committed)+200, 0)

	// Not even one that read what another has written since: a fold that
	// counted as a reader would complete the pattern that PostgreSQL refuses.
	options := &sql.TxOptions{Isolation: sql.LevelSerializable}
	one, err1 := d.BeginTx(t.Context(), options)
	two, err2 := d.BeginTx(t.Context(), options)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	var n int64
	err1 = one.QueryRow("SELECT n FROM things WHERE name = 'a'").Scan(&n)
	_, err2 = two.Exec("UPDATE things SET n = n + 1 WHERE name = 'a'")
	if err := errors.Join(err1, err2, two.Commit(), s.AddTx(t.Context(), one, sold, 1)); err != nil {
		t.Fatal(err)
	}
	add(t, l, 0, 1)
	fold(t, l)
	if err := one.Commit(); err != nil {
		t.Errorf("folding made a transaction fail: %v", err)
	}
}

// TestCommitWithoutAnswer loses the answer of commits, which were made or not
// made: nothing is counted twice, and nothing is lost.
func TestCommitWithoutAnswer(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		for _, made := range []bool{true, false} {
			l := opened(t, d.store())
			a := account1(t, d)
			before := make([]uint64, 2)
			if err := l.Totals(t.Context(), before); err != nil {
				t.Fatal(err)
			}
			added := []uint64{5, 0}
			if made {
				if _, err := a.foldOnce(t.Context(), added, nil); err != nil {
					t.Fatal(err)
				}
				a.tried, a.ahead = a.ahead, nil // as if the answer had been lost
			} else {
				a.number, a.tried = a.number+1, added
			}
			if err := a.Totals(t.Context(), added, make([]uint64, 2)); !errors.Is(err, errCommit) {
				t.Errorf("a guess: %v", err)
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel()
			if err := a.Fold(gone, added, nil); err == nil {
				t.Error("folded without a database")
			}
			added[0] += 3 // more was counted meanwhile
			if err := a.Fold(t.Context(), added, nil); err != nil {
				t.Fatal(err)
			}
			equal(t, l, before[0]+8, 0)
			if err := a.Fold(t.Context(), []uint64{0, 0}, nil); err != nil {
				t.Fatal(err)
			}
			equal(t, l, before[0]+8, 0)
		}
	})
}

// account1 is an account without its ledger.
func account1(t *testing.T, d *database) *account {
	t.Helper()
	a, err := d.store().Open(t.Context(), names, func() (ledger.Identity, ledger.Schedule, error) { panic("there is one") })
	if err != nil {
		t.Fatal(err)
	}
	return a.(*account)
}
