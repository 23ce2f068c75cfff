package clickhouse

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// quarters part the identifiers in the order of the tables, which begins with
// the digit that is 8, 9, a or b in a UUID of version 4.
var quarters = []string{
	"install_guid < toUUID('00000000-0000-0000-9000-000000000000')",
	"install_guid >= toUUID('00000000-0000-0000-9000-000000000000') AND install_guid < toUUID('00000000-0000-0000-a000-000000000000')",
	"install_guid >= toUUID('00000000-0000-0000-a000-000000000000') AND install_guid < toUUID('00000000-0000-0000-b000-000000000000')",
	"install_guid >= toUUID('00000000-0000-0000-b000-000000000000')",
}

// Reports calls do for every report that is kept and not erased, installation
// by installation, and each one's reports in the order of figures.Builder.Add.
// The report is valid until do returns. Memory is bounded.
func (s *Store) Reports(ctx context.Context, do func(*schema.Report) error) error {
	return s.whole(ctx, func(_, pruned base) error {
		return s.reports(ctx, pruned.first, day.None, "1", do)
	})
}

// Tables returns the figures of all months.
func (s *Store) Tables(ctx context.Context) (all *figures.Tables, err error) {
	return all, s.whole(ctx, func(from, _ base) error {
		if all, err = s.sums(ctx, from); err != nil {
			return err
		}
		parts, failed := make([]*months, len(quarters)), make([]error, len(quarters))
		var running sync.WaitGroup
		for i, quarter := range quarters {
			running.Go(func() {
				parts[i] = s.months()
				failed[i] = s.after(ctx, from, day.None, quarter, parts[i])
			})
		}
		running.Wait()
		for i, part := range parts {
			if failed[i] != nil {
				return failed[i]
			}
			all.Append(part.tables())
		}
		return nil
	})
}

func (s *Store) months() *months {
	return &months{schema: s.held, builders: map[day.Day]*figures.Builder{}}
}

// after counts the reports that are not in a base and are before a day.
func (s *Store) after(ctx context.Context, from base, until day.Day, which string, m *months) error {
	if from.number > 0 {
		body, err := s.c.do(ctx, fmt.Sprintf(`SELECT install_guid, state FROM states
	WHERE base = %d AND %s AND install_guid NOT IN (SELECT install_guid FROM requests) ORDER BY install_guid
	SETTINGS max_threads = 1 FORMAT RowBinary`, from.number, which))
		if err != nil {
			return err
		}
		defer body.Close()
		m.known.r = bufio.NewReaderSize(body, 1<<16)
		if err := m.known.next(); err != nil {
			return fmt.Errorf("store %s: %w", s.c.name, err)
		}
	}
	if err := s.reports(ctx, from.first, until, which, m.add); err != nil {
		return err
	}
	return m.close()
}

// reports calls do for the reports from one day to before another; day.None:
// without a bound.
func (s *Store) reports(ctx context.Context, from, until day.Day, which string, do func(*schema.Report) error) error {
	var columns strings.Builder
	widths := []int{16, 2, 1}
	for _, series := range s.held.Series {
		columns.WriteString(", " + name(series.Name))
		widths = append(widths, 8)
	}
	if from != day.None {
		which += fmt.Sprintf(" AND day >= toDate(%d)", from)
	}
	if until != day.None {
		which += fmt.Sprintf(" AND day < toDate(%d)", until)
	}
	body, err := s.c.do(ctx, "SELECT install_guid, day, hour"+columns.String()+` FROM reports
	WHERE `+which+` AND install_guid NOT IN (SELECT install_guid FROM requests) ORDER BY install_guid, day, hour
	SETTINGS max_threads = 1, read_in_order_use_buffering = 0 FORMAT Native`)
	if err != nil {
		return err
	}
	defer body.Close()
	m := merger{do: do, values: make([]int64, len(s.held.Series))}
	in := newNative(body, widths)
	for {
		more, err := in.next()
		if err == nil && !more {
			return m.flush()
		}
		if err == nil {
			err = m.block(in)
		}
		if err != nil {
			return fmt.Errorf("store %s: %w", s.c.name, err)
		}
	}
}

// A merger puts the rows of a report together: the engine does so only in the
// background.
type merger struct {
	do     func(*schema.Report) error
	report schema.Report
	hour   byte
	has    bool
	values []int64
}

func (m *merger) block(in *native) error {
	for row := range in.rows {
		guid := uuid(in.data[0][row*16:])
		on, hour := day.Day(binary.LittleEndian.Uint16(in.data[1][row*2:])), in.data[2][row]
		same := m.has && guid == m.report.GUID && on == m.report.Day && hour == m.hour
		if !same {
			if err := m.flush(); err != nil {
				return err
			}
			m.report.GUID, m.report.Day, m.hour, m.has = guid, on, hour, true
		}
		for i := range m.values {
			v := int64(binary.LittleEndian.Uint64(in.data[3+i][row*8:]))
			if !same || v > m.values[i] {
				m.values[i] = v
			}
		}
	}
	return nil
}

func (m *merger) flush() error {
	if !m.has {
		return nil
	}
	m.has = false
	m.report.Values = m.values
	return m.do(&m.report)
}

// uuid reads ClickHouse's form: two numbers of 64 bits, low byte first.
func uuid(b []byte) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], binary.LittleEndian.Uint64(b))
	binary.BigEndian.PutUint64(id[8:], binary.LittleEndian.Uint64(b[8:]))
	return id
}
