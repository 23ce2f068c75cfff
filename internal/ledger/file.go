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
	fileName  = "headcount.totals"
	stateName = "headcount.state" // see dirState
	lockName  = "headcount.lock"
)

// A file is the mapped totals of a directory. It is changed word by word: a process
// that stands still in the middle, and goes on after a no, writes numbers and never
// an identifier.
type file struct {
	path   string
	page   page // the mapping
	info   os.FileInfo
	keys   [][32]byte // of the series
	places []int      // of the series, in the page
}

// header reads a page that is sound, that still has the series where they were, and
// whose file still has its name.
func (f *file) header() (h header, err error) {
	fault := guard(func() {
		_, err = f.page.check()
		h = f.page.header()
		for i, at := range f.places {
			if err == nil && f.page.key(at) != f.keys[i] {
				err = ErrGone
			}
		}
	})
	if err = errors.Join(fault, err); err != nil {
		return header{}, err
	}
	there, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(there, f.info) {
		return header{}, ErrGone
	}
	return h, nil
}

// sync has the page on the disk when it returns: that a report was sent must be known
// after a power loss too, so that it can be erased.
func (f *file) sync() error {
	opened, err := durable.Open(f.path, os.O_RDWR)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer opened.Close()
	return put(opened, nil, 0)
}

// lock waits for the lock of a directory, five seconds at most.
func lock(ctx context.Context, dir string) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	release, err = durable.Lock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return release, nil
}

// pieces is how much is written at once. Tests make it small, to be killed in
// the middle of a write.
var pieces = fileSize

// put writes b at a place of the file, and has it on the disk when it returns.
func put(f *os.File, b []byte, at int) error {
	for len(b) > 0 {
		n := min(len(b), pieces)
		durable.Step("write " + filepath.Base(f.Name()))
		if _, err := f.WriteAt(b[:n], int64(at)); err != nil {
			return err
		}
		b, at = b[n:], at+n
	}
	durable.Step("sync " + filepath.Base(f.Name()))
	return f.Sync()
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
	data, err := readFile(path, fileSize)
	if err != nil {
		return nil, err
	}
	if len(data) != fileSize {
		return nil, damage("%d bytes is not the size of a ledger", len(data))
	}
	p := newPage()
	copy(p, data)
	return p, nil
}

func readFile(path string, limit int64) ([]byte, error) {
	data, err := durable.Read(path, limit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errNothing
	case errors.Is(err, durable.ErrOther):
		return nil, damage("%w", err)
	case err != nil:
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return data, nil
}

// aside is where a damaged file is put.
func aside(path string) string { return path + ".damaged" }
