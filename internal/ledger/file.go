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
	path    string
	series  []string
	keys    [][32]byte  // of the series
	places  []int       // of the series, in the file
	mapping page        // nil where the file is not mapped
	mapped  os.FileInfo // the file that is mapped
}

func (m *file) load(context.Context) (v value, version int64, err error) {
	p := m.mapping
	if p == nil {
		if p, err = examine(m.path); err != nil {
			return v, 0, err
		}
	}
	fault := guard(func() { v, version, err = m.value(p) })
	return v, version, errors.Join(fault, err)
}

// value reads a page that is sound, and still has the series where they were. It
// leaves out the totals of a mapped one. The version is read first, as swap writes
// it last: what is read after it is as new, or newer.
func (m *file) value(p page) (v value, version int64, err error) {
	if _, err := p.check(); err != nil {
		return v, 0, err
	}
	version = int64(p.word(atPlan).Load())
	v = value{header: p.header(), Totals: map[string]uint64{}}
	for i, at := range m.places {
		if p.key(at) != m.keys[i] {
			return v, 0, ErrGone
		}
		if m.mapping == nil {
			v.Totals[m.series[i]] = p.slot(at).Load()
		}
	}
	if m.mapping != nil {
		there, err := os.Lstat(m.path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(there, m.mapped) {
			return v, 0, ErrGone
		}
	}
	return v, version, nil
}

// changed says whether the file has other totals than before, or may have.
func (m *file) changed(before value) bool {
	p, err := examine(m.path)
	for i, at := range m.places {
		if err != nil || p.slot(at).Load() != before.Totals[m.series[i]] {
			return true
		}
	}
	return false
}

// swap writes the totals first and the version last: a reader of the new version has
// the new totals. Those of a mapped file are there already.
func (m *file) swap(ctx context.Context, version int64, v value) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	release, err := durable.Lock(ctx, filepath.Join(filepath.Dir(m.path), lockName))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer release()
	p, err := examine(m.path)
	if err != nil {
		return err
	}
	now, newest, err := m.value(p)
	switch {
	case err != nil:
		return err
	case now.identity() != v.identity(), newest != version:
		return ErrConflict
	}
	f, err := durable.Open(m.path, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close()
	if m.mapping == nil {
		for i, name := range m.series {
			p.slot(m.places[i]).Store(v.Totals[name])
		}
		err = write(f, p[headerSize:], headerSize)
	}
	if err == nil {
		p.setPlan(v.plan, version+1)
		err = write(f, p[atDue:atPlanEnd], atDue)
	}
	if err == nil {
		err = write(f, p[atPlan:atDue], atPlan) // the version
	}
	if err == nil && m.mapping == nil { // a network file system may refuse only now
		durable.Step("sync " + filepath.Base(f.Name()))
		err = f.Sync()
	}
	switch {
	case err != nil && m.mapping == nil && m.changed(now):
		return fmt.Errorf("%w: %w", errHalfway, err)
	case err != nil:
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// pieces is how much is written at once. Tests make it small, to be killed in
// the middle of a write.
var pieces = fileSize

// put writes b at a place of the file, and has it on the disk when it returns.
func put(f *os.File, b []byte, at int) error {
	if err := write(f, b, at); err != nil {
		return err
	}
	durable.Step("sync " + filepath.Base(f.Name()))
	return f.Sync()
}

func write(f *os.File, b []byte, at int) error {
	for len(b) > 0 {
		n := min(len(b), pieces)
		durable.Step("write " + filepath.Base(f.Name()))
		if _, err := f.WriteAt(b[:n], int64(at)); err != nil {
			return err
		}
		b, at = b[n:], at+n
	}
	return nil
}

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
		return nil, fmt.Errorf("ledger: %w", err)
	case len(data) != fileSize:
		return nil, damage("%d bytes is not the size of a ledger", len(data))
	}
	p := newPage()
	copy(p, data)
	return p, nil
}

// aside is where a damaged file is put.
func aside(path string) string { return path + ".damaged" }
