package clickhouse

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
)

// A base is what the reports before a day came to: the sums of the months in
// the table sums, and in the table states what is known of each installation
// by then. Reading can begin with it. Number 0 is none: every report is read.
type base struct {
	number int64
	first  day.Day // the first day whose reports are not in it
	pruned bool    // the reports before first are gone
	marked string  // what Store.mark gave when it was made
}

// bases returns the base to read from: the newest whose reports are as they
// were when it was made, or else that of the reports that are gone. last is
// the highest number so far.
func (s *Store) bases(ctx context.Context) (read, pruned base, last int64, err error) {
	none := base{first: day.None}
	read, pruned = none, none
	err = s.c.rows(ctx, "SELECT toString(number), toString(toUInt16(first)), toString(pruned), mark FROM bases ORDER BY number", func(row []string) error {
		number, err := strconv.ParseInt(row[0], 10, 64)
		first, failed := strconv.ParseInt(row[1], 10, 32)
		if err = cmp.Or(err, failed); err != nil {
			return err
		}
		b := base{number, day.Day(first), row[2] == "true", row[3]}
		if read, last = b, number; b.pruned {
			pruned = b
		}
		return nil
	})
	if err != nil || read.pruned || read.number == 0 {
		return read, pruned, last, err
	}
	fits, err := s.fits(ctx, read)
	if err != nil || !fits {
		read = pruned
	}
	return read, pruned, last, err
}

// fits tells whether the reports before the base's day are still those that
// it was made of, and none of them is of an installation that is to be erased.
func (s *Store) fits(ctx context.Context, b base) (bool, error) {
	mark, err := s.mark(ctx, b.first)
	if err != nil || mark != b.marked {
		return false, err
	}
	n := ""
	err = s.c.rows(ctx, fmt.Sprintf(`SELECT toString((SELECT count() FROM reports WHERE day < toDate(%d) AND install_guid IN (SELECT install_guid FROM requests))
	+ (SELECT count() FROM states WHERE base = %d AND install_guid IN (SELECT install_guid FROM requests)))`, b.first, b.number),
		func(row []string) error { n = row[0]; return nil })
	return n == "0", err
}

// mark changes when a report before a day, which begins a month, is added or
// erased. A merge of parts does not change it. It is made of the names of
// parts, which are month_first_last_level_mutation: the last insert, and the
// oldest mutation that a part has not had.
func (s *Store) mark(ctx context.Context, first day.Day) (string, error) {
	var b strings.Builder
	month, last, oldest := "", int64(0), int64(0)
	end := func() {
		if month != "" {
			fmt.Fprintf(&b, "%s %d %d, ", month, last, oldest)
		}
	}
	err := s.c.rows(ctx, "SELECT DISTINCT _partition_id, _part FROM reports WHERE _part_offset = 0 AND _partition_id < "+text(partition(first))+" ORDER BY 1, 2 SETTINGS apply_deleted_mask = 0", func(row []string) error {
		name := strings.Split(row[1], "_")
		if len(name) < 4 {
			return fmt.Errorf("a part is named %q", row[1])
		}
		version := name[1]
		if len(name) > 4 {
			version = name[4]
		}
		inserted, err := strconv.ParseInt(name[2], 10, 64)
		mutated, failed := strconv.ParseInt(version, 10, 64)
		if row[0] != month {
			end()
			month, last, oldest = row[0], inserted, mutated
		}
		last, oldest = max(last, inserted), min(oldest, mutated)
		return cmp.Or(err, failed)
	})
	if err != nil {
		return "", err
	}
	end()
	err = s.c.rows(ctx, "SELECT toString(uniqExact(hash)) FROM tombstones", func(row []string) error {
		b.WriteString(row[0])
		return nil
	})
	return b.String(), err
}

// partition is the name of the partition of a month.
func partition(of day.Day) string { return of.Time().Format("200601") }

// sums returns the figures of the months in a base.
func (s *Store) sums(ctx context.Context, of base) (*figures.Tables, error) {
	all := &figures.Tables{}
	err := s.c.rows(ctx, fmt.Sprintf("SELECT tables FROM sums WHERE base = %d ORDER BY month", of.number), func(row []string) error {
		t := &figures.Tables{}
		err := json.Unmarshal([]byte(row[0]), t)
		all.Append(t)
		return err
	})
	return all, err
}

// errPruned is not a fault: what was read was of the tables before and after.
var errPruned = errors.New("headcount prune changed the tables meanwhile: run it again")

// whole calls read with the base to read from, and that of the reports that
// are gone. It is an error if prune has changed the tables meanwhile.
func (s *Store) whole(ctx context.Context, read func(from, pruned base) error) error {
	from, pruned, last, err := s.bases(ctx)
	if err != nil {
		return err
	}
	if err := read(from, pruned); err != nil {
		return err
	}
	now, err := s.number(ctx, "SELECT toString(max(number)) FROM bases")
	if err == nil && now != last {
		err = fmt.Errorf("store %s: %w", s.c.name, errPruned)
	}
	return err
}
