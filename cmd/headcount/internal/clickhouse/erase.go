package clickhouse

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"headcount.example/cmd/headcount/internal/archive"
)

// atOnce is how many installations one statement erases: each statement
// rewrites the parts that hold one of them.
const atOnce = 1000

// Erase carries out every request to erase: it leaves a keyed hash by which
// late reports are kept out, removes every row of the installation from every
// table, and waits until that is done. It also looks for rows of what was
// erased before, which an insert that was under way then may have left. It
// can be repeated.
func (s *Store) Erase(ctx context.Context, now time.Time) (*archive.Receipt, error) {
	if err := s.key(ctx); err != nil {
		return nil, err
	}
	r := &archive.Receipt{Version: 1, Number: 1, Time: now.UTC().Truncate(time.Second), Files: []archive.ErasedFile{}}
	var ids []string
	err := s.c.rows(ctx, toErase, nil, func(row []string) error {
		ids = append(ids, text(row[0])) // a UUID: the engine wrote it
		if row[1] == "1" {
			r.Requests++
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(ids, atOnce) {
		n, err := s.erase(ctx, strings.Join(some, ", "))
		if err != nil {
			return nil, err
		}
		r.Reports += n
	}
	return r, s.keep(ctx, r)
}

// keyed is the key of the tombstones, for statements.
const keyed = "WITH (SELECT any(k0), any(k1) FROM tombstone_key) AS key "

// toErase lists what is to be erased, and whether it asked for it.
const toErase = keyed + `SELECT toString(install_guid), toString(max(asked)) FROM (
	SELECT install_guid, 1 AS asked FROM requests
	UNION ALL SELECT install_guid, 0 FROM installations WHERE sipHash128Keyed(key, install_guid) IN (SELECT hash FROM tombstones)
	UNION ALL SELECT install_guid, 0 FROM reports WHERE sipHash128Keyed(key, install_guid) IN (SELECT hash FROM tombstones)
) GROUP BY install_guid ORDER BY install_guid`

// erase removes the installations of a list, and returns how many reports
// they had, without those that came after the request and count as late. The
// requests go last: until then the next run does it all again.
func (s *Store) erase(ctx context.Context, ids string) (reports int64, err error) {
	in := " WHERE install_guid IN (" + ids + ")"
	for _, sql := range []string{
		"INSERT INTO late " + keyed + "SELECT day, sipHash64Keyed(key, install_guid, day, hour) FROM (" + laterThanRequest + ")" + in,
		"INSERT INTO tombstones " + keyed + "SELECT DISTINCT sipHash128Keyed(key, install_guid) FROM requests" + in,
	} {
		if err := s.c.exec(ctx, sql, nil); err != nil {
			return 0, err
		}
	}
	err = s.c.rows(ctx, "SELECT toString((SELECT count() FROM (SELECT DISTINCT install_guid, day, hour FROM reports"+in+")) - (SELECT count() FROM ("+laterThanRequest+")"+in+"))", nil, func(row []string) (err error) {
		reports, err = strconv.ParseInt(row[0], 10, 64)
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, table := range []string{"reports", "installations", "requests"} {
		if err := s.c.exec(ctx, "ALTER TABLE "+table+" DELETE"+in+" SETTINGS mutations_sync = 2", nil); err != nil {
			return 0, err
		}
	}
	return reports, nil
}

// key makes the key of the tombstones, the first time.
func (s *Store) key(ctx context.Context) error {
	for range 2 {
		n := ""
		err := s.c.rows(ctx, "SELECT toString(count()) FROM tombstone_key", nil, func(row []string) error { n = row[0]; return nil })
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
		if err := s.c.exec(ctx, sql, nil); err != nil {
			return err
		}
	}
	return fmt.Errorf("store %s does not keep the key of the tombstones", s.c.name)
}

// keep completes the receipt and writes it into the table of receipts.
func (s *Store) keep(ctx context.Context, r *archive.Receipt) error {
	err := s.c.rows(ctx, "SELECT toString(max(number) + 1), toString((SELECT uniqExact(hash) FROM tombstones)) FROM receipts", nil, func(row []string) (err error) {
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
	if err := s.c.exec(ctx, fmt.Sprintf("INSERT INTO receipts VALUES (%d, %s)", r.Number, text(string(data))), nil); err != nil {
		return fmt.Errorf("all is erased, and the receipt is not written (run headcount erase again): %w", err)
	}
	return nil
}
