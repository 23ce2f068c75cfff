package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Destroy takes the yes back, for every process: in one transaction it removes
// identifier, totals, what is pending, schedule, and what was put aside. What
// was decided stays. It asks still, unless that is nil, after a look at what
// there is, and removes nothing else: a new yes may have made it. A report that
// another process has on its way is waited for, two seconds at most: the row of
// its lease stays until then, and tells nothing. There being nothing to destroy
// is not an error.
func (s *Store) Destroy(ctx context.Context, still func() error) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	for {
		seen, err := s.look(ctx)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		if still != nil {
			if err := still(); err != nil {
				return err
			}
		}
		if seen.revoked() { // by another process, which waits as well
			return s.quiet(ctx, seen.generation)
		}
		same, leased := false, false
		err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
			same, leased, err = s.destroy(ctx, tx, seen.generation)
			return err
		})
		if err != nil {
			return err
		}
		if leased {
			return s.quiet(ctx, revoked(seen.generation))
		}
		if same {
			return nil
		}
	}
}

// revoked is the generation of a row that is only a lease any more.
func revoked(generation int64) int64 { return -1 - generation }

func (i installation) revoked() bool { return i.generation < 0 }

// destroy removes an installation, if it still is the one with this
// generation; 0 when there was none. Leased says that another process may be
// sending.
func (s *Store) destroy(ctx context.Context, tx *sql.Tx, generation int64) (same, leased bool, err error) {
	if err := s.lock(ctx, tx); err != nil {
		return false, false, err
	}
	now, err := s.find(ctx, tx, "{update}")
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, false, err
	}
	if err == nil && now.generation != generation {
		return false, false, nil
	}
	s.stop(generation)
	statements := append(wipe[1:len(wipe):len(wipe)], "DELETE FROM headcount_aside", "DELETE FROM headcount_installation WHERE lease_until <= {now}")
	if err := s.exec(ctx, tx, statements...); err != nil {
		return false, false, err
	}
	left, err := tx.ExecContext(ctx, s.sql(`UPDATE headcount_installation
		SET generation = $1, install_guid = '', day = 0, phase = 0, settled = 0, due = 0, failures = 0`), revoked(generation))
	if err != nil {
		return false, false, fmt.Errorf("sqlstate: %w", err)
	}
	n, err := left.RowsAffected()
	return true, n > 0, err
}

// stop ends what AddTx counts here for a generation.
func (s *Store) stop(generation int64) {
	s.mu.Lock()
	open := s.open
	s.mu.Unlock()
	for _, a := range open {
		if a.generation == generation {
			a.Stop()
		}
	}
}

// quiet waits for whoever has the lease of a revoked row, and removes it, with
// what was committed late. It does so also when its caller has gone.
func (s *Store) quiet(ctx context.Context, generation int64) error {
	ctx, cancel := bounded(context.WithoutCancel(ctx))
	defer cancel()
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var n int
		err := s.read(ctx, func(ctx context.Context, q querier) error {
			return q.QueryRowContext(ctx, s.sql("SELECT count(*) FROM headcount_installation WHERE generation = $1 AND lease_until > {now}"), generation).Scan(&n)
		})
		if err == nil && n == 0 {
			break
		}
	}
	return s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		for query, g := range map[string]int64{
			"DELETE FROM headcount_installation WHERE generation = $1": generation,
			"DELETE FROM headcount_pending WHERE generation = $1":      revoked(generation),
		} {
			if _, err := tx.ExecContext(ctx, s.sql(query), g); err != nil {
				return fmt.Errorf("sqlstate: %w", err)
			}
		}
		return nil
	})
}
