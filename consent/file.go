package consent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// File keeps decisions in consent.json in one directory, which may be shared by
// several processes of one host. It is a [Source]. Its methods are safe for
// concurrent use; those of a nil or zero File return an error.
type File struct {
	dir string
}

// NewFile names a directory and touches nothing. The directory is one product's:
// another one would take a yes there for its own. An empty dir is an error in
// every method: decisions do not belong in whatever directory is current.
func NewFile(dir string) *File {
	if dir != "" {
		if absolute, err := filepath.Abs(dir); err == nil {
			dir = absolute // a host that changes its directory keeps its answer
		}
	}
	return &File{dir: dir}
}

// Consent returns the newest record: the zero one if directory or file do not
// exist, an error that names the path and the remedy if they cannot be trusted.
// It creates nothing, never waits for a Save and never sees half of one.
func (f *File) Consent(ctx context.Context) (Record, error) {
	records, err := f.History(ctx)
	if err != nil || len(records) == 0 {
		return Record{}, err
	}
	return records[len(records)-1], nil
}

// History returns the last 100 records, the newest last, under the same rules
// as [File.Consent]. The caller may keep and change the slice.
func (f *File) History(ctx context.Context) ([]Record, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	exists, err := checkDirectory(f.dir, othersMayNotWrite)
	if err != nil || !exists {
		return nil, err
	}
	return f.read(time.Now())
}

const (
	othersMayNotWrite fs.FileMode = 0o022
	othersMayNothing  fs.FileMode = 0o077
)

func (f *File) ready(ctx context.Context) error {
	if f == nil || f.dir == "" {
		return errors.New("consent: no directory is given for " + fileName)
	}
	if ctx != nil && ctx.Err() != nil {
		return fmt.Errorf("consent: %w", ctx.Err())
	}
	return nil
}

func (f *File) path(name string) string { return filepath.Join(f.dir, name) }

// checkDirectory follows links, since a data directory is often one, but where
// they lead to must be ours. forbidden are permission bits it may not have.
func checkDirectory(dir string, forbidden fs.FileMode) (exists bool, err error) {
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir); err == nil {
			// Not the same as absent: the answer may be on a disk that is not there.
			return false, fmt.Errorf("consent: %q is a link to nothing: mount or create its target", dir)
		}
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("consent: cannot look at the directory: %w", err)
	}
	if !info.IsDir() {
		return false, fmt.Errorf("consent: %q is not a directory: move it away", dir)
	}
	if err := trusted(info, forbidden); err != nil {
		return true, fmt.Errorf("consent: directory %q %w: chown it to the application and chmod 700 it", dir, err)
	}
	return true, nil
}

// read returns the records of the file, none if there is no file. Whatever is
// wrong is an error, and for Save a reason to put the file aside.
func (f *File) read(now time.Time) ([]Record, error) {
	path := f.path(fileName)
	data, err := readRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, f.nothingPutAside()
	}
	if err == nil {
		var records []Record
		if records, err = parse(data, now); err == nil {
			return records, nil
		}
	}
	return nil, fmt.Errorf("consent: %q cannot be trusted: %w: decide again to replace it", path, err)
}

// nothingPutAside tells a file that never was from one that was put aside by a
// Save which then failed or was killed. It may have held a no, and a no that
// was damaged must not make room for a yes from the environment.
func (f *File) nothingPutAside() error {
	path := f.path(damagedName)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("consent: %q was put aside and nothing took its place: decide again, or remove it", path)
	}
	return nil
}

// readRegular does not wait: opening a pipe or a terminal could take for ever.
func readRegular(path string) ([]byte, error) {
	// For the sake of systems where openFlags cannot refuse a link.
	if info, err := os.Lstat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is not a regular file (%s)", info.Mode())
	}
	file, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// Of what was opened: it need not be what Lstat saw.
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is not a regular file (%s)", info.Mode())
	}
	if err := trusted(info, othersMayNothing); err != nil {
		return nil, fmt.Errorf("it %w", err)
	}
	// One byte more than allowed, so that parse sees what is too large.
	return io.ReadAll(io.LimitReader(file, maxFile+1))
}
