package sqlstate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"headcount.example/internal/ledger"
)

// A Dialect is a kind of database. The zero Dialect is none.
type Dialect int

const (
	PostgreSQL Dialect = iota + 1 // 12 or later
	MySQL                         // MariaDB 10.5 or later, MySQL 8 or later
)

// String returns the name of the database.
func (d Dialect) String() string {
	switch d {
	case PostgreSQL:
		return "PostgreSQL"
	case MySQL:
		return "MySQL"
	}
	return fmt.Sprintf("dialect %d", int(d))
}

// timeout bounds every call: a database that is away must not hold up the host.
const timeout = 5 * time.Second

// A Store is the row of one product. It is a telemetry.State and a
// consent.Source. Its methods are safe for concurrent use, by several processes
// too.
type Store struct {
	db      *sql.DB
	dialect Dialect
	schema  string
	product string
}

var _ ledger.State = (*Store)(nil)

// New names a row and touches nothing. The schema is the one of the table
// headcount: "public" in most PostgreSQL databases, and the name of the database
// in MariaDB and MySQL. The product is the catalog's.
func New(db *sql.DB, dialect Dialect, schema, product string) *Store {
	return &Store{db, dialect, schema, product}
}

func (s *Store) ready() error {
	switch {
	case s == nil || s.db == nil:
		return errors.New("sqlstate: no database")
	case s.dialect != PostgreSQL && s.dialect != MySQL:
		return fmt.Errorf("sqlstate: %v is neither PostgreSQL nor MySQL", s.dialect)
	case s.schema == "" || strings.ContainsAny(s.schema, "\"`\\\x00"):
		return fmt.Errorf("sqlstate: schema %.80q is not the name of a schema", s.schema)
	case s.product == "" || len(s.product) > 64:
		return fmt.Errorf("sqlstate: product %.80q is not the catalog's", s.product)
	}
	return nil
}

// sql returns a query in the dialect of the database.
func (s *Store) sql(query string) string {
	if s.dialect == MySQL {
		for _, n := range []string{"$1", "$2", "$3", "$4"} {
			query = strings.Replace(query, n, "?", 1) // every query names them in order, and each once
		}
		return strings.NewReplacer("{table}", "`"+s.schema+"`.`headcount`", "{ignore}", "IGNORE", "{nothing}", "", "{text}", "LONGTEXT",
			"{options}", "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin").Replace(query)
	}
	return strings.NewReplacer("{table}", `"`+s.schema+`"."headcount"`, "{ignore}", "", "{nothing}", "ON CONFLICT DO NOTHING", "{text}", "TEXT", "{options}", "").Replace(query)
}

func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithTimeout(ctx, timeout)
}

// CreateTable makes the table if it does not exist. It needs the right to make tables.
// The other methods need only the rights to read and write this one.
func (s *Store) CreateTable(ctx context.Context) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := s.db.ExecContext(ctx, s.sql(`CREATE TABLE IF NOT EXISTS {table} (
		product VARCHAR(64) NOT NULL PRIMARY KEY, version BIGINT NOT NULL, state {text}, decisions {text} NOT NULL) {options}`))
	return failed(err)
}

// A row is the row of one product. Version 0 means that there is none.
type row struct {
	version   int64
	state     []byte
	decisions string
}

func (s *Store) load(ctx context.Context) (r row, err error) {
	if err := s.ready(); err != nil {
		return r, err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	err = s.db.QueryRowContext(ctx, s.sql("SELECT version, state, decisions FROM {table} WHERE product = $1"), s.product).Scan(&r.version, &r.state, &r.decisions)
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, nil
	}
	return r, failed(err)
}

// Load is the client's, and not for applications: it returns the state.
func (s *Store) Load(ctx context.Context) (state []byte, version int64, err error) {
	r, err := s.load(ctx)
	return r.state, r.version, err
}

// Swap is the client's, and not for applications: it replaces the state.
func (s *Store) Swap(ctx context.Context, version int64, state []byte) error {
	return s.swap(ctx, version, "state", state)
}

// swap replaces a column if the version is still the one given.
func (s *Store) swap(ctx context.Context, version int64, column string, content []byte) error {
	if err := s.ready(); err != nil {
		return err
	}
	ctx, cancel := bounded(ctx)
	defer cancel()
	text := sql.NullString{String: string(content), Valid: content != nil}
	var done sql.Result
	var err error
	if version == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // a row that was removed by hand does not get its old versions again
		state, decisions := text, sql.NullString{String: "[]", Valid: true}
		if column == "decisions" {
			state, decisions = sql.NullString{}, text
		}
		done, err = s.db.ExecContext(ctx, s.sql("INSERT {ignore} INTO {table} (product, version, state, decisions) VALUES ($1, $2, $3, $4) {nothing}"),
			s.product, int64(binary.NativeEndian.Uint64(b[:])>>2)+1, state, decisions)
	} else {
		done, err = s.db.ExecContext(ctx, s.sql("UPDATE {table} SET "+column+" = $1, version = version + 1 WHERE product = $2 AND version = $3"),
			text, s.product, version)
	}
	if err != nil {
		return unknown(err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(ledger.ErrConflict, err)
	}
	return nil
}
