package sqlstate

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/ledger"
)

// An installation is its row.
type installation struct {
	generation int64
	guid       string
	day, phase int64
	settled    int64
	former     int64
	due        int64
	failures   int64
	fence      int64
	version    int // of the tables
}

const (
	readInstallation = `SELECT generation, install_guid, day, phase, settled, former, due, failures, fence,
		coalesce((SELECT version FROM headcount_schema WHERE id = 1), 0) FROM headcount_installation WHERE id = 1`
	dayLength = 24 * 60 * 60
)

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// find reads the row of the installation; sql.ErrNoRows when there is none. A
// row in tables of another version is an error: what it says may mean something
// else there.
func (s *Store) find(ctx context.Context, q querier, lock string) (i installation, err error) {
	err = scan(q.QueryRowContext(ctx, s.sql(readInstallation+lock)),
		&i.generation, &i.guid, &i.day, &i.phase, &i.settled, &i.former, &i.due, &i.failures, &i.fence, &i.version)
	if err == nil {
		err = s.sameVersion(i.version)
	}
	return i, err
}

// look finds the row of this product's installation, whoever has it open.
func (s *Store) look(ctx context.Context) (row installation, err error) {
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		if err := s.owned(ctx, q); err != nil {
			return err
		}
		row, err = s.find(ctx, q, "")
		return err
	})
	return row, err
}

// sound returns what the row says, or why that is not possible.
func (i installation) sound() (ledger.Identity, ledger.Schedule, error) {
	guid, err := uuid.Parse(i.guid)
	if err != nil || guid.String() != i.guid {
		return ledger.Identity{}, ledger.Schedule{}, fmt.Errorf("identifier %.40q is not a UUID as it is written here", i.guid)
	}
	const far = 1 << 32 // far outside of all that is possible, and no overflow
	id := ledger.Identity{GUID: guid, Day: time.Unix(clip(i.day, far)*dayLength, 0).UTC(), Phase: time.Duration(clip(i.phase, far)) * time.Second}
	s := ledger.Schedule{Settled: i.settled, Former: i.former, Failures: int(min(i.failures, 1000))}
	if i.due != 0 {
		s.Due = time.Unix(i.due, 0)
	}
	return id, s, ledger.Sound(id, s)
}

func clip(n, most int64) int64 { return min(max(n, -most), most) }

// Open is telemetry's, and not for applications: it opens the state for the
// named series, and makes it, with an identifier, if there is none. It does not
// ask for consent: whoever calls it has.
func (s *Store) Open(ctx context.Context, series []string, fresh func() (ledger.Identity, ledger.Schedule, error)) (ledger.Account, error) {
	var a *account
	err := s.write(ctx, func(ctx context.Context, tx *sql.Tx) (err error) {
		a = &account{store: s, series: series, process: s.process + "." + rand.Text()}
		if err = s.lock(ctx, tx); err != nil {
			return err
		}
		return a.open(ctx, tx, fresh)
	})
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.open, s.used = append(s.open, a), true
	s.mu.Unlock()
	return a, nil
}

func (a *account) open(ctx context.Context, tx *sql.Tx, fresh func() (ledger.Identity, ledger.Schedule, error)) error {
	s := a.store
	row, err := s.find(ctx, tx, "{update}")
	if err == nil && row.revoked() {
		err = sql.ErrNoRows
	}
	switch {
	case err == nil:
		if a.id, a.known, err = row.sound(); err == nil {
			if _, err = s.totals(ctx, tx); err != nil && !errors.Is(err, ledger.ErrDamaged) {
				return err
			}
		}
		if err != nil { // it says something impossible
			a.aside = err.Error()
			if err := s.putAside(ctx, tx, row, a.aside); err != nil {
				return err
			}
			if row, err = a.create(ctx, tx, fresh); err != nil {
				return err
			}
		}
	case errors.Is(err, sql.ErrNoRows):
		// What is left of an earlier one, if somebody removed its row by hand.
		if err := s.exec(ctx, tx, wipe...); err != nil {
			return err
		}
		if row, err = a.create(ctx, tx, fresh); err != nil {
			return err
		}
	default:
		return err
	}
	a.generation = row.generation
	return a.settle(ctx, tx)
}

// create makes the row of a new installation.
func (a *account) create(ctx context.Context, tx *sql.Tx, fresh func() (ledger.Identity, ledger.Schedule, error)) (row installation, err error) {
	if a.id, a.known, err = fresh(); err != nil {
		return row, err
	}
	row = installation{
		generation: random(), guid: a.id.GUID.String(), day: a.id.Day.Unix() / dayLength,
		phase: int64(a.id.Phase / time.Second), settled: min(a.known.Settled, ledger.Max),
	}
	_, err = tx.ExecContext(ctx, a.store.sql(`INSERT INTO headcount_installation
		(id, generation, install_guid, day, phase, settled, due, failures, fence, lease_until)
		VALUES (1, $1, $2, $3, $4, $5, 0, 0, 0, 0)`), row.generation, row.guid, row.day, row.phase, row.settled)
	if err != nil {
		return row, queryFailed(err)
	}
	return row, nil
}

func random() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.NativeEndian.Uint64(b[:]) >> 1)
}

// settle makes a place for every series, and removes what nobody will ask for:
// events that were committed after the yes they were counted under was taken
// back, and processes that have been gone for a week.
func (a *account) settle(ctx context.Context, tx *sql.Tx) error {
	s := a.store
	if len(a.series) > 0 {
		places, args := "", []any{}
		for i, name := range a.series {
			places += fmt.Sprintf(", ($%d, 0)", i+1)
			args = append(args, name)
		}
		query := "INSERT INTO headcount_total (series, total) VALUES " + places[2:] + " ON CONFLICT (series) DO NOTHING"
		if _, err := tx.ExecContext(ctx, s.sql(query), args...); err != nil {
			return queryFailed(err)
		}
	}
	return s.exec(ctx, tx, leftover, "DELETE FROM headcount_process WHERE seen < {now} - 7 * 86400000")
}

// wipe are the statements that leave nothing of an installation, but for what
// was put aside.
var wipe = []string{
	"DELETE FROM headcount_installation",
	"DELETE FROM headcount_total",
	"DELETE FROM headcount_pending",
	"DELETE FROM headcount_process",
}

const keptAside = 3

// putAside moves what is not possible out of the way, for whoever wants to
// look. It keeps a few.
func (s *Store) putAside(ctx context.Context, tx *sql.Tx, row installation, damage string) error {
	totals, err := s.rawTotals(ctx, tx)
	if err != nil {
		return err
	}
	state, err := json.Marshal(map[string]any{"install_guid": row.guid, "day": row.day, "phase": row.phase,
		"settled": row.settled, "former": row.former, "due": row.due, "failures": row.failures, "totals": totals})
	if err != nil {
		return fmt.Errorf("sqlstate: %w", err)
	}
	damage = strings.ToValidUTF8(damage, "?")
	if _, err := tx.ExecContext(ctx, s.sql("INSERT INTO headcount_aside (damage, state) VALUES ($1, $2)"), damage, string(state)); err != nil {
		return queryFailed(err)
	}
	forget := fmt.Sprintf("DELETE FROM headcount_aside WHERE id NOT IN (SELECT id FROM headcount_aside ORDER BY id DESC LIMIT %d)", keptAside)
	return s.exec(ctx, tx, append([]string{forget}, wipe...)...)
}

// Peek is telemetry's, and not for applications, which have
// Client.Status().InstallGUID: it returns the identity that is kept, also while
// nothing is counted, and changes nothing.
func (s *Store) Peek(ctx context.Context) (ledger.Identity, error) {
	row, err := s.look(ctx)
	if errors.Is(err, sql.ErrNoRows) || err == nil && row.revoked() {
		err = fmt.Errorf("sqlstate: no identifier is kept in the database: %w", fs.ErrNotExist)
	}
	if err != nil {
		return ledger.Identity{}, err
	}
	id, _, err := row.sound()
	return id, err
}
