package sqlstate

import (
	"errors"
	"fmt"
	"strings"
)

// queryFailed says whose fault it is, as far as that can be told.
func queryFailed(err error) error {
	if answered(err, "42P01", "no such table") || answered(err, "42703", "no such column") || answered(err, "42501", "") {
		return fmt.Errorf("sqlstate: the tables cannot be used (was CreateSchema called, and may this role use them?): %w", err)
	}
	return fmt.Errorf("sqlstate: the database did not answer, or refused (is it there, writable and not full?): %w", err)
}

// createFailed says what to do when a table cannot be made.
func createFailed(err error, version, want int) error {
	switch {
	case answered(err, "42P07", "already exists"):
		return fmt.Errorf("sqlstate: headcount_schema says version %d, and tables of a later one are there: "+
			"have its one row, with id 1, say the version that they are (the newest known here is %d), or drop all tables whose names begin with headcount_; then call CreateSchema: %w", version, want, err)
	case answered(err, "42501", ""), answered(err, "3F000", ""):
		return fmt.Errorf("sqlstate: the tables cannot be made (may this role create tables in the schema that search_path names?): %w", err)
	}
	return queryFailed(err)
}

// answered tells one answer of a database by PostgreSQL's code, which pgx and
// lib/pq know, or by SQLite's words.
func answered(err error, code, words string) bool {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState() == code
	}
	return words != "" && strings.Contains(err.Error(), words)
}

// again says whether a database gave up something that is to be tried anew:
// a serialization failure or deadlock in PostgreSQL, a busy SQLite.
func again(err error) bool {
	return answered(err, "55P03", "") || answered(err, "40001", "database is locked") || answered(err, "40P01", "database table is locked")
}

// sameVersion makes sure that tables of this version are known here.
func (s *Store) sameVersion(is int) error {
	want := len(s.steps())
	switch {
	case is == want:
		return nil
	case is > want:
		return fmt.Errorf("sqlstate: the tables are of version %d and only versions up to %d are known here: a newer release made them: update this one", is, want)
	case is < 0:
		return fmt.Errorf("sqlstate: headcount_schema says version %d, which there is not: set it to the version that the tables are (the newest known here is %d)", is, want)
	}
	return fmt.Errorf("sqlstate: the tables are of version %d, not %d: call CreateSchema", is, want)
}
