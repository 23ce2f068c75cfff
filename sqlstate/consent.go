package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"headcount.example/consent"
)

const (
	maxRecords  = 100 // as in consent.File
	readRecords = "SELECT decision, notice, decided, place FROM headcount_consent ORDER BY id DESC LIMIT $1"
)

// Consent returns the newest decision; the zero Record when nobody has
// decided. A record that no person can have left, and one that cannot be read,
// is an error, and an error is a no.
func (s *Store) Consent(ctx context.Context) (consent.Record, error) {
	records, err := s.records(ctx, 1)
	if err != nil || len(records) == 0 {
		return consent.Record{}, err
	}
	return records[0], nil
}

// History returns the last 100 decisions, the newest last, under the same
// rules as Consent.
func (s *Store) History(ctx context.Context) ([]consent.Record, error) {
	records, err := s.records(ctx, maxRecords)
	slices.Reverse(records)
	return records, err
}

func (s *Store) records(ctx context.Context, most int) (records []consent.Record, err error) {
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		if err := s.owned(ctx, q); err != nil { // a yes to another product is none
			return err
		}
		records, err = s.decided(ctx, q, most)
		return err
	})
	if err != nil {
		return nil, err
	}
	return records, nil
}

func (s *Store) decided(ctx context.Context, q querier, most int) ([]consent.Record, error) {
	rows, err := q.QueryContext(ctx, s.sql(readRecords), most)
	if err != nil {
		return nil, queryFailed(err)
	}
	defer rows.Close()
	var records []consent.Record
	now := time.Now()
	for rows.Next() {
		r, err := record(rows, now)
		if err != nil {
			return nil, fmt.Errorf("sqlstate: a recorded decision cannot be trusted: %w: decide again to replace it", err)
		}
		records = append(records, r)
	}
	if err := rows.Err(); err != nil {
		return nil, queryFailed(err)
	}
	return records, nil
}

// record reads a row, and refuses one that Save would not have written.
func record(rows *sql.Rows, now time.Time) (r consent.Record, err error) {
	var word string
	var notice, decided int64
	if err := rows.Scan(&word, &notice, &decided, &r.Where); err != nil {
		return r, err
	}
	if err := r.Decision.UnmarshalText([]byte(word)); err != nil {
		return consent.Record{}, err
	}
	if r.Notice = int(notice); int64(r.Notice) != notice {
		return consent.Record{}, fmt.Errorf("notice %d is not possible", notice)
	}
	r.Time = time.Unix(decided, 0).UTC()
	return r.Checked(now)
}

// Save adds a decision, under the rules of consent.File, and returns when it
// is committed; from then on it counts for every process that uses the
// database. Decisions of several processes are put in one order, and none is
// lost. An error means that it is not known to be recorded: an earlier one
// may still count.
func (s *Store) Save(ctx context.Context, r consent.Record) error {
	if err := s.ready(); err != nil {
		return err
	}
	r, err := r.Checked(time.Now())
	if err != nil {
		return err
	}
	word, err := r.Decision.MarshalText()
	if err != nil {
		return err
	}
	err = s.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := s.lock(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, s.sql(`INSERT INTO headcount_consent (id, decision, notice, decided, place)
			SELECT coalesce(max(id), 0) + 1, $1, $2, $3, $4 FROM headcount_consent`), string(word), r.Notice, r.Time.Unix(), r.Where)
		if err != nil {
			return queryFailed(err)
		}
		return s.exec(ctx, tx, fmt.Sprintf("DELETE FROM headcount_consent WHERE id <= (SELECT max(id) FROM headcount_consent) - %d", maxRecords))
	})
	if errors.Is(err, errCommit) {
		return fmt.Errorf("%w: look at the settings again", err)
	}
	return err
}
