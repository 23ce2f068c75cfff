package clickhouse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"headcount.example/cmd/headcount/internal/schema"
)

// block is a block of reports with one series, as ClickHouse writes it.
func block(rows ...[4]byte) []byte { // the last byte of the identifier, day, hour, value
	b := binary.AppendUvarint(nil, 4)
	b = binary.AppendUvarint(b, uint64(len(rows)))
	for i, column := range []struct{ name, of string }{{"install_guid", "UUID"}, {"day", "Date"}, {"hour", "UInt8"}, {"a", "SimpleAggregateFunction(max, Int64)"}} {
		for _, text := range []string{column.name, column.of} {
			b = append(binary.AppendUvarint(b, uint64(len(text))), text...)
		}
		for _, row := range rows {
			switch i {
			case 0: // two numbers, low byte first
				b = append(append(b, make([]byte, 8)...), row[0], 0, 0, 0, 0, 0, 0, 0)
			case 1:
				b = binary.LittleEndian.AppendUint16(b, uint16(row[1]))
			case 2:
				b = append(b, row[2])
			default:
				b = binary.LittleEndian.AppendUint64(b, uint64(int64(int8(row[3]))))
			}
		}
	}
	return b
}

// merged reads blocks, and returns the reports.
func merged(r io.Reader) (list [][4]byte, err error) {
	m := merger{values: make([]int64, 1), do: func(r *schema.Report) error {
		list = append(list, [4]byte{r.GUID[15], byte(r.Day), 0, byte(r.Values[0])})
		return nil
	}}
	in := newNative(r, []int{16, 2, 1, 8})
	for {
		more, err := in.next()
		if err != nil || !more {
			return list, errors.Join(err, m.flush())
		}
		if err := m.block(in); err != nil {
			return list, err
		}
	}
}

// The halves of a report become one, also over the end of a block, and a
// report that was delivered twice is one.
func TestRowsOfAReportAreOne(t *testing.T) {
	const none = 0xff
	text := append(block([4]byte{1, 20, 3, none}, [4]byte{1, 20, 3, 5}, [4]byte{1, 20, 4, 2}, [4]byte{2, 20, 4, none}), block()...)
	text = append(text, block([4]byte{2, 20, 4, 7}, [4]byte{2, 21, 4, none})...)
	got, err := merged(iotest.OneByteReader(bytes.NewReader(text)))
	want := [][4]byte{{1, 20, 0, 5}, {1, 20, 0, 2}, {2, 20, 0, 7}, {2, 21, 0, none}}
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %v and the error %v, want %v", got, err, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("report %d: got %v, want %v", i, got[i], want[i])
		}
	}
}

// An answer that ends early, or goes on with an error, is an error.
func TestAnswerThatIsCut(t *testing.T) {
	whole := block([4]byte{1, 20, 3, 5}, [4]byte{2, 20, 3, 5})
	for n := 1; n < len(whole); n++ {
		if got, err := merged(bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("%d of %d bytes: got %v and the error %v", n, len(whole), got, err)
		}
	}
	text := append(bytes.Clone(whole), "Code: 241. DB::Exception: Memory limit exceeded"...)
	if _, err := merged(bytes.NewReader(text)); err == nil || !strings.Contains(err.Error(), "Memory limit") {
		t.Errorf("got the error %v, want the server's", err)
	}
}
