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
	if newest(records).Decision == Denied {
		return records, nil
	}
	if untrusted != nil {
		return nil, fmt.Errorf("consent: %w", untrusted)
	}
	if err != nil {
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
	data, err := readRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, f.nothingQuarantined()
	}
	var records []Record
	if data != nil {
		var damage error
		if records, damage = parse(data, now); err == nil {
			err = damage
		}
	}
	if err != nil {
		return records, fmt.Errorf("consent: %q cannot be trusted: %w: decide again to replace it", path, err)
	}
	return records, nil
}

// nothingQuarantined tells a file that never was from one that a Save
// quarantined which then failed or was killed. It may have held a no, and a no
// that was damaged must not make room for a yes from the environment.
func (f *File) nothingQuarantined() error {
	path := f.path(damagedName)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("consent: %q was put aside and nothing took its place: decide again, or remove it", path)
	}
	return nil
}

// readRegular does not wait: opening a pipe or a terminal could take for ever.
// With data and an error the file was read, and others could have changed it.
func readRegular(path string) ([]byte, error) {
	// For the sake of systems where OpenFlags cannot refuse a link.
	if info, err := os.Lstat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("it is not a regular file (%s)", info.Mode())
	}
	file, err := os.OpenFile(path, os.O_RDONLY|durable.OpenFlags, 0)
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
	// One byte more than allowed, so that parse sees what is too large.
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if err := durable.Owned(info, durable.OthersMayNothing); err != nil {
		return data, fmt.Errorf("it %w", err)
	}
	return data, nil
}
