package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"headcount.example/catalog/compreface"
)

// The same words do for PostgreSQL and SQLite: identifiers are made here, and
// times are numbers.
const schema = `
CREATE TABLE IF NOT EXISTS users (
	id TEXT PRIMARY KEY, created BIGINT NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE,
	password TEXT NOT NULL, admin BOOLEAN NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS one_admin ON users (admin) WHERE admin;
CREATE TABLE IF NOT EXISTS sessions (
	token TEXT PRIMARY KEY, expires BIGINT NOT NULL, user_id TEXT NOT NULL REFERENCES users);
CREATE TABLE IF NOT EXISTS applications (
	id TEXT PRIMARY KEY, created BIGINT NOT NULL, name TEXT NOT NULL, example BOOLEAN NOT NULL);
CREATE TABLE IF NOT EXISTS services (
	id TEXT PRIMARY KEY, created BIGINT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
	application_id TEXT NOT NULL REFERENCES applications);
CREATE TABLE IF NOT EXISTS faces (
	id TEXT PRIMARY KEY, created BIGINT NOT NULL, name TEXT NOT NULL, service_id TEXT NOT NULL REFERENCES services);
CREATE INDEX IF NOT EXISTS faces_of_service ON faces (service_id, created);
`

// A store is the application's database.
type store struct {
	*sql.DB
	postgres bool
}

// openStore opens PostgreSQL if a URL is given, and SQLite in dir otherwise.
func openStore(ctx context.Context, url, dir string) (*store, error) {
	s := &store{postgres: strings.HasPrefix(url, "postgres")}
	driver := "pgx"
	if !s.postgres {
		if url != "" {
			return nil, fmt.Errorf("%w: -database is postgres://…, or nothing for SQLite", errUsage)
		}
		path := filepath.Join(dir, "faces.db")
		if err := private(dir, path); err != nil {
			return nil, err
		}
		// What is deleted is overwritten, so that an identifier that was taken
		// back is in no free page and in no log.
		driver, url = "sqlite", "file:"+path+
			"?_pragma=secure_delete(1)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)&_txlock=immediate"
	}
	var err error
	if s.DB, err = sql.Open(driver, url); err != nil {
		return nil, err
	}
	if err := s.change(ctx, func(tx *sql.Tx) error { return s.create(ctx, tx) }); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// create makes the tables. In PostgreSQL two that make them at once get in each
// other's way, whatever IF NOT EXISTS says.
func (s *store) create(ctx context.Context, tx *sql.Tx) error {
	if s.postgres {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(70114)"); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, schema)
	return err
}

// private makes the file for the owner alone, before SQLite makes it readable
// by everybody. The files that SQLite puts beside it are like it.
func private(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// change runs f in a transaction: all of it happens, or nothing does.
func (s *store) change(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

type (
	user struct {
		ID, Name, Email, password string
		Admin                     bool
	}
	application struct {
		ID, Name string
		Services int
	}
	service struct {
		ID, Name, Type, Application, ApplicationName string
		Faces                                        int
	}
)

func now() int64 { return time.Now().UnixMicro() }

var errTaken = errors.New("there is already an account with this e-mail address")

func (s *store) addUser(ctx context.Context, tx *sql.Tx, u *user) error {
	u.ID = rand.Text()
	done, err := tx.ExecContext(ctx, `INSERT INTO users (id, created, name, email, password, admin)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email) DO NOTHING`, u.ID, now(), u.Name, u.Email, u.password, u.Admin)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, errTaken)
	}
	return nil
}

func (s *store) anyUser(ctx context.Context) (bool, error) {
	var n int
	err := s.QueryRowContext(ctx, `SELECT count(*) FROM users`).Scan(&n)
	return n > 0, err
}

func (s *store) userByEmail(ctx context.Context, email string) (u user, err error) {
	err = s.QueryRowContext(ctx, `SELECT id, name, email, password, admin FROM users WHERE email = $1`, email).
		Scan(&u.ID, &u.Name, &u.Email, &u.password, &u.Admin)
	return u, err
}

func (s *store) addApplication(ctx context.Context, tx *sql.Tx, name string, example bool) (id string, err error) {
	id = rand.Text()
	_, err = tx.ExecContext(ctx, `INSERT INTO applications (id, created, name, example) VALUES ($1, $2, $3, $4)`, id, now(), name, example)
	return id, err
}

func (s *store) addService(ctx context.Context, tx *sql.Tx, application, name, kind string) (id string, err error) {
	id = rand.Text()
	_, err = tx.ExecContext(ctx, `INSERT INTO services (id, created, name, type, application_id) VALUES ($1, $2, $3, $4, $5)`,
		id, now(), name, kind, application)
	return id, err
}

func (s *store) addFace(ctx context.Context, tx *sql.Tx, service, name string) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO faces (id, created, name, service_id) VALUES ($1, $2, $3, $4)`, rand.Text(), now(), name, service)
	return err
}

func (s *store) applications(ctx context.Context) ([]application, error) {
	return list(ctx, s, func(a *application) []any { return []any{&a.ID, &a.Name, &a.Services} },
		`SELECT a.id, a.name, count(s.id) FROM applications a LEFT JOIN services s ON s.application_id = a.id
		GROUP BY a.id, a.name, a.created ORDER BY a.created`)
}

func (s *store) application(ctx context.Context, id string) (a application, err error) {
	err = s.QueryRowContext(ctx, `SELECT id, name FROM applications WHERE id = $1`, id).Scan(&a.ID, &a.Name)
	return a, err
}

const selectServices = `SELECT s.id, s.name, s.type, a.id, a.name, count(f.id)
	FROM services s JOIN applications a ON a.id = s.application_id LEFT JOIN faces f ON f.service_id = s.id
	WHERE s.id = $1 OR a.id = $1 GROUP BY s.id, s.name, s.type, s.created, a.id, a.name ORDER BY s.created`

// services returns those of an application, or the one service of that id.
func (s *store) services(ctx context.Context, id string) ([]service, error) {
	return list(ctx, s, func(v *service) []any {
		return []any{&v.ID, &v.Name, &v.Type, &v.Application, &v.ApplicationName, &v.Faces}
	}, selectServices, id)
}

func (s *store) newestFaces(ctx context.Context, service string) ([]string, error) {
	return list(ctx, s, func(name *string) []any { return []any{name} },
		`SELECT name FROM faces WHERE service_id = $1 ORDER BY created DESC LIMIT 50`, service)
}

// facesPerCollection is what the statistics ask once a day: one number for
// each collection, and what they are called stays here. Example data says
// nothing about how the product is used.
func (s *store) facesPerCollection(ctx context.Context) ([]int64, error) {
	return list(ctx, s, func(n *int64) []any { return []any{n} },
		`SELECT count(f.id) FROM services s JOIN applications a ON a.id = s.application_id
		LEFT JOIN faces f ON f.service_id = s.id WHERE s.type = $1 AND NOT a.example GROUP BY s.id`, compreface.Recognition)
}

// list reads all rows of a query, each into the places that into names.
func list[T any](ctx context.Context, s *store, into func(*T) []any, query string, args ...any) (all []T, err error) {
	rows, err := s.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v T
		if err := rows.Scan(into(&v)...); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
