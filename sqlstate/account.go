package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"headcount.example/internal/ledger"
)

// An account is one installation, as one process has it open. It is bound to
// the generation: nothing it does reaches a later installation.
type account struct {
	store      *Store
	series     []string
	process    string
	generation int64
	id         ledger.Identity
	aside      string

	mu     sync.Mutex // one fold at a time; guards the next
	number int64      // of the newest fold that was tried
	trying []uint64   // what it adds, from when its commit is the next thing
	tried  []uint64   // the same, once nobody knows whether it was committed
	ahead  []uint64   // what is in the totals and the ledger does not know of
	seen   sync.Mutex // guards the rest
	known  ledger.Schedule
	ended  error // why this is no longer the installation's
}

func (a *account) Identity() ledger.Identity { return a.id }
func (a *account) Aside() string             { return a.aside }

// Known is the schedule as it was read last.
func (a *account) Known() (ledger.Schedule, error) {
	a.seen.Lock()
	defer a.seen.Unlock()
	return a.known, a.ended
}

// Stop ends what AddTx counts.
func (a *account) Stop() {
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	a.store.open = slices.DeleteFunc(slices.Clone(a.store.open), func(other *account) bool { return other == a })
}

// end remembers why this is over. What was found once stays true.
func (a *account) end(err error) error {
	if errors.Is(err, ledger.ErrClosed) || errors.Is(err, ledger.ErrGone) || errors.Is(err, ledger.ErrDamaged) {
		a.seen.Lock()
		a.ended = err
		a.seen.Unlock()
	}
	return err
}

// current reads the row, and makes sure that it is still this installation's.
func (a *account) current(ctx context.Context, q querier, lock string) (installation, error) {
	if _, err := a.Known(); err != nil {
		return installation{}, err
	}
	row, err := a.store.find(ctx, q, lock)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return row, ledger.ErrClosed
	case err != nil:
		return row, err
	case row.generation != a.generation:
		return row, ledger.ErrGone
	}
	id, s, err := row.sound()
	if err == nil && id != a.id {
		err = errors.New("identifier, day or phase changed")
	}
	if err != nil {
		return row, fmt.Errorf("%w: %w", ledger.ErrDamaged, err)
	}
	a.seen.Lock()
	a.known = s
	a.seen.Unlock()
	return row, nil
}

// Schedule reads the schedule.
func (a *account) Schedule(ctx context.Context) (ledger.Schedule, error) {
	var row installation
	err := a.store.read(ctx, func(ctx context.Context, q querier) (err error) {
		row, err = a.current(ctx, q, "")
		return err
	})
	if err != nil {
		return ledger.Schedule{}, a.end(err)
	}
	_, s, _ := row.sound() // current checked it
	return s, nil
}

// rawTotals are the totals as they are stored.
func (s *Store) rawTotals(ctx context.Context, q querier) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, "SELECT series, total FROM headcount_total")
	if err != nil {
		return nil, queryFailed(err)
	}
	defer rows.Close()
	totals := map[string]int64{}
	for rows.Next() {
		var name string
		var total int64
		if err := rows.Scan(&name, &total); err != nil {
			return nil, queryFailed(err)
		}
		totals[name] = total
	}
	if err := rows.Err(); err != nil {
		return nil, queryFailed(err)
	}
	return totals, nil
}

// totals are the totals if each of them is possible.
func (s *Store) totals(ctx context.Context, q querier) (map[string]int64, error) {
	totals, err := s.rawTotals(ctx, q)
	if err != nil {
		return nil, err
	}
	for name, total := range totals {
		if total < 0 || total > ledger.Max {
			return nil, impossible(name, total)
		}
	}
	return totals, nil
}

func impossible(name string, total int64) error {
	return fmt.Errorf("%w: the total of %.80q is %d", ledger.ErrDamaged, name, total)
}

// own are the totals, with one for each of the account's series.
func (a *account) own(ctx context.Context, q querier) (map[string]int64, error) {
	totals, err := a.store.totals(ctx, q)
	if err != nil {
		return nil, err
	}
	return totals, a.complete(totals)
}

func (a *account) complete(totals map[string]int64) error {
	for _, name := range a.series {
		if _, ok := totals[name]; !ok {
			return fmt.Errorf("%w: series %q is missing", ledger.ErrDamaged, name)
		}
	}
	return nil
}

// pending is what transactions of the host left to be folded, beside the
// totals: one statement, so that nothing is seen on both sides of a fold.
const pending = `SELECT t.series, t.total, coalesce((SELECT CAST(sum(p.n) AS BIGINT) FROM headcount_pending p
	WHERE p.series = t.series AND p.generation = $1), 0) FROM headcount_total t`

// counted are the totals with what is pending.
func (a *account) counted(ctx context.Context, q querier) (map[string]int64, error) {
	rows, err := q.QueryContext(ctx, a.store.sql(pending), a.generation)
	if err != nil {
		return nil, queryFailed(err)
	}
	defer rows.Close()
	totals := map[string]int64{}
	for rows.Next() {
		var name string
		var total, more int64
		if err := rows.Scan(&name, &total, &more); err != nil {
			return nil, queryFailed(err)
		}
		if total < 0 || total > ledger.Max {
			return nil, impossible(name, total)
		}
		totals[name] = min(ledger.Max, total+min(more, ledger.Max))
	}
	if err := rows.Err(); err != nil {
		return nil, queryFailed(err)
	}
	return totals, a.complete(totals)
}

// Totals is what is in the tables and what is not there yet.
func (a *account) Totals(ctx context.Context, added, totals []uint64) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.tried != nil {
		// A guess could show more than was counted, and the largest wins.
		return fmt.Errorf("sqlstate: the totals are not known before the next fold: %w", errCommit)
	}
	var stored map[string]int64
	err := a.store.read(ctx, func(ctx context.Context, q querier) (err error) {
		stored, err = a.counted(ctx, q)
		if err == nil || errors.Is(err, ledger.ErrDamaged) {
			// Last: what was read was this installation's, and what is missing is
			// no damage where a no took it away.
			if _, now := a.current(ctx, q, ""); now != nil {
				err = now
			}
		}
		return err
	})
	if err != nil {
		return a.end(err)
	}
	for i, name := range a.series {
		totals[i] = min(ledger.Max, uint64(stored[name])+added[i]-a.aheadOf(i))
	}
	return nil
}

func (a *account) aheadOf(i int) uint64 {
	if a.ahead == nil {
		return 0
	}
	return a.ahead[i]
}

func milliseconds(d time.Duration) int64 { return int64(d / time.Millisecond) }
