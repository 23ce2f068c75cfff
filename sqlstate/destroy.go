package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Destroy is telemetry's, and not for applications: whoever wants to take a yes
// back saves a no and calls Client.Refresh. With nil it destroys without asking
// whether anybody said no.
//
// It takes the yes back, for every process: in one transaction it removes
// identifier, totals, what is pending, schedule, and what was put aside. What
// was decided stays. It asks still, unless that is nil, after a look at what
// there is, and removes nothing else: a new yes may have made it. A report that
// another process has on its way is waited for, two seconds at most: the row of
// its lease stays until then, and tells nothing. What transactions commit late
// is looked for once more after twelve seconds. There being nothing to destroy
// is not an error.
func (s *Store) Destroy(ctx context.Context, still func() error) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	late := false
	defer func() {
		if late {
			s.sweepLater() // whatever came of it: it removes only what nobody asks for
		}
	}()
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
		if errors.Is(err, sql.ErrNoRows) && s.empty(ctx) {
			late = s.counted()
			return nil // who looks again and again at a no that stands keeps nobody from writing
		}
		late = true
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

// empty says that the tables hold nothing of any installation.
func (s *Store) empty(ctx context.Context) bool {
	rows, version := 1, 0
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, `SELECT CASE WHEN EXISTS (SELECT 1 FROM headcount_total) OR EXISTS (SELECT 1 FROM headcount_pending)
			OR EXISTS (SELECT 1 FROM headcount_process) OR EXISTS (SELECT 1 FROM headcount_aside) THEN 1 ELSE 0 END,
			(SELECT version FROM headcount_schema WHERE id = 1)`).Scan(&rows, &version)
	})
	return err == nil && rows == 0 && s.sameVersion(version) == nil
}

// counted says whether something was open here, once.
func (s *Store) counted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.used
	s.used = false
	return was
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
		SET generation = $1, install_guid = '', day = 0, phase = 0, settled = 0, former = 0, due = 0, failures = 0`), revoked(generation))
	if err != nil {
		return false, false, queryFailed(err)
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
		if _, err := tx.ExecContext(ctx, s.sql("DELETE FROM headcount_installation WHERE generation = $1"), generation); err != nil {
			return queryFailed(err)
		}
		return s.exec(ctx, tx, leftover)
	})
}

// late is how long after a Destroy there is one more look for what was
// committed after it: longer than most transactions take.
const late = 12 * time.Second

// leftover removes what was counted for another installation than the one
// there is: a transaction that began to count before a no and ended after it.
const leftover = "DELETE FROM headcount_pending WHERE generation NOT IN (SELECT generation FROM headcount_installation)"

// sweepLater looks once more, without anything that waits until then. It is
// nobody's loss if that fails, or if the process has ended: whoever opens or
// destroys next does the same.
func (s *Store) sweepLater() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sweeping != nil {
		s.sweeping.Reset(s.late)
		return
	}
	s.sweeping = time.AfterFunc(s.late, func() {
		_ = s.write(context.Background(), func(ctx context.Context, tx *sql.Tx) error {
			if err := s.lock(ctx, tx); err != nil {
				return err
			}
			return s.exec(ctx, tx, leftover)
		})
	})
}
