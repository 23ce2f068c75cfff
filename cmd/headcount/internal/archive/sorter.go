package archive

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// sorterBytes is how much a sorter holds before it writes a run to the disk.
const sorterBytes = 64 << 20

var sorterLimit = sorterBytes // a test makes it smaller

// A sorter takes reports in any order and gives them back by month,
// identifier and day; reports of one installation and day in the order in
// which they came. Memory is bounded: what does not fit is written to runs in
// a directory of its own.
type sorter struct {
	dir     string
	limit   int
	arena   []byte
	entries []entry
	runs    []string
	n       int64
}

// An entry is the key of a report and where its bytes begin in the arena.
type entry struct {
	month day.Day
	id    [16]byte
	day   day.Day
	at    uint32
	size  uint32
}

func newSorter(dir string, limit int) *sorter {
	return &sorter{dir: dir, limit: limit}
}

// add takes a copy of the report.
func (s *sorter) add(r *schema.Report) error {
	if len(s.arena)+len(s.entries)*40 >= s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	at := len(s.arena)
	s.arena = appendReport(s.arena, r)
	s.entries = append(s.entries, entry{r.Day.Month(), r.GUID, r.Day, uint32(at), uint32(len(s.arena) - at)})
	s.n++
	return nil
}

func (s *sorter) sort() {
	// Entries stand in the order in which they came, which at keeps.
	slices.SortFunc(s.entries, func(a, b entry) int {
		if a.month != b.month {
			return cmp.Compare(a.month, b.month)
		}
		if by := bytes.Compare(a.id[:], b.id[:]); by != 0 {
			return by
		}
		if a.day != b.day {
			return cmp.Compare(a.day, b.day)
		}
		return cmp.Compare(a.at, b.at)
	})
}

// spill writes what is held to a run.
func (s *sorter) spill() (err error) {
	s.sort()
	if err := os.MkdirAll(s.dir, dirMode); err != nil {
		return err
	}
	path := filepath.Join(s.dir, "run-"+strconv.Itoa(len(s.runs)))
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s.runs = append(s.runs, path)
	step("spill")
	w := bufio.NewWriterSize(f, 1<<20)
	for _, e := range s.entries {
		if _, err := w.Write(s.arena[e.at : e.at+e.size]); err != nil {
			return err
		}
	}
	s.arena, s.entries = s.arena[:0], s.entries[:0]
	return w.Flush()
}

// sources ends the sorter: what was taken comes from these, in this order of
// preference where two are equal.
func (s *sorter) sources() (list []source, err error) {
	defer func() {
		if err != nil {
			closeAll(list)
		}
	}()
	if len(s.runs) > 0 { // what merges the runs has the memory
		if err := s.spill(); err != nil {
			return nil, err
		}
		s.arena, s.entries = nil, nil
	}
	for _, path := range s.runs {
		f, err := os.Open(path)
		if err != nil {
			return list, err
		}
		list = append(list, &run{file: f, r: bufio.NewReaderSize(f, 1<<16)})
	}
	s.sort()
	return append(list, &held{s: s}), nil
}

// A source gives reports in order. The report is valid until the next call;
// nil at the end.
type source interface {
	next() (*schema.Report, error)
	close()
}

func closeAll(list []source) {
	for _, s := range list {
		s.close()
	}
}

// held is what a sorter has in memory.
type held struct {
	s  *sorter
	at int
	r  schema.Report
}

func (h *held) next() (*schema.Report, error) {
	if h.at == len(h.s.entries) {
		return nil, nil
	}
	e := h.s.entries[h.at]
	h.at++
	_, err := readReport(bytes.NewReader(h.s.arena[e.at:e.at+e.size]), &h.r)
	return &h.r, err
}

func (h *held) close() {}

// run is a run on the disk.
type run struct {
	file *os.File
	r    *bufio.Reader
	rep  schema.Report
}

func (r *run) next() (*schema.Report, error) {
	more, err := readReport(r.r, &r.rep)
	if err != nil || !more {
		return nil, err
	}
	return &r.rep, nil
}

func (r *run) close() { r.file.Close() }

// appendReport writes a report in the form of the runs: identifier, day,
// number of series, and each value plus one, so that Absent is 0.
func appendReport(b []byte, r *schema.Report) []byte {
	b = append(b, r.GUID[:]...)
	b = binary.AppendVarint(b, int64(r.Day))
	b = binary.AppendUvarint(b, uint64(len(r.Values)))
	for _, v := range r.Values {
		b = binary.AppendUvarint(b, uint64(v+1))
	}
	return b
}

// readReport reads what appendReport wrote; false at the end.
func readReport(from interface {
	io.Reader
	io.ByteReader
}, r *schema.Report) (bool, error) {
	if _, err := io.ReadFull(from, r.GUID[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	d, err := binary.ReadVarint(from)
	if err != nil {
		return false, cutShort(err)
	}
	n, err := binary.ReadUvarint(from)
	if err != nil {
		return false, cutShort(err)
	}
	r.Day, r.Values = day.Day(d), r.Values[:0]
	for range n {
		v, err := binary.ReadUvarint(from)
		if err != nil {
			return false, cutShort(err)
		}
		r.Values = append(r.Values, int64(v)-1)
	}
	return true, nil
}

// cutShort is the error where the end comes within a report.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// A merger gives the reports of several sources in order: of equal ones, of
// the same installation and day, those of the source that stands first.
type merger struct {
	ctx     context.Context
	whole   bool // by installation and day, whatever the month
	sources []source
	head    []*schema.Report // of each source its next report
	heap    []int            // sources that have one, as a heap: the first has the next report of all
	n       int
}

func newMerger(ctx context.Context, sources []source, whole bool) (*merger, error) {
	m := &merger{ctx: ctx, whole: whole, sources: sources, head: make([]*schema.Report, len(sources))}
	for i, s := range sources {
		r, err := s.next()
		if err != nil {
			return nil, err
		}
		if m.head[i] = r; r != nil {
			m.heap = append(m.heap, i)
		}
	}
	heap.Init(m)
	return m, nil
}

// peek returns the next report, and next goes beyond it. It is valid until
// next is called.
func (m *merger) peek() *schema.Report {
	if len(m.heap) == 0 {
		return nil
	}
	return m.head[m.heap[0]]
}

func (m *merger) next() (err error) {
	if len(m.heap) == 0 {
		return nil
	}
	if m.n++; m.n%1024 == 0 && m.ctx.Err() != nil {
		return m.ctx.Err()
	}
	first := m.heap[0]
	if m.head[first], err = m.sources[first].next(); m.head[first] == nil {
		heap.Pop(m)
	} else if len(m.heap) > 1 {
		heap.Fix(m, 0)
	}
	return err
}

// Len, Less, Swap, Push and Pop are those of container/heap.
func (m *merger) Len() int { return len(m.heap) }

func (m *merger) Less(i, j int) bool {
	a, b := m.heap[i], m.heap[j]
	if before(m.head[a], m.head[b], m.whole) {
		return true
	}
	return a < b && !before(m.head[b], m.head[a], m.whole)
}

func (m *merger) Swap(i, j int) { m.heap[i], m.heap[j] = m.heap[j], m.heap[i] }

func (m *merger) Push(x any) { m.heap = append(m.heap, x.(int)) }

func (m *merger) Pop() any {
	last := m.heap[len(m.heap)-1]
	m.heap = m.heap[:len(m.heap)-1]
	return last
}

// before orders reports by month, installation and day; whole leaves out the
// month.
func before(a, b *schema.Report, whole bool) bool {
	if !whole {
		if am, bm := a.Day.Month(), b.Day.Month(); am != bm {
			return am < bm
		}
	}
	if by := bytes.Compare(a.GUID[:], b.GUID[:]); by != 0 {
		return by < 0
	}
	return a.Day < b.Day
}
