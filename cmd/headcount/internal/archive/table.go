package archive

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
	"github.com/parquet-go/parquet-go"
)

// A column of a Parquet file of the archive. Every file has the identifier,
// days and counts only.
type column struct {
	name string
	kind columnKind
}

type columnKind uint8

const (
	uuidColumn  columnKind = iota // a UUID, never null
	dayColumn                     // a date, null for none
	countColumn                   // an integer, null where there is none
)

func (k columnKind) node(unique bool) parquet.Node {
	switch k {
	case uuidColumn:
		node := parquet.UUID()
		if !unique {
			node = parquet.Encoded(node, &parquet.RLEDictionary)
		}
		return node
	case dayColumn:
		return parquet.Optional(parquet.Encoded(parquet.Date(), &parquet.DeltaBinaryPacked))
	default:
		return parquet.Optional(parquet.Encoded(parquet.Leaf(parquet.Int64Type), &parquet.RLEDictionary))
	}
}

// Bounds of what a table holds in memory, for any number of columns.
const (
	blockRows   = 4096      // rows that are handed to the library at once
	blockValues = 1 << 17   // values of these rows
	pageBytes   = 256 << 10 // of a page of one column while it is written
	pagesBytes  = 16 << 20  // of one page of every column
	groupRows   = 1 << 17   // rows of a row group
)

// rowsOf is how many rows of a table with this many columns are held.
func rowsOf(columns int) int { return max(16, min(blockRows, blockValues/columns)) }

// pageOf is the size of its pages.
func pageOf(columns int) int { return max(4<<10, min(pageBytes, pagesBytes/columns)) }

// pageBuffers hold the compressed pages of a row group, most of which are
// smaller than the buffers that the library takes by itself.
var pageBuffers = parquet.NewChunkBufferPool(4 << 10)

// A tableWriter writes a Parquet file row by row.
type tableWriter struct {
	file   *os.File
	hash   *xxhash.Digest // of the bytes written
	writer *parquet.GenericWriter[any]
	full   int   // rows of a block
	index  []int // by our number: the file's number of the column
	block  [][]parquet.Value
	bytes  []byte // what the identifiers of the block point to
	rows   int64
}

// createTable makes a Parquet file with these columns. The identifier is the
// first; unique says that it stands in one row only. Metadata are pairs.
func createTable(path string, columns []column, unique bool, metadata ...string) (*tableWriter, error) {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
	if err != nil {
		return nil, err
	}
	group := parquet.Group{}
	for _, c := range columns {
		group[c.name] = parquet.Compressed(c.kind.node(unique), &parquet.Zstd)
	}
	options := []parquet.WriterOption{parquet.NewSchema("headcount", group), parquet.CreatedBy("headcount", "1", ""),
		parquet.PageBufferSize(pageOf(len(columns))), parquet.ColumnPageBuffers(pageBuffers),
		parquet.SortingWriterConfig(parquet.SortingColumns(parquet.Ascending(columns[0].name)))}
	for i := 0; i+1 < len(metadata); i += 2 {
		options = append(options, parquet.KeyValueMetadata(metadata[i], metadata[i+1]))
	}
	h := xxhash.New()
	t := &tableWriter{file: f, full: rowsOf(len(columns)), hash: h, writer: parquet.NewGenericWriter[any](io.MultiWriter(f, h), options...), block: make([][]parquet.Value, len(columns))}
	for i, c := range columns {
		leaf, ok := t.writer.Schema().Lookup(c.name)
		if !ok {
			f.Close()
			return nil, fmt.Errorf("%s: column %q was not made", path, c.name)
		}
		t.index = append(t.index, leaf.ColumnIndex)
		t.block[i] = make([]parquet.Value, 0, t.full)
	}
	t.bytes = make([]byte, 0, 16*t.full)
	return t, nil
}

// The writer of a column takes a value with its definition level: 1 where an
// optional column is not null, and else 0.

func (t *tableWriter) uuid(column int, id [16]byte) {
	t.bytes = append(t.bytes, id[:]...)
	t.block[column] = append(t.block[column], parquet.FixedLenByteArrayValue(t.bytes[len(t.bytes)-16:]))
}

func (t *tableWriter) day(column int, d int32) {
	v := parquet.Int32Value(d)
	v.SetDefinitionLevel(1)
	t.block[column] = append(t.block[column], v)
}

func (t *tableWriter) count(column int, n int64) {
	v := parquet.Int64Value(n)
	v.SetDefinitionLevel(1)
	t.block[column] = append(t.block[column], v)
}

func (t *tableWriter) null(column int) {
	t.block[column] = append(t.block[column], parquet.Value{})
}

// end ends a row, of which every column has been set once.
func (t *tableWriter) end() error {
	t.rows++
	if len(t.block[0]) == t.full {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if t.rows%groupRows == 0 {
		return t.writer.Flush()
	}
	return nil
}

func (t *tableWriter) flush() error {
	writers := t.writer.ColumnWriters()
	for i, values := range t.block {
		if _, err := writers[t.index[i]].WriteRowValues(values); err != nil {
			return err
		}
		t.block[i] = values[:0]
	}
	t.bytes = t.bytes[:0]
	return nil
}

// close writes what is left and puts the file on the disk.
func (t *tableWriter) close() error {
	defer t.file.Close()
	if err := t.flush(); err != nil {
		return err
	}
	if err := t.writer.Close(); err != nil {
		return err
	}
	if err := t.file.Sync(); err != nil {
		return err
	}
	return t.file.Close()
}

// check is what manifest.open compares the file with.
func (t *tableWriter) check() string { return fmt.Sprintf("%016x", t.hash.Sum64()) }

// abandon closes and removes a file that is not to be.
func (t *tableWriter) abandon() {
	t.file.Close()
	os.Remove(t.file.Name())
}

// A tableReader reads a Parquet file row by row. A column that the file does
// not have is null in every row.
type tableReader struct {
	path   string
	file   *os.File
	parq   *parquet.File
	groups []parquet.RowGroup
	index  []int // by our number: the file's number of the column, or -1
	pages  []parquet.Pages
	values []parquet.ValueReader
	page   []parquet.Page
	block  [][]parquet.Value
	filled []int
	at     []int
	left   int64 // rows left in the group
}

// openTable reads these columns of a Parquet file of the archive. It closes
// the file if it fails.
func openTable(f *os.File, columns []column) (t *tableReader, err error) {
	path := f.Name()
	defer func() {
		if err = recovered(path, recover(), err); err != nil {
			f.Close()
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p, err := parquet.OpenFile(f, info.Size(), parquet.SkipBloomFilters(true), parquet.SkipPageIndex(true))
	if err != nil {
		return nil, damaged(path, err)
	}
	t = &tableReader{path: path, file: f, parq: p, groups: p.RowGroups()}
	n := len(columns)
	t.pages, t.values, t.page = make([]parquet.Pages, n), make([]parquet.ValueReader, n), make([]parquet.Page, n)
	t.block, t.filled, t.at = make([][]parquet.Value, n), make([]int, n), make([]int, n)
	for i, c := range columns {
		at := -1
		if leaf, ok := p.Schema().Lookup(c.name); ok {
			at = leaf.ColumnIndex
		} else if c.kind == uuidColumn {
			return nil, damaged(path, fmt.Errorf("it has no column %q", c.name))
		}
		t.index = append(t.index, at)
		t.block[i] = make([]parquet.Value, rowsOf(n)/4)
	}
	return t, nil
}

// recovered is the error of a call of the Parquet library, which panics where
// a file is not as it should be.
func recovered(path string, p any, err error) error {
	if p == nil {
		return err
	}
	return damaged(path, fmt.Errorf("%v", p))
}

// next goes to the next row; false at the end.
func (t *tableReader) next() (bool, error) {
	for t.left == 0 {
		if len(t.groups) == 0 {
			return false, nil
		}
		t.release()
		group := t.groups[0]
		t.groups, t.left = t.groups[1:], group.NumRows()
		for i, column := range t.index {
			if column >= 0 {
				t.pages[i] = group.ColumnChunks()[column].Pages()
			}
			t.at[i], t.filled[i] = 0, 0
		}
	}
	t.left--
	for i, column := range t.index {
		if column < 0 {
			continue
		}
		if t.at[i]++; t.at[i] < t.filled[i] {
			continue
		}
		if err := t.fill(i); err != nil {
			return false, damaged(t.path, err)
		}
	}
	return true, nil
}

// fill reads the next values of a column.
func (t *tableReader) fill(i int) (err error) {
	defer func() { err = recovered(t.path, recover(), err) }()
	for {
		if t.values[i] != nil {
			n, err := t.values[i].ReadValues(t.block[i])
			if n > 0 {
				t.at[i], t.filled[i] = 0, n
				return nil
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			parquet.Release(t.page[i])
			t.values[i], t.page[i] = nil, nil
		}
		page, err := t.pages[i].ReadPage()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		t.page[i], t.values[i] = page, page.Values()
	}
}

// uuid, day and count return the value of a column in this row; ok is false
// where it is null.
func (t *tableReader) uuid(column int) (id [16]byte) {
	copy(id[:], t.block[column][t.at[column]].ByteArray())
	return id
}

func (t *tableReader) day(column int) (d int32, ok bool) {
	if t.index[column] < 0 || t.block[column][t.at[column]].IsNull() {
		return 0, false
	}
	return t.block[column][t.at[column]].Int32(), true
}

func (t *tableReader) count(column int) (n int64, ok bool) {
	if t.index[column] < 0 || t.block[column][t.at[column]].IsNull() {
		return 0, false
	}
	return t.block[column][t.at[column]].Int64(), true
}

func (t *tableReader) release() {
	for i := range t.pages {
		if t.page[i] != nil {
			parquet.Release(t.page[i])
		}
		if t.pages[i] != nil {
			t.pages[i].Close()
		}
		t.page[i], t.values[i], t.pages[i] = nil, nil, nil
	}
}

func (t *tableReader) close() {
	t.release()
	t.file.Close()
}
