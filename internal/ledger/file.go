package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"headcount.example/internal/durable"
)

const (
	fileName = "headcount.totals"
	lockName = "headcount.lock"
)

// A file is the place of the totals in a directory. It is changed word by word: a
// process that stands still in the middle, and goes on after a no, writes numbers
// and never an identifier.
type file struct {
	path   string
	series []string
	places []int       // of the series, in the file
	mapped os.FileInfo // the file that is mapped; nil where none is
}

func (m *file) load(context.Context) (v value, version int64, err error) {
	p, err := m.read()
	if err != nil {
		return value{}, 0, err
	}
	v = value{header: p.header(), Totals: make(map[string]uint64, len(m.series))}
	for i, name := range m.series {
		v.Totals[name] = p.slot(m.places[i]).Load()
	}
	return v, int64(p.word(atPlan).Load()), nil
}

// read returns the page of a sound file that still has the series where they
// were.
func (m *file) read() (page, error) {
	p, err := examine(m.path)
	if err != nil {
		return nil, err
	}
	for i, name := range m.series {
		if p.key(m.places[i]) != keyOf(name) {
			return nil, ErrGone
		}
	}
	if m.mapped != nil {
		if there, err := os.Lstat(m.path); err != nil || !os.SameFile(there, m.mapped) {
			return nil, ErrGone
		}
	}
	return p, nil
}

// swap writes the totals first and the version last, so that who reads the new
// version reads the new totals. Those of a mapped file are there already.
func (m *file) swap(ctx context.Context, version int64, v value) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	release, err := durable.Lock(ctx, filepath.Join(filepath.Dir(m.path), lockName))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer release()
	p, err := m.read()
	if err != nil {
		return err
	}
	if p.header().identity() != v.identity() || p.word(atPlan).Load() != uint64(version) {
		return ErrConflict
	}
	f, err := openFile(m.path)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close()
	if m.mapped == nil {
		for i, name := range m.series {
			p.slot(m.places[i]).Store(v.Totals[name])
		}
		if err := put(f, p[headerSize:], headerSize); err != nil {
			return err
		}
	}
	p.setPlan(v.plan, version+1)
	if err := put(f, p[atPlan:atPlanEnd], atPlan); err != nil {
		return err
	}
	if m.mapped == nil {
		_ = flush(f) // it is written, and counts; a power loss may take it back
	}
	return nil
}

// pieces is how much is written at once. Tests make it small, to be killed in
// the middle of a write.
var pieces = fileSize

// put writes b at a place of the file.
func put(f *os.File, b []byte, at int) error {
	for len(b) > 0 {
		n := min(len(b), pieces)
		durable.Step("write " + filepath.Base(f.Name()))
		if _, err := f.WriteAt(b[:n], int64(at)); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		b, at = b[n:], at+n
	}
	return nil
}

func flush(f *os.File) error {
	durable.Step("sync " + filepath.Base(f.Name()))
	if err := f.Sync(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// openFile opens an existing file of ours. It follows no link and does not
// wait for a FIFO.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|durable.OpenFlags, 0)
}

var errNothing = fmt.Errorf("ledger: no identifier is kept: %w", fs.ErrNotExist)

// examine reads a whole file into memory and checks it. It looks more than once
// before it finds damage: nothing promises that a number that others add to is
// copied whole.
func examine(path string) (p page, err error) {
	for range 3 {
		if p, err = read(path); err == nil {
			_, err = p.check()
		}
		if !errors.Is(err, ErrDamaged) {
			break
		}
	}
	return p, err
}

func read(path string) (page, error) {
	data, err := durable.Read(path, fileSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNothing
	case errors.Is(err, durable.ErrOther):
		return nil, damage("%w", err)
	case err != nil:
		return nil, fmt.Errorf("ledger: %w: chown it to the application", err)
	case len(data) != fileSize:
		return nil, damage("%d bytes is not the size of a ledger", len(data))
	}
	p := newPage()
	copy(p, data)
	return p, nil
}
