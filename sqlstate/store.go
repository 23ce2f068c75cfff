package sqlstate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A Dialect is the database that a driver leads to. The zero Dialect is none.
type Dialect uint8

const (
	PostgreSQL Dialect = iota + 1 // 12 or newer
	SQLite                        // 3.37 or newer
)

// String returns the database's name.
func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case SQLite:
		return "SQLite"
	}
	return fmt.Sprintf("dialect(%d)", uint8(d))
}

const (
	patience = 5 * time.Second // for whatever the database is asked
	lease    = time.Minute     // of the one that sends; far more than a report takes
)

// A Store keeps the state of one installation of one product in the tables
// whose names begin with headcount_. It is what telemetry.Config.State wants,
// and a consent.Source. Applications call CreateSchema, Save, History and AddTx;
// the rest is telemetry's. All methods are safe for concurrent use. A nil Store,
// and one without a database or a product, returns an error from every method.
type Store struct {
	db      *sql.DB
	dialect Dialect
	product string
	process string        // random: which process folded
	lease   time.Duration // tests make it short, and the next
	late    time.Duration

	mu       sync.Mutex
	open     []*account  // what AddTx counts for
	used     bool        // something was open since the last sweep
	sweeping *time.Timer // after a Destroy
}

// New returns a store in the application's database. It touches nothing. The
// driver is the application's choice. The product is the catalog's
// (catalog.Catalog.Product): tables of one product are an error to another,
// whose yes and identifier they would otherwise share.
func New(db *sql.DB, dialect Dialect, product string) *Store {
	return &Store{db: db, dialect: dialect, product: product, process: rand.Text(), lease: lease, late: late}
}

func (s *Store) ready() error {
	switch {
	case s == nil || s.db == nil:
		return errors.New("sqlstate: no database")
	case s.dialect != PostgreSQL && s.dialect != SQLite:
		return fmt.Errorf("sqlstate: %v is neither PostgreSQL nor SQLite", s.dialect)
	case s.product == "":
		return errors.New("sqlstate: no product is given: it is the catalog's")
	}
	return nil
}

// bounded is ctx with an end: a database that is away must not hold up the
// host.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithTimeout(ctx, patience)
}

// sql puts a query into the words of the database.
func (s *Store) sql(query string) string {
	replace := []string{"{update}", " FOR UPDATE", "{now}", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"}
	if s.dialect == SQLite {
		// $1 would be a name there, and not a number.
		replace = []string{"{update}", "", "{now}", "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)", "$", "?"}
	}
	return strings.NewReplacer(replace...).Replace(query)
}

// read asks, and changes nothing. In PostgreSQL that is a transaction: where
// serializable is the host's default, a question of ours that took part in
// that would make the host's transactions fail. In SQLite it is none: it would
// take the only writer's lock where the host begins with that.
func (s *Store) read(ctx context.Context, f func(context.Context, querier) error) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	if s.dialect == SQLite {
		return f(ctx, s.db)
	}
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted, ReadOnly: true})
	if err != nil {
		return queryFailed(err)
	}
	defer tx.Rollback()
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return queryFailed(err)
	}
	return nil
}

// scan reads one row; sql.ErrNoRows when there is none.
func scan(row *sql.Row, to ...any) error {
	err := row.Scan(to...)
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return queryFailed(err)
}

// errCommit says that nobody knows whether a transaction was committed.
var errCommit = errors.New("it is not known whether this was written")

// write runs f in a transaction, and again when the database asks for that.
// Transactions of ours exclude one another: in PostgreSQL by the row that each
// locks first, in SQLite because it has one writer.
func (s *Store) write(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	return s.patiently(ctx, func() error { return s.once(ctx, f) })
}

// patiently tries again as long as the database asks for that.
func (s *Store) patiently(ctx context.Context, f func() error) error {
	for wait := 2 * time.Millisecond; ; wait = min(2*wait, 100*time.Millisecond) {
		err := f()
		if err == nil || !again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(wait):
		}
	}
}

func (s *Store) once(ctx context.Context, f func(context.Context, *sql.Tx) error) error {
	options := &sql.TxOptions{}
	if s.dialect == PostgreSQL {
		// Whatever the host's default is. Reading in a stricter one would make
		// the host's transactions fail that add to what we read.
		options.Isolation = sql.LevelReadCommitted
	}
	tx, err := s.db.BeginTx(ctx, options)
	if err != nil {
		return queryFailed(err)
	}
	defer tx.Rollback()
	if s.dialect == SQLite {
		// Write first: SQLite refuses to let a reader become the writer after
		// somebody else wrote.
		if _, err := tx.ExecContext(ctx, "UPDATE headcount_schema SET version = version"); err != nil {
			return queryFailed(err)
		}
	}
	if err := f(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("sqlstate: %w: %w", errCommit, err)
	}
	return nil
}

// lock keeps other processes from opening, destroying and deciding until the
// transaction ends, and makes sure that the tables are the ones known here, and
// this product's.
func (s *Store) lock(ctx context.Context, tx *sql.Tx) error {
	var version int
	err := scan(tx.QueryRowContext(ctx, s.sql(readVersion+"{update}")), &version)
	if err != nil && !errors.Is(err, sql.ErrNoRows) { // no row is version 0
		return err
	}
	if err := s.sameVersion(version); err != nil {
		return err
	}
	return s.owned(ctx, tx)
}

// owned makes sure that the tables are this product's.
func (s *Store) owned(ctx context.Context, q querier) error {
	var owner string
	switch err := scan(q.QueryRowContext(ctx, "SELECT name FROM headcount_product WHERE id = 1"), &owner); {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("sqlstate: headcount_product is empty: insert the product whose tables these are, (1, '%s') if they are this one's", s.product)
	case err != nil:
		return err
	}
	if owner != s.product {
		return fmt.Errorf("sqlstate: the tables belong to %.100q: give %s a database, or a schema, of its own", owner, s.product)
	}
	return nil
}

// exec runs statements that take no arguments.
func (s *Store) exec(ctx context.Context, tx *sql.Tx, statements ...string) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, s.sql(statement)); err != nil {
			return queryFailed(err)
		}
	}
	return nil
}
