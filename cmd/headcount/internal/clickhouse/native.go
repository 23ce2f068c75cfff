package clickhouse

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// A native reads ClickHouse's Native format: blocks of columns. The columns
// must be of the given widths. An error that the server reports in the middle
// does not fit a block and so is an error here.
type native struct {
	r      *bufio.Reader
	widths []int
	rows   int
	data   [][]byte // by column: the values of the block, one behind the other
}

// maxBlock bounds the rows of a block. ClickHouse's default is 65,409.
const maxBlock = 1 << 22

func newNative(r io.Reader, widths []int) *native {
	return &native{r: bufio.NewReaderSize(r, 1<<18), widths: widths, data: make([][]byte, len(widths))}
}

// next reads the next block that has rows; false at the end.
func (n *native) next() (bool, error) {
	for {
		columns, err := binary.ReadUvarint(n.r)
		if err == io.EOF {
			return false, nil
		}
		if err == nil && columns != uint64(len(n.widths)) {
			rest, _ := io.ReadAll(io.LimitReader(n.r, maxError))
			err = fmt.Errorf("a block of %d columns instead of %d: %s", columns, len(n.widths), strings.ToValidUTF8(string(rest), "?"))
		}
		if err != nil {
			return false, err
		}
		rows, err := binary.ReadUvarint(n.r)
		if err == nil && rows > maxBlock {
			err = fmt.Errorf("a block of %d rows", rows)
		}
		if err != nil {
			return false, unexpected(err)
		}
		n.rows = int(rows)
		for i := range n.widths {
			if err := n.column(i); err != nil {
				return false, unexpected(err)
			}
		}
		if n.rows > 0 {
			return true, nil
		}
	}
}

func (n *native) column(i int) error {
	for range 2 { // name and type
		length, err := binary.ReadUvarint(n.r)
		if err == nil {
			_, err = n.r.Discard(int(min(length, 1<<16)))
		}
		if err != nil {
			return err
		}
	}
	size := n.rows * n.widths[i]
	if cap(n.data[i]) < size {
		n.data[i] = make([]byte, size)
	}
	n.data[i] = n.data[i][:size]
	_, err := io.ReadFull(n.r, n.data[i])
	return err
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
