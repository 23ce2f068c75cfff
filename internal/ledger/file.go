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

// A file is the mapped totals of a directory. It is changed word by word. If a process
// pauses in the middle and continues after a no, it writes only numbers, never an
// identifier.
type file struct {
	path   string
	page   page // the mapping
	info   os.FileInfo
	keys   [][32]byte // of the series
	places []int      // of the series, in the page
}

// header reads the header. It returns an error unless the page is sound, the series
// are where they were, and the file still has its name.
func (f *file) header() (h header, err error) {
	fault := guard(func() {
		_, err = f.page.check()
		h = f.page.header()
		for i, at := range f.places {
			if err == nil && f.page.key(at) != f.keys[i] {
				err = errGone
			}
		}
	})
	if err = errors.Join(fault, err); err != nil {
		return header{}, err
	}
	there, err := os.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(there, f.info) {
		return header{}, errGone
	}
	return h, nil
}

// sync writes the page to the disk. After a power loss it must still be known that a
// report was sent, so that it can be erased.
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

// pieces is the largest number of bytes of one write. Tests make it small, to be
// killed in the middle.
var pieces = fileSize

// put writes b at an offset of the file, and syncs it.
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

// examine reads a whole file into memory and checks it. It reads up to three times
// before it reports damage: a read may see half of a number that another process is
// changing.
func examine(path string) (p page, err error) {
	for range 3 {
		if p, err = read(path); err == nil {
			_, err = p.check()
		}
		if !errors.Is(err, errDamaged) {
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

// damagedName returns the name of a file after quarantine.
func damagedName(path string) string { return path + ".damaged" }
