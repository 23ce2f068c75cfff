package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// A source is all of an archive that answers are computed from. It is never
// changed, and safe for concurrent use.
type source struct {
	tables *figures.Tables
	held   *schema.Schema // whose numbers the tables have
	list   *schema.Schema // in whose order answers are
	known  answer.Known
}

// load reads the archive in a directory.
func load(ctx context.Context, dir string, catalog *catalogFlag) (*source, error) {
	a, err := archive.Open(dir)
	if err != nil {
		return nil, err
	}
	tables, err := a.Tables(ctx) // before the others: it may go over to newer files
	if err != nil {
		return nil, err
	}
	list, err := catalog.viewOf(a)
	if err != nil {
		return nil, err
	}
	return &source{tables, a.Schema(), list, a.Known()}, nil
}

func (s *source) answer(asOf day.Day, window int) *answer.Answer {
	return answer.Compute(s.tables, s.held, s.list, s.known, asOf, window)
}

// manifest is the file in an archive that every change of it replaces.
const manifest = "manifest.json"

// A cache keeps a source until the archive changes: a large one takes seconds
// to read. It is safe for concurrent use.
type cache struct {
	dir  string
	load func(context.Context) (*source, error)

	mu       sync.Mutex
	manifest fs.FileInfo // as it was when kept was read
	kept     *source     // nil: none
}

// source returns the archive as it is now. One call at a time reads it.
func (c *cache) source(ctx context.Context) (*source, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	// First, so that what changes while it is read is read again.
	now, err := os.Stat(filepath.Join(c.dir, manifest))
	if err == nil && c.kept != nil && unchanged(c.manifest, now) {
		return c.kept, nil
	}
	c.kept = nil // so that two are not in memory
	from, failed := c.load(ctx)
	if failed == nil && err == nil {
		c.manifest, c.kept = now, from
	}
	return from, failed
}

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}
