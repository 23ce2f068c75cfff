package consent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"headcount.example/internal/durable"
)

// The package comment says what is in these files.
const (
	fileName    = "consent.json"
	damagedName = "consent.json.damaged"
	lockName    = "consent.lock"
	version     = 1
	maxFile     = 128 << 10
)

// File keeps decisions in consent.json in one directory, which may be shared by
// several processes of one host. It is a [Source]. Its methods are safe for
// concurrent use; those of a nil or zero File return an error.
type File struct{ dir string }

// NewFile names a directory and touches nothing. The directory is one product's:
// another one would take a no there for its own, and its yes would turn the first off.
// An empty dir is an error in every method, and does not mean the current directory.
func NewFile(dir string) *File {
	if absolute, err := filepath.Abs(dir); err == nil && dir != "" {
		dir = absolute // a host that changes its directory keeps its answer
	}
	return &File{dir: dir}
}

// Consent returns the newest record: the zero one if directory or file do not exist, an
// error that names the path and the remedy if they cannot be trusted. A no needs no
// trust: it is returned from a file or directory that others could have changed, too.
// Consent creates nothing, never waits for a Save and never sees half of one.
func (f *File) Consent(ctx context.Context) (Record, error) {
	records, err := f.History(ctx)
	return newest(records), err
}

// History returns the last 100 records, the newest last, under the same rules
// as [File.Consent]. The caller may keep and change the slice.
func (f *File) History(ctx context.Context) ([]Record, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	_, untrusted := durable.Trusted(f.dir)
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

// read returns the records of the file, none if there is no file. With an error they may
// be from a file that others can write: do not trust a yes in them. Save quarantines it.
func (f *File) read(now time.Time) ([]Record, error) {
	path, quarantined := f.path(fileName), f.path(damagedName)
	data, err := durable.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(quarantined); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		// A Save failed or was killed after it renamed the file. It may have held
		// a no, which must not make room for a yes from the environment.
		return nil, fmt.Errorf("consent: %q was quarantined and nothing took its place: decide again, or remove it", quarantined)
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

type document struct {
	Version int      `json:"version"`
	Records []Record `json:"records"`
}

// parse reads a file as encode writes it, and nothing else.
func parse(data []byte, now time.Time) ([]Record, error) {
	doc := document{Version: version}
	err := json.Unmarshal(data, &doc)
	n := len(doc.Records)
	switch {
	case doc.Version != version:
		return nil, fmt.Errorf("version %d is not %d", doc.Version, version)
	case err != nil:
		return nil, err
	case n < 1 || n > maxRecords:
		return nil, fmt.Errorf("it has %d records, and not 1 to %d", n, maxRecords)
	}
	for i, r := range doc.Records {
		if err := check(r, now); err != nil {
			return nil, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	again, err := encode(doc.Records)
	var is, ought bytes.Buffer
	err = errors.Join(err, json.Compact(&is, data), json.Compact(&ought, again))
	// The decoder skips fields that it does not know, takes the last of two
	// "decision" fields, and takes "DECISION" for "decision".
	if err == nil && !bytes.Equal(is.Bytes(), ought.Bytes()) {
		err = errors.New("it is not written the way Save writes it")
	}
	return doc.Records, err
}

// encode writes records that have passed check, so that even 100 of the longest
// stay below maxFile; quotation marks double, nothing grows more.
func encode(records []Record) ([]byte, error) {
	doc := document{Version: version}
	for _, r := range records {
		doc.Records = append(doc.Records, normal(r))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(doc)
	return out.Bytes(), err
}
