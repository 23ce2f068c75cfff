package clickhouse

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"reflect"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
)

var someState = figures.Installation{Days: 3, First: 20000, Last: 20700,
	Totals: []int64{0, 1_000_000_000_000, 7}, Ranges: []int64{4, 0, 0}, Seen: []day.Day{day.None, 20690}}

// A state is the same after it was written and read, with anything in its
// place, and one that is cut is an error.
func TestStates(t *testing.T) {
	row := encode(nil, &someState)
	got := figures.Installation{Days: 9, Totals: make([]int64, 5), Ranges: []int64{1}, Seen: make([]day.Day, 4)}
	if err := decode(row, &got); err != nil || !reflect.DeepEqual(got, someState) {
		t.Errorf("got %+v and the error %v, want %+v", got, err, someState)
	}
	for n := range row {
		if err := decode(row[:n], &got); err == nil {
			t.Fatalf("%d of %d bytes are read without an error", n, len(row))
		}
	}
	if err := decode(append(row, 0), &got); err == nil {
		t.Error("a byte too many is read without an error")
	}
}

// Rows of states come in the order of the tables: by the second half of the
// identifier.
func TestRowsOfStates(t *testing.T) {
	ids := [][16]byte{{0: 9, 8: 0x80}, {0: 1, 8: 0x90}, {0: 2, 8: 0x90}, {0: 2, 8: 0x90, 15: 1}}
	w := &stateWriter{}
	for _, id := range ids {
		if err := w.add(id, encode(nil, &someState)); err != nil {
			t.Fatal(err)
		}
	}
	var text []byte // without what the command does not ask for
	size := len(w.rows) / len(ids)
	for row := range ids {
		text = append(text, w.rows[row*size+6:(row+1)*size]...)
	}
	s := states{r: bufio.NewReader(bytes.NewReader(text))}
	for i, id := range ids {
		if err := s.next(); err != nil || !s.has || s.id != id {
			t.Fatalf("row %d: got %x, %v and the error %v, want %x", i, s.id, s.has, err, id)
		}
		if i > 0 && (!before(ids[i-1], id) || before(id, ids[i-1])) {
			t.Errorf("%x is not before %x", ids[i-1], id)
		}
	}
	if err := s.next(); err != nil || s.has {
		t.Errorf("after the last row: %v and the error %v", s.has, err)
	}
	huge := binary.AppendUvarint(make([]byte, 16), maxState+1)
	for _, cut := range [][]byte{text[:len(text)-1], text[:7], huge} {
		s := states{r: bufio.NewReader(bytes.NewReader(cut))}
		err := error(nil)
		for range ids {
			if err = s.next(); err != nil {
				break
			}
		}
		if err == nil {
			t.Errorf("%d of %d bytes are read without an error", len(cut), len(text))
		}
	}
}
