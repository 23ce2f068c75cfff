package export

import (
	"bufio"
	"io"
	"math"

	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/day"
)

// progressEvery is how many rows are between two calls of Options.Progress.
const progressEvery = 1 << 12

// A rows writes rows in the shape of the saved examples: every value quoted,
// no header, a newline after each.
type rows struct {
	w       *bufio.Writer
	o       Options
	result  Result
	line    []byte
	day     day.Day
	written bool // a day was formatted
	time    []byte
}

func newRows(w io.Writer, o Options) *rows {
	if o.MaxRows == 0 {
		o.MaxRows = DefaultMaxRows
	}
	return &rows{w: bufio.NewWriterSize(w, 1<<16), o: o}
}

// fits says whether a report may make n rows, and counts it where it may not.
func (r *rows) fits(n int64) bool {
	if n <= r.o.MaxRows {
		return true
	}
	r.result.Left++
	r.result.LeftOut = addUp(r.result.LeftOut, n)
	return false
}

// addUp adds two numbers that are not negative, and stays at the largest one.
func addUp(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// write writes one row: the day, the installation and the values.
func (r *rows) write(on day.Day, guid [16]byte, values ...string) error {
	if !r.written || r.day != on {
		r.day, r.written = on, true
		r.time = on.Time().AppendFormat(r.time[:0], "2006-01-02 15:04:05.000")
	}
	line := append(r.line[:0], '"')
	line = append(line, r.time...)
	line = append(line, `","`...)
	line = append(line, uuid.UUID(guid).String()...)
	for _, v := range values {
		line = append(line, `","`...)
		line = appendQuoted(line, v)
	}
	r.line = append(line, '"', '\n')
	r.result.Rows++
	if r.o.Progress != nil && r.result.Rows%progressEvery == 0 {
		r.o.Progress(r.result.Rows)
	}
	_, err := r.w.Write(r.line)
	return err
}

// appendQuoted doubles the quotes, as CSV does.
func appendQuoted(line []byte, v string) []byte {
	for i := range len(v) {
		if v[i] == '"' {
			line = append(line, '"')
		}
		line = append(line, v[i])
	}
	return line
}
