package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// step is called before each change to the file system. It does nothing but
// in the tests that kill the process there.
var step = func(string) {}

// pieces is how much is written at once. Tests make it small, to be killed in
// the middle of a write.
var pieces = maxSize

// put writes b at a place of the file.
func put(f *os.File, b []byte, at int64) error {
	for len(b) > 0 {
		n := min(len(b), pieces)
		step("write " + filepath.Base(f.Name()))
		if _, err := f.WriteAt(b[:n], at); err != nil {
			return err
		}
		b, at = b[n:], at+int64(n)
	}
	return nil
}

func flush(f *os.File) error {
	step("sync " + filepath.Base(f.Name()))
	return f.Sync()
}

func remove(path string) error {
	step("remove " + filepath.Base(path))
	return os.Remove(path)
}

// replace puts a file in its place in full, and on the disk: before and after,
// it is whole, whatever ends the process or the machine.
func replace(path string, p page) error {
	if err := place(path, p, flush); err != nil {
		return err
	}
	step("sync directory")
	syncDir(filepath.Dir(path))
	return nil
}

// place writes a file in full beside its place, with real bytes in every
// block, and then puts it there. What sync leaves out a power loss may undo.
func place(path string, p page, sync func(*os.File) error) error {
	temporary := path + ".new"
	written, err := write(temporary, p, sync)
	if err == nil {
		step("rename " + filepath.Base(temporary))
		err = os.Rename(temporary, path)
	}
	if err != nil {
		// A network file system may say that it failed and have done it: then
		// what was counted must not be added once more.
		if there, e := os.Lstat(path); e != nil || written == nil || !os.SameFile(there, written) {
			_ = os.Remove(temporary)
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return nil
}

func write(path string, p page, sync func(*os.File) error) (os.FileInfo, error) {
	_ = remove(path) // left by a process that was killed; the lock is ours
	step("create " + filepath.Base(path))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = put(f, p, 0)
	}
	return info, errors.Join(err, sync(f), f.Close())
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

// putAside moves what is not a sound ledger out of the way. It keeps a few,
// for whoever wants to look, and never removes a thing that is not a file.
func putAside(path string) error {
	retire(path)
	err := errors.New("too many others are there")
	for i := range keptAside {
		to := aside(path, i)
		if info, missing := os.Lstat(to); missing == nil && (i+1 < keptAside || !info.Mode().IsRegular()) {
			continue
		}
		step("rename to " + filepath.Base(to))
		if err = os.Rename(path, to); err == nil {
			step("sync directory")
			syncDir(filepath.Dir(path))
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
