package archive

import (
	"bytes"
	"os"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// reportColumns are the columns of reports/: a row is one report, as it was
// sent. Its rows are sorted by installation and day.
func reportColumns(s *schema.Schema) []column {
	columns := []column{{"install_guid", uuidColumn}, {"day", dayColumn}}
	for _, series := range s.Series {
		columns = append(columns, column{series.Name, countColumn})
	}
	return columns
}

// installationColumns are the columns of installations/: a row is one
// installation as of the end of the month. After the totals and ranges come,
// for each range gauge, the day of the newest report that had it.
func installationColumns(s *schema.Schema) []column {
	columns := []column{{"install_guid", uuidColumn}, {"first_day", dayColumn}, {"last_day", dayColumn},
		{"active_days", countColumn}, {"active_mask", countColumn}}
	for _, series := range s.Series {
		columns = append(columns, column{series.Name, countColumn})
	}
	for _, m := range s.Metrics {
		columns = append(columns, column{m.Name + "@day", dayColumn})
	}
	return columns
}

const fixedColumns = 5 // of installationColumns, before those of the series

// A state is an installation with its identifier and, of the month, the mask
// of active days: bit 0 is the first.
type state struct {
	figures.Installation
	id   [16]byte
	mask int64
}

// states reads installations/ of a month in order. A nil *states is empty.
type states struct {
	t      *tableReader
	schema *schema.Schema
	now    *state
}

func readStates(f *os.File, s *schema.Schema) (*states, error) {
	t, err := openTable(f, installationColumns(s))
	if err != nil {
		return nil, err
	}
	r := &states{t: t, schema: s}
	if err := r.next(); err != nil {
		t.close()
		return nil, err
	}
	return r, nil
}

// peek returns the installation that the reader stands at, nil at the end.
func (r *states) peek() *state {
	if r == nil {
		return nil
	}
	return r.now
}

// next goes to the next installation.
func (r *states) next() error {
	more, err := r.t.next()
	if err != nil || !more {
		r.now = nil
		return err
	}
	s := &state{id: r.t.uuid(0)}
	s.First, s.Last = r.dayAt(1), r.dayAt(2)
	days, _ := r.t.count(3)
	s.Days = int32(days)
	s.mask, _ = r.t.count(4)
	for i, series := range r.schema.Series {
		n, _ := r.t.count(fixedColumns + i)
		if r.schema.Metrics[series.Metric].Kind == schema.Counter {
			s.Totals, s.Ranges = append(s.Totals, n), append(s.Ranges, 0)
		} else {
			s.Totals, s.Ranges = append(s.Totals, 0), append(s.Ranges, n)
		}
	}
	for i := range r.schema.Metrics {
		s.Seen = append(s.Seen, r.dayAt(fixedColumns+len(r.schema.Series)+i))
	}
	r.now = s
	return nil
}

func (r *states) dayAt(column int) day.Day {
	if d, ok := r.t.day(column); ok {
		return day.Day(d)
	}
	return day.None
}

func (r *states) close() {
	if r != nil {
		r.t.close()
	}
}

// writeState adds a row to installations/.
func writeState(t *tableWriter, s *schema.Schema, x *state) error {
	t.uuid(0, x.id)
	writeDay(t, 1, x.First)
	writeDay(t, 2, x.Last)
	t.count(3, int64(x.Days))
	t.count(4, x.mask)
	for i, series := range s.Series {
		switch {
		case s.Metrics[series.Metric].Kind == schema.Counter && x.Totals[i] > 0:
			t.count(fixedColumns+i, x.Totals[i])
		case s.Metrics[series.Metric].Kind == schema.RangeGauge && x.Seen[series.Metric] != day.None:
			t.count(fixedColumns+i, x.Ranges[i])
		default:
			t.null(fixedColumns + i)
		}
	}
	for i := range s.Metrics {
		writeDay(t, fixedColumns+len(s.Series)+i, x.Seen[i])
	}
	return t.end()
}

func writeDay(t *tableWriter, column int, d day.Day) {
	if d == day.None {
		t.null(column)
	} else {
		t.day(column, int32(d))
	}
}

// writeReport adds a row to reports/.
func writeReport(t *tableWriter, s *schema.Schema, r *schema.Report) error {
	t.uuid(0, r.GUID)
	t.day(1, int32(r.Day))
	for i := range s.Series {
		if v := r.Value(i); v == schema.Absent {
			t.null(2 + i)
		} else {
			t.count(2+i, v)
		}
	}
	return t.end()
}

// reports reads reports/ of a month in order: a source.
type reports struct {
	t      *tableReader
	series int
	r      schema.Report
}

func readReports(f *os.File, s *schema.Schema) (*reports, error) {
	t, err := openTable(f, reportColumns(s))
	if err != nil {
		return nil, err
	}
	return &reports{t: t, series: len(s.Series)}, nil
}

func (r *reports) next() (*schema.Report, error) {
	more, err := r.t.next()
	if err != nil || !more {
		return nil, err
	}
	d, _ := r.t.day(1)
	r.r.GUID, r.r.Day, r.r.Values = r.t.uuid(0), day.Day(d), r.r.Values[:0]
	for i := range r.series {
		v, ok := r.t.count(2 + i)
		if !ok {
			v = schema.Absent
		}
		r.r.Values = append(r.r.Values, v)
	}
	return &r.r, nil
}

func (r *reports) close() { r.t.close() }

func less(a, b [16]byte) bool { return bytes.Compare(a[:], b[:]) < 0 }
