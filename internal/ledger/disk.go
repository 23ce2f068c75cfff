package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"headcount.example/internal/durable"
)

// pieces is how much is written at once. Tests make it small, to be killed in
// the middle of a write.
var pieces = maxSize

// put writes b at a place of the file.
func put(f *os.File, b []byte, at int64) error {
	for len(b) > 0 {
		n := min(len(b), pieces)
		durable.Step("write " + filepath.Base(f.Name()))
		if _, err := f.WriteAt(b[:n], at); err != nil {
			return err
		}
		b, at = b[n:], at+int64(n)
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

func remove(path string) error {
	durable.Step("remove " + filepath.Base(path))
	return os.Remove(path)
}

// extend writes the series from number n on, and makes the file as long as
// grown. Nothing counts yet. Whether it is written in full or in part, the
// file means what it meant before.
func extend(path string, grown page, size, n, more int) error {
	f, err := openFile(path)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if len(grown) > size {
		err = put(f, grown[size:], int64(size))
	}
	if err == nil {
		begin, end := headerSize+n*slotSize, headerSize+(n+more)*slotSize
		err = put(f, grown[begin:end], int64(begin))
	}
	if err = errors.Join(err, flush(f), f.Close()); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

const keptAside = 3

// putAside moves what is not a sound ledger out of the way. It keeps a few for
// inspection, and never removes a thing that is not a file.
func putAside(path string) error {
	retire(path)
	err := errors.New("too many others are there")
	for i := range keptAside {
		to := aside(path, i)
		if info, missing := os.Lstat(to); missing == nil && (i+1 < keptAside || !info.Mode().IsRegular()) {
			continue
		}
		durable.Step("rename to " + filepath.Base(to))
		if err = os.Rename(path, to); err == nil {
			_ = durable.SyncDir(filepath.Dir(path))
			return nil
		}
	}
	return fmt.Errorf("ledger: %q is not a sound ledger and cannot be put aside: remove it (%w)", path, err)
}

// retire stops the processes that still count in a damaged ledger at their
// next Add. It changes nothing in a file that never was one.
func retire(path string) {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() || info.Size() < headerSize {
		return
	}
	f, err := openFile(path)
	if err != nil {
		return // they find out when they look at the name
	}
	defer f.Close()
	p := newPage(0)
	if _, err := f.ReadAt(p, 0); err == nil && bytes.Equal(p[:len(magic)], magic[:]) && p.word(atClosed).Load() == 0 {
		p.word(atClosed).Store(asideWord)
		_ = put(f, p[atClosed:atClosed+8], atClosed)
	}
}
