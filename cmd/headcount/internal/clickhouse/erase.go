package clickhouse

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"headcount.example/cmd/headcount/internal/archive"
)

// Erase carries out every request to erase: it leaves a keyed hash by which
// late reports are kept out, removes every row of the installation from every
// table, and waits until that is done. It also removes rows of what was erased
// before, which an insert that was under way then may have left. It can be
// repeated.
//
// No statement holds an identifier: ClickHouse keeps statements in its logs,
// and those that delete rows in system.mutations.
func (s *Store) Erase(ctx context.Context, now time.Time) (*archive.Receipt, error) {
	if err := s.key(ctx); err != nil {
		return nil, err
	}
	gone := "sipHash128Keyed((SELECT (any(k0), any(k1)) FROM " + s.table("tombstone_key") + "), install_guid) IN (SELECT hash FROM " + s.table("tombstones") + ")"
	for _, sql := range []string{
		"INSERT INTO late " + keyed + "SELECT day, sipHash64Keyed(key, install_guid, day, hour) FROM (" + laterThanRequest + ")",
		"INSERT INTO tombstones " + keyed + "SELECT DISTINCT sipHash128Keyed(key, install_guid) FROM requests",
	} {
		if err := s.c.exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	r := &archive.Receipt{Version: 1, Number: 1, Time: now.UTC().Truncate(time.Second), Files: []archive.ErasedFile{}}
	requests, err := s.number(ctx, "SELECT toString(uniqExact(install_guid)) FROM requests WHERE "+gone)
	if err != nil {
		return nil, err
	}
	r.Requests = int(requests)
	// Those that came after the request count as late.
	if r.Reports, err = s.number(ctx, "SELECT toString((SELECT count() FROM (SELECT DISTINCT install_guid, day, hour FROM reports WHERE "+gone+
		")) - (SELECT count() FROM ("+laterThanRequest+") WHERE "+gone+"))"); err != nil {
		return nil, err
	}
	if r.Requests > 0 {
		sums, err := s.number(ctx, "SELECT toString(uniqExact(month)) FROM sums WHERE base = (SELECT max(number) FROM bases WHERE pruned)")
		if r.Sums = int(sums); err != nil {
			return nil, err
		}
	}
	// The requests go last: until then the next run does it all again.
	for _, table := range []string{"reports", "installations", "states", "requests"} {
		if n, err := s.number(ctx, "SELECT toString(count()) FROM "+table+" WHERE "+gone); err != nil {
			return nil, err
		} else if n == 0 {
			continue // a mutation writes every part anew
		}
		if err := s.c.exec(ctx, "ALTER TABLE "+table+" DELETE WHERE "+gone+" SETTINGS mutations_sync = 2"); err != nil {
			return nil, err
		}
	}
	return r, s.keep(ctx, r)
}

// table is the name of a table with that of the database, which a mutation
// needs.
func (s *Store) table(of string) string { return name(s.c.database) + "." + of }

// keyed is the key of the tombstones, for statements.
const keyed = "WITH (SELECT any(k0), any(k1) FROM tombstone_key) AS key "

// key makes the key of the tombstones, the first time.
func (s *Store) key(ctx context.Context) error {
	for range 2 {
		n := ""
		err := s.c.rows(ctx, "SELECT toString(count()) FROM tombstone_key", func(row []string) error { n = row[0]; return nil })
		switch {
		case err != nil:
			return err
		case n == "1":
			return nil
		case n != "0":
			return fmt.Errorf("store %s has %s keys in tombstone_key instead of one: leave the one that its tombstones were made with", s.c.name, n)
		}
		var b [16]byte
		rand.Read(b[:]) // never fails
		sql := fmt.Sprintf("INSERT INTO tombstone_key VALUES (%d, %d)", binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:]))
		if err := s.c.exec(ctx, sql); err != nil {
			return err
		}
	}
	return fmt.Errorf("store %s does not keep the key of the tombstones", s.c.name)
}

// keep completes the receipt and writes it into the table of receipts.
func (s *Store) keep(ctx context.Context, r *archive.Receipt) error {
	err := s.c.rows(ctx, "SELECT toString(max(number) + 1), toString((SELECT uniqExact(hash) FROM tombstones)) FROM receipts", func(row []string) (err error) {
		if r.Number, err = strconv.ParseInt(row[0], 10, 64); err == nil {
			r.Ever, err = strconv.Atoi(row[1])
		}
		return err
	})
	if err != nil {
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := s.c.exec(ctx, fmt.Sprintf("INSERT INTO receipts VALUES (%d, %s)", r.Number, text(string(data)))); err != nil {
		return fmt.Errorf("all is erased, and the receipt is not written (run headcount erase again): %w", err)
	}
	return nil
}
