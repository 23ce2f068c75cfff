package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"headcount.example/internal/ledger"
)

// held is the lease of the one that sends. The fence rises with every lease
// that is given out, so it says who had the newest.
type held struct {
	account *account
	fence   int64
	once    sync.Once
}

// Sender takes the lease, if nobody has it. All times are the database's. A
// lease that ends later than any could was taken under another clock.
func (a *account) Sender(ctx context.Context) (ledger.Lease, error) {
	l := &held{account: a}
	err := a.store.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := a.current(ctx, tx, ""); err != nil {
			return err
		}
		return scan(tx.QueryRowContext(ctx, a.store.sql(`UPDATE headcount_installation
			SET fence = fence + 1, lease_until = {now} + $1
			WHERE generation = $2 AND (lease_until <= {now} OR lease_until > {now} + $1)
			RETURNING fence`), milliseconds(a.store.lease), a.generation), &l.fence)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, a.end(err)
	}
	return l, nil
}

// Held makes the lease as long as a new one, if it is the newest: then nobody
// can have sent in between. The time it returns is this machine's, counted
// from before the database was asked, and a little earlier than the lease ends.
func (l *held) Held(ctx context.Context) (time.Time, error) {
	a := l.account
	until := time.Now().Add(a.store.lease - a.store.lease/12)
	var fence int64
	err := a.store.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return scan(tx.QueryRowContext(ctx, a.store.sql(`UPDATE headcount_installation
			SET lease_until = {now} + $1 WHERE generation = $2 AND fence = $3 AND lease_until > 0
			RETURNING fence`), milliseconds(a.store.lease), a.generation, l.fence), &fence)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return time.Time{}, ledger.ErrLost
	case err != nil:
		return time.Time{}, err
	}
	return until, nil
}

// Release ends the lease. When the database does not hear of it, it ends by
// itself.
func (l *held) Release() {
	l.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s := l.account.store
		_ = s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, s.sql("UPDATE headcount_installation SET lease_until = 0 WHERE generation IN ($1, $2) AND fence = $3"),
				l.account.generation, revoked(l.account.generation), l.fence)
			return err
		})
	})
}
