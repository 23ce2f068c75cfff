package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"headcount.example/internal/ledger"
)

// batch bounds one transaction: however much is pending, the next one is never
// too large to end in time, on a slow machine either.
const batch = 2_000

// Fold adds what this process counted, and what transactions of the host left
// pending, to the totals.
func (a *account) Fold(ctx context.Context, added []uint64, change *ledger.Change) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tried == nil && change == nil && slices.Max(append(a.pendingOf(added), 0)) == 0 {
		if idle, err := a.idle(ctx); idle || err != nil {
			return err
		}
	}
	more, err := a.foldOnce(ctx, added, change)
	if err != nil {
		return a.end(err)
	}
	a.ahead = nil // from now on the ledger knows
	for more && err == nil {
		// What is left is not lost: the next one to fold takes it.
		more, err = a.foldOnce(ctx, make([]uint64, len(added)), nil)
	}
	a.ahead = nil
	return nil
}

// pendingOf is what of added is not in the totals.
func (a *account) pendingOf(added []uint64) []uint64 {
	rest := slices.Clone(added)
	for i := range rest {
		rest[i] -= a.aheadOf(i)
	}
	return rest
}

// idle says whether there is nothing to fold.
func (a *account) idle(ctx context.Context) (bool, error) {
	if _, err := a.Known(); err != nil {
		return false, err
	}
	var some bool
	err := a.store.read(ctx, func(ctx context.Context, q querier) error {
		return scan(q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM headcount_pending)"), &some)
	})
	return err == nil && !some, err
}

// foldOnce is one transaction. It says whether more is pending.
func (a *account) foldOnce(ctx context.Context, added []uint64, change *ledger.Change) (more bool, err error) {
	err = a.store.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		a.doubt()
		more, err = a.fold(ctx, tx, added, change)
		return err
	})
	if err != nil {
		a.doubt()
		return false, err
	}
	a.applied(a.trying)
	a.trying = nil
	return more, nil
}

// doubt notes that the newest fold was to be committed, and that nobody knows
// what became of it. One that did not get there was rolled back.
func (a *account) doubt() {
	if a.trying != nil {
		a.tried, a.trying = a.trying, nil
	}
}

// applied notes that a fold is in the totals.
func (a *account) applied(fold []uint64) {
	if a.ahead == nil {
		a.ahead = make([]uint64, len(a.series))
	}
	for i, n := range fold {
		a.ahead[i] += n
	}
}

// resolve finds out what became of a fold whose commit had no answer. The row
// is locked: the one in doubt had it, so it has ended, whichever way.
func (a *account) resolve(ctx context.Context, tx *sql.Tx) error {
	if a.tried == nil {
		return nil
	}
	var newest int64
	err := scan(tx.QueryRowContext(ctx, a.store.sql("SELECT fold FROM headcount_process WHERE process = $1"), a.process), &newest)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err // and still in doubt
	}
	if newest == a.number {
		a.applied(a.tried)
	}
	a.tried = nil
	return nil
}

func (a *account) fold(ctx context.Context, tx *sql.Tx, added []uint64, change *ledger.Change) (more bool, err error) {
	row, err := a.current(ctx, tx, "{update}")
	if err == nil {
		err = a.resolve(ctx, tx)
	}
	if err != nil {
		return false, err
	}
	if change != nil {
		if err := a.change(ctx, tx, row, *change); err != nil {
			return false, err
		}
	}
	plus, more, err := a.take(ctx, tx)
	if err != nil {
		return false, err
	}
	rest := a.pendingOf(added)
	for i, n := range rest {
		if n > 0 {
			plus[a.series[i]] += int64(min(n, ledger.Max))
		}
	}
	if err := a.add(ctx, tx, plus); err != nil {
		return false, err
	}
	if slices.Max(append(slices.Clone(rest), 0)) == 0 {
		return more, nil
	}
	a.number++
	_, err = tx.ExecContext(ctx, a.store.sql(`INSERT INTO headcount_process (process, fold, seen) VALUES ($1, $2, {now})
		ON CONFLICT (process) DO UPDATE SET fold = excluded.fold, seen = excluded.seen`), a.process, a.number)
	if err != nil {
		return false, queryFailed(err)
	}
	a.trying = rest // the commit comes next
	return more, nil
}

// take removes what is pending, up to a batch, and returns the sums of what
// belongs to this installation. The rest was committed after its yes was taken
// back.
func (a *account) take(ctx context.Context, tx *sql.Tx) (sums map[string]int64, more bool, err error) {
	const some = "SELECT id FROM headcount_pending ORDER BY id LIMIT $1"
	queries := []string{"WITH gone AS (DELETE FROM headcount_pending WHERE id IN (" + some + ") RETURNING generation, series, n) " +
		"SELECT generation, series, sum(n)::bigint, count(*) FROM gone GROUP BY generation, series"}
	if a.store.dialect == SQLite {
		queries = []string{"SELECT generation, series, sum(n), count(*) FROM (SELECT * FROM headcount_pending ORDER BY id LIMIT $1) GROUP BY generation, series",
			"DELETE FROM headcount_pending WHERE id IN (" + some + ")"}
	}
	rows, err := tx.QueryContext(ctx, a.store.sql(queries[0]), batch)
	if err != nil {
		return nil, false, queryFailed(err)
	}
	defer rows.Close()
	sums = map[string]int64{}
	taken := 0
	for rows.Next() {
		var generation, sum int64
		var name string
		var count int
		if err := rows.Scan(&generation, &name, &sum, &count); err != nil {
			return nil, false, queryFailed(err)
		}
		taken += count
		if generation == a.generation && sum > 0 {
			sums[name] += min(sum, ledger.Max)
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, false, queryFailed(err)
	}
	if taken > 0 && len(queries) > 1 {
		if _, err := tx.ExecContext(ctx, a.store.sql(queries[1]), batch); err != nil {
			return nil, false, queryFailed(err)
		}
	}
	return sums, taken == batch, nil
}

// add writes the totals that grow.
func (a *account) add(ctx context.Context, tx *sql.Tx, plus map[string]int64) error {
	if len(plus) == 0 {
		return nil
	}
	totals, err := a.own(ctx, tx)
	if err != nil {
		return err
	}
	places, args := "", []any{}
	for _, name := range slices.Sorted(maps.Keys(plus)) {
		args = append(args, name, min(ledger.Max, totals[name]+plus[name]))
		places += fmt.Sprintf(", ($%d, $%d)", len(args)-1, len(args))
	}
	query := "INSERT INTO headcount_total (series, total) VALUES " + places[2:] + " ON CONFLICT (series) DO UPDATE SET total = excluded.total"
	if _, err := tx.ExecContext(ctx, a.store.sql(query), args...); err != nil {
		return queryFailed(err)
	}
	return nil
}

// change writes the schedule, if its lease is the newest.
func (a *account) change(ctx context.Context, tx *sql.Tx, row installation, c ledger.Change) error {
	if l, ok := c.Lease.(*held); !ok || l.account != a || l.fence != row.fence {
		return ledger.ErrLost
	}
	due := int64(0)
	if !c.Schedule.Due.IsZero() {
		due = c.Schedule.Due.Unix()
	}
	bound := func(n int64) int64 { return min(max(n, 0), ledger.Max) }
	s := ledger.Schedule{Settled: bound(c.Schedule.Settled), Former: bound(c.Schedule.Former), Due: c.Schedule.Due, Failures: int(bound(int64(c.Schedule.Failures)))}
	_, err := tx.ExecContext(ctx, a.store.sql("UPDATE headcount_installation SET settled = $1, former = $2, due = $3, failures = $4 WHERE id = 1"),
		s.Settled, s.Former, bound(due), s.Failures)
	if err != nil {
		return queryFailed(err)
	}
	a.seen.Lock()
	a.known = s
	a.seen.Unlock()
	return nil
}
