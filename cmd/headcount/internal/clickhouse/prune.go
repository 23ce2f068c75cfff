package clickhouse

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/day"
)

// Prune removes the reports and installations of months that are older than
// the catalog promises, or than o.Months. As in an archive the sums of these
// months stay, and what is known of each installation that reported since.
//
// It also sums up the months that are over, so that reading begins with the
// current one, and puts the parts of that one together.
func (s *Store) Prune(ctx context.Context, o archive.PruneOptions) (*archive.Pruned, error) {
	_, months := archive.Retention(s.view.About)
	first := archive.FirstKept(o.Now, cmp.Or(o.Months, months))
	done := &archive.Pruned{Months: []string{}, RawFiles: []string{}, Kept: []string{}}
	_, pruned, _, err := s.bases(ctx)
	if err != nil {
		return nil, err
	}
	old, err := s.partitions(ctx, "reports", first)
	if err != nil {
		return nil, err
	}
	if pruned.first < first && len(old) > 0 {
		for _, m := range old {
			done.Months = append(done.Months, m[:4]+"-"+m[4:])
		}
		if done.Installations, err = s.dormant(ctx, pruned, first); err != nil {
			return nil, err
		}
		if !o.DryRun {
			if err := s.advance(ctx, pruned, first, true); err != nil {
				return nil, err
			}
		}
	}
	if o.DryRun {
		return done, nil
	}
	if err := s.drop(ctx, first); err != nil {
		return nil, err
	}
	this := day.Of(o.Now).Month()
	if err := s.sumUp(ctx, this); err != nil {
		return nil, err
	}
	// One part is read at twice the speed of several.
	return done, s.c.exec(ctx, "OPTIMIZE TABLE reports PARTITION ID "+text(partition(this))+" FINAL")
}

// sumUp makes a base of the months before one, where there is none that fits.
// It leaves the two bases that are read from.
func (s *Store) sumUp(ctx context.Context, first day.Day) error {
	read, pruned, _, err := s.bases(ctx)
	if err != nil {
		return err
	}
	if over, err := s.partitions(ctx, "reports", first); err != nil {
		return err
	} else if read.first < first && len(over) > 0 {
		if err := s.advance(ctx, read, first, false); err != nil {
			return err
		}
		if read, pruned, _, err = s.bases(ctx); err != nil {
			return err
		}
	}
	return s.remove(ctx, fmt.Sprintf("base NOT IN (%d, %d)", read.number, pruned.number))
}

// remove deletes rows of the tables of bases, where there are any.
func (s *Store) remove(ctx context.Context, which string) error {
	for _, table := range []string{"states", "sums"} {
		if n, err := s.number(ctx, "SELECT toString(count()) FROM "+table+" WHERE "+which); err != nil {
			return err
		} else if n == 0 {
			continue
		}
		if err := s.c.exec(ctx, "ALTER TABLE "+table+" DELETE WHERE "+which+" SETTINGS mutations_sync = 2"); err != nil {
			return err
		}
	}
	return nil
}

// drop removes the partitions of months before one.
func (s *Store) drop(ctx context.Context, first day.Day) error {
	for _, table := range []string{"reports", "installations"} {
		old, err := s.partitions(ctx, table, first)
		if err != nil {
			return err
		}
		for _, month := range old {
			if err := s.c.exec(ctx, "ALTER TABLE "+table+" DROP PARTITION ID "+text(month)); err != nil {
				return err
			}
		}
	}
	return nil
}

// partitions are the months of a table before one, as in 202611.
func (s *Store) partitions(ctx context.Context, table string, first day.Day) (list []string, err error) {
	err = s.c.rows(ctx, "SELECT DISTINCT _partition_id FROM "+table+" WHERE _part_offset = 0 AND _partition_id < "+text(partition(first))+" ORDER BY 1 SETTINGS apply_deleted_mask = 0", func(row []string) error {
		list = append(list, row[0])
		return nil
	})
	return list, err
}

// dormant is how many installations have no report from a day on.
func (s *Store) dormant(ctx context.Context, from base, first day.Day) (int64, error) {
	return s.number(ctx, fmt.Sprintf(`SELECT toString(uniqExact(install_guid)) FROM (
	SELECT install_guid FROM reports WHERE day < toDate(%d) UNION ALL SELECT install_guid FROM states WHERE base = %d
) WHERE install_guid NOT IN (SELECT install_guid FROM reports WHERE day >= toDate(%[1]d))`, first, from.number))
}

// number is the answer to a query for one number.
func (s *Store) number(ctx context.Context, sql string) (n int64, err error) {
	err = s.c.rows(ctx, sql, func(row []string) (err error) {
		n, err = strconv.ParseInt(row[0], 10, 64)
		return err
	})
	return n, err
}

// errChanged is not a fault: the next run does it.
var errChanged = errors.New("reports of these months were added or erased meanwhile: run headcount prune again")

// advance makes a base of another one and the reports before a day. Nothing
// counts before its row in bases.
func (s *Store) advance(ctx context.Context, from base, first day.Day, pruned bool) error {
	mark, err := s.mark(ctx, first)
	if err != nil {
		return err
	}
	number, err := s.number(ctx, "SELECT toString(max(number) + 1) FROM bases")
	if err != nil {
		return err
	}
	if err := s.remove(ctx, fmt.Sprintf("base >= %d", number)); err != nil { // of a run that was ended
		return err
	}
	to := &stateWriter{s: s, ctx: ctx, base: uint32(number), first: uint16(first)}
	m := s.months()
	m.ended = to.add
	if err := s.after(ctx, from, first, "1", m); err != nil {
		return err
	}
	if err := to.flush(); err != nil {
		return err
	}
	if pruned { // as an archive forgets installations that are dormant
		sql := "ALTER TABLE states DELETE WHERE base = %d AND install_guid NOT IN (SELECT install_guid FROM " + s.table("reports") + " WHERE day >= toDate(%d)) SETTINGS mutations_sync = 2"
		if err := s.c.exec(ctx, fmt.Sprintf(sql, number, first)); err != nil {
			return err
		}
	}
	sql := fmt.Sprintf("INSERT INTO sums (base, month, tables) SELECT %d, month, tables FROM sums WHERE base = %d", number, from.number)
	if err := s.c.exec(ctx, sql); err != nil {
		return err
	}
	for _, month := range slices.Sorted(maps.Keys(m.builders)) {
		data, err := json.Marshal(m.builders[month].Tables())
		if err != nil {
			return err
		}
		row := binary.LittleEndian.AppendUint32(nil, uint32(number))
		row = binary.LittleEndian.AppendUint16(row, uint16(month))
		row = append(binary.AppendUvarint(row, uint64(len(data))), data...)
		if err := s.c.insert(ctx, "INSERT INTO sums (base, month, tables) FORMAT RowBinary", row); err != nil {
			return err
		}
	}
	now, err := s.mark(ctx, first)
	if err == nil && now != mark {
		err = errors.Join(errChanged, s.remove(ctx, fmt.Sprintf("base = %d", number)))
	}
	if err != nil {
		return err
	}
	return s.c.exec(ctx, fmt.Sprintf("INSERT INTO bases VALUES (%d, toDate(%d), %v, %s)", number, first, pruned, text(mark)))
}

// A stateWriter inserts rows of states, many at once.
type stateWriter struct {
	s     *Store
	ctx   context.Context
	base  uint32
	first uint16
	rows  []byte
}

const statesAtOnce = 8 << 20

func (w *stateWriter) add(id [16]byte, state []byte) error {
	w.rows = binary.LittleEndian.AppendUint32(w.rows, w.base)
	w.rows = binary.LittleEndian.AppendUint16(w.rows, w.first)
	for _, half := range [][]byte{id[:8], id[8:]} {
		w.rows = binary.LittleEndian.AppendUint64(w.rows, binary.BigEndian.Uint64(half))
	}
	w.rows = append(binary.AppendUvarint(w.rows, uint64(len(state))), state...)
	if len(w.rows) < statesAtOnce {
		return nil
	}
	return w.flush()
}

func (w *stateWriter) flush() error {
	if len(w.rows) == 0 {
		return nil
	}
	rows := w.rows
	w.rows = w.rows[:0]
	return w.s.c.insert(w.ctx, "INSERT INTO states (base, first, install_guid, state) FORMAT RowBinary", rows)
}
