package publish

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"headcount.example/cmd/headcount/internal/atomicfile"
)

// Names of the files of a page.
const (
	statsName  = "stats.json"
	schemaName = "stats.schema.json"
	badgeName  = "badge.svg"
	pageName   = "index.html"
)

//go:embed stats.schema.json
var statsSchema []byte

// A file is one file of a page.
type file struct {
	name string
	data []byte
}

// render makes the files of a page from its figures alone.
func render(s Stats) ([]file, error) {
	stats, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, err
	}
	badge, err := renderBadge(s)
	if err != nil {
		return nil, err
	}
	page, err := renderPage(s)
	if err != nil {
		return nil, err
	}
	return []file{{schemaName, statsSchema}, {statsName, append(stats, '\n')}, {badgeName, badge}, {pageName, page}}, nil
}

func readStats(path string) (s Stats, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Stats{}, err
	}
	if err := json.Unmarshal(data, &s); err != nil || s.SchemaVersion < 1 {
		return Stats{}, fmt.Errorf("%s is there and not a page of headcount publish: move it, or publish to another directory", path)
	}
	return s, nil
}

// staged are files that are written in full beside their places.
type staged struct {
	dir   string
	files []file
}

const stagedPrefix = ".headcount-publish-"

func (f file) staged() string { return stagedPrefix + f.name }

// stage writes the files beside their places. Where that fails, what was
// there before is whole.
func stage(dir string, files []file) (*staged, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the directory for the page cannot be made: %w", err)
	}
	s := &staged{dir, files}
	for _, f := range files {
		if err := writeSynced(filepath.Join(dir, f.staged()), f.data); err != nil {
			s.discard()
			return nil, fmt.Errorf("the page cannot be written, so nothing was published: %w", err)
		}
	}
	return s, nil
}

func writeSynced(path string, data []byte) error {
	// A left-over of an interrupted run, or a link that is not ours.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
}

// place puts the files in their places, the page last.
func (s *staged) place() error {
	for _, f := range s.files {
		if err := os.Rename(filepath.Join(s.dir, f.staged()), filepath.Join(s.dir, f.name)); err != nil {
			return err
		}
	}
	return atomicfile.SyncDir(s.dir)
}

// discard removes what was not placed.
func (s *staged) discard() {
	for _, f := range s.files {
		_ = os.Remove(filepath.Join(s.dir, f.staged()))
	}
}
