package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"headcount.example/catalog"
	"headcount.example/internal/ledger"
)

// AddTx adds n to a counter within a transaction of the application: it is
// counted exactly if tx is committed.
//
//	tx, err := db.BeginTx(ctx, nil)
//	…
//	_, err = tx.ExecContext(ctx, "INSERT INTO users …")
//	_ = state.AddTx(ctx, tx, compreface.UserCreated, 1)
//	err = tx.Commit()
//
// tx must be of the database that the store was made with. AddTx inserts a row
// if the installation is still there. It locks no row, and reads nothing but
// the installation's, which no transaction writes that takes part in
// serializable ones: so it neither waits for the application's other
// transactions nor makes them fail, at any isolation.
//
// It does nothing, like Client.Add, while consent does not hold, when n is not
// positive, or when the counter is not in the catalog. A no counts here as soon
// as tx can see it, whichever process said it; a transaction that sees the
// database as it was before the yes (REPEATABLE READ or SERIALIZABLE, begun
// before it) counts nothing either. An error means that
// this was not counted; tx is as it was before and may go on, unless ctx
// ended, the connection is lost, or SQLite cannot read or write its file. It
// takes at most five seconds.
func (s *Store) AddTx(ctx context.Context, tx *sql.Tx, counter catalog.Counter, n int64) error {
	if err := s.ready(); err != nil {
		return err
	}
	switch {
	case tx == nil:
		return errors.New("sqlstate: not counted: no transaction")
	case n <= 0:
		return nil
	case n > ledger.Max:
		return fmt.Errorf("sqlstate: not counted: %d is more than a total can be", n)
	}
	series := counter.String()
	generation, ok := s.counting(series)
	if !ok {
		return nil
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := s.harmless(ctx, tx, func() error {
		_, err := tx.ExecContext(ctx, s.sql(insertPending), generation, series, n)
		return err
	}); err != nil {
		return fmt.Errorf("sqlstate: not counted: %w", err)
	}
	return nil
}

// insertPending inserts nothing when the yes was taken back. That is no reason
// to stop counting here: tx may only see the database as it was before the yes.
// The next look, within ten seconds, finds out.
//
// It must not be VALUES either: a single row of those that does not fit on the
// disk has SQLite undo the whole transaction, and not only the statement.
const insertPending = `INSERT INTO headcount_pending (generation, series, n)
	SELECT CAST($1 AS BIGINT), CAST($2 AS TEXT), CAST($3 AS BIGINT)
	WHERE EXISTS (SELECT 1 FROM headcount_installation WHERE generation = $1)`

// counting returns the generation that a series is counted for now.
func (s *Store) counting(series string) (generation int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.open {
		if slices.Contains(a.series, series) {
			return a.generation, true
		}
	}
	return 0, false
}

// harmless keeps a statement that fails from taking the transaction with it,
// as it would in PostgreSQL.
func (s *Store) harmless(ctx context.Context, tx *sql.Tx, f func() error) error {
	if s.dialect != PostgreSQL {
		return f()
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT headcount"); err != nil {
		return err
	}
	err := f()
	if err != nil {
		_, back := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT headcount")
		err = errors.Join(err, back)
	}
	_, done := tx.ExecContext(ctx, "RELEASE SAVEPOINT headcount")
	return errors.Join(err, done)
}
