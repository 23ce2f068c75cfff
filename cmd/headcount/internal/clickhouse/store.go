package clickhouse

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// A Store is the reports in a database. It is safe for concurrent use.
type Store struct {
	c    *client
	list *schema.Schema
}

// Open finds out which catalog the tables at an address are for. The password
// of the address's user is in the variable PasswordVariable.
func Open(ctx context.Context, address string) (*Store, error) {
	c, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Store{c: c}
	err = c.rows(ctx, "SELECT list FROM catalog ORDER BY notice DESC LIMIT 1", nil, func(row []string) error {
		s.list = &schema.Schema{}
		return json.Unmarshal([]byte(row[0]), s.list)
	})
	switch {
	case err != nil && strings.Contains(err.Error(), "UNKNOWN_"):
		return nil, fmt.Errorf("%w: headcount tables renders the tables that are missing", err)
	case err == nil && s.list == nil:
		return nil, fmt.Errorf("store %s has no catalog: run what headcount tables renders", c.name)
	}
	return s, err
}

// Name is the host and the database.
func (s *Store) Name() string { return s.c.name }

// Schema is the list whose numbers the tables and reports have.
func (s *Store) Schema() *schema.Schema { return s.list }

// Known is what the store knows beside the reports.
func (s *Store) Known(ctx context.Context) (k answer.Known, err error) {
	err = s.c.rows(ctx, `SELECT toString(uniqExact(install_guid)), toString((SELECT uniqExact(hash) FROM tombstones)),
	toString((SELECT count() FROM (SELECT DISTINCT day, report FROM late)) + (SELECT count() FROM (`+laterThanRequest+`))) FROM requests`, nil, func(row []string) error {
		var n [3]int64
		for i, text := range row {
			n[i], err = strconv.ParseInt(text, 10, 64)
		}
		k.Pending, k.Erased, k.LateErased = n[0], n[0]+n[1], n[2]
		return err
	})
	if err != nil {
		return k, err
	}
	k.Kinds = map[string]int64{}
	return k, s.c.rows(ctx, "SELECT kind, toString(sum(points)) FROM refused GROUP BY kind", nil, func(row []string) (err error) {
		k.Kinds[row[0]], err = strconv.ParseInt(row[1], 10, 64)
		return err
	})
}

// laterThanRequest lists the reports that came after a request to erase
// which is not carried out. They are in no answer, and erase removes them.
const laterThanRequest = `SELECT DISTINCT r.install_guid AS install_guid, r.day AS day, r.hour AS hour FROM reports AS r
	INNER JOIN (SELECT install_guid, min(first) AS first FROM requests GROUP BY install_guid) AS q ON q.install_guid = r.install_guid
	WHERE toDateTime(r.day, 'UTC') + toIntervalHour(r.hour) > q.first`

// Reports calls do for every report that is not erased, installation by
// installation, and each one's reports in the order of figures.Builder.Add.
// The report is valid until do returns. Memory is bounded.
func (s *Store) Reports(ctx context.Context, do func(*schema.Report) error) error {
	var columns strings.Builder
	widths := []int{16, 2, 1}
	for _, series := range s.list.Series {
		columns.WriteString(", " + name(series.Name))
		widths = append(widths, 8)
	}
	body, err := s.c.do(ctx, "SELECT install_guid, day, hour"+columns.String()+` FROM reports
	WHERE install_guid NOT IN (SELECT install_guid FROM requests) ORDER BY install_guid, day, hour
	SETTINGS max_threads = 1, read_in_order_use_buffering = 0 FORMAT Native`, nil)
	if err != nil {
		return err
	}
	defer body.Close()
	m := merger{do: do, values: make([]int64, len(s.list.Series))}
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

// Tables returns the figures of all months.
func (s *Store) Tables(ctx context.Context) (*figures.Tables, error) {
	m := months{schema: s.list, builders: map[day.Day]*figures.Builder{}}
	if err := s.Reports(ctx, m.add); err != nil {
		return nil, err
	}
	return m.tables(), nil
}
