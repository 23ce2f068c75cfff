package consent

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
// A no needs no trust: it is returned from a file or directory that others could
// have changed, too. Consent creates nothing, never waits for a Save and never
// sees half of one.
func (f *File) Consent(ctx context.Context) (Record, error) {
	records, err := f.History(ctx)
	if err != nil {
		return Record{}, err
	}
	return newest(records), nil
}

// History returns the last 100 records, the newest last, under the same rules
// as [File.Consent]. The caller may keep and change the slice.
func (f *File) History(ctx context.Context) ([]Record, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	exists, untrusted := durable.Trusted(f.dir)
	if !exists && untrusted == nil {
		return nil, nil
	}
	records, err := f.read(time.Now())
	switch {
	case newest(records).Decision == Denied:
		return records, nil
	case untrusted != nil:
		return nil, fmt.Errorf("consent: %w", untrusted)
	case err != nil:
		return nil, err
	}
	return records, nil
}

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

// read returns the records of the file, none if there is no file. With an error
// the records are those of a file that others could have changed: a yes among
// them is not to be believed. For Save an error is a reason to quarantine the
// file.
func (f *File) read(now time.Time) ([]Record, error) {
	path := f.path(fileName)
	data, err := durable.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, f.nothingQuarantined()
	}
	var records []Record
	if err == nil {
		records, err = parse(data, now)
	}
	if err == nil {
		err = private(path)
	}
	if err != nil {
		return records, fmt.Errorf("consent: %q cannot be trusted: %w: decide again to replace it", path, err)
	}
	return records, nil
}

// private returns an error if other users could have changed a file.
func private(path string) error {
	info, err := os.Lstat(path)
	if err == nil {
		err = durable.Owned(info, durable.OthersMayNothing)
	}
	if err != nil {
		return fmt.Errorf("it %w", err)
	}
	return nil
}

// nothingQuarantined returns an error if a Save put the file aside and then failed
// or was killed. The file may have held a no, and a damaged no must not make room
// for a yes from the environment.
func (f *File) nothingQuarantined() error {
	path := f.path(damagedName)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("consent: %q was put aside and nothing took its place: decide again, or remove it", path)
	}
	return nil
}
