package clickhouse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
)

// encode appends what is known of an installation, as numbers: days, first,
// last, how many totals, totals, ranges, how many metrics, the days of them.
func encode(b []byte, i *figures.Installation) []byte {
	for _, n := range []int64{int64(i.Days), int64(i.First), int64(i.Last), int64(len(i.Totals))} {
		b = binary.AppendVarint(b, n)
	}
	for _, list := range [][]int64{i.Totals, i.Ranges} {
		for _, n := range list {
			b = binary.AppendVarint(b, n)
		}
	}
	b = binary.AppendVarint(b, int64(len(i.Seen)))
	for _, d := range i.Seen {
		b = binary.AppendVarint(b, int64(d))
	}
	return b
}

var errState = errors.New("a row of states is damaged: headcount prune makes the table anew")

// decode is the reverse of encode.
func decode(b []byte, i *figures.Installation) error {
	whole := true
	next := func() int64 {
		v, n := binary.Varint(b)
		if n <= 0 {
			whole = false
			return 0
		}
		b = b[n:]
		return v
	}
	i.Days, i.First, i.Last = int32(next()), day.Day(next()), day.Day(next())
	series := next()
	for _, list := range []*[]int64{&i.Totals, &i.Ranges} {
		*list = (*list)[:0]
		for n := int64(0); n < series && whole; n++ {
			*list = append(*list, next())
		}
	}
	i.Seen = i.Seen[:0]
	for n := next(); n > 0 && whole; n-- {
		i.Seen = append(i.Seen, day.Day(next()))
	}
	if !whole || len(b) > 0 {
		return errState
	}
	return nil
}

// states reads rows of an identifier and a state, in RowBinary.
type states struct {
	r     *bufio.Reader
	id    [16]byte
	state []byte
	has   bool
}

// maxState bounds a state: MaxSeries numbers of both kinds are less.
const maxState = 1 << 16

// next goes to the next row. A nil states has none.
func (s *states) next() error {
	if s.has = false; s.r == nil {
		return nil
	}
	var id [16]byte
	if _, err := io.ReadFull(s.r, id[:]); err != nil {
		if err == io.EOF {
			return nil
		}
		return err
	}
	s.id = uuid(id[:])
	n, err := binary.ReadUvarint(s.r)
	if err != nil || n > maxState {
		return errors.Join(errState, err)
	}
	if uint64(cap(s.state)) < n {
		s.state = make([]byte, n)
	}
	s.state = s.state[:n]
	if _, err := io.ReadFull(s.r, s.state); err != nil {
		return unexpected(err)
	}
	s.has = true
	return nil
}

// before is the order of identifiers in the tables: by their second half.
func before(a, b [16]byte) bool {
	x, y := binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:])
	if x == y {
		x, y = binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])
	}
	return x < y
}
