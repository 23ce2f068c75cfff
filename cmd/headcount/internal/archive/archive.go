// Package archive is the Parquet archive: its layout, compaction, retention
// and erasure.
//
//	manifest.json           which files count; replaced at once
//	reports/2026-11.7.parquet        a row is one report, as it was sent
//	installations/2026-11.7.parquet  a row is one installation as of the end of the month
//	tables/2026-11.7.json            the figures of the month (package figures)
//	rejected.jsonl          what is not a report of the catalog
//	receipts/               what erase did
//
// Tables and installations are derived from the reports, and can be made anew
// from them. The number in a name is the generation of the manifest that
// first named the file.
package archive

import (
	"context"
	"errors"
	"io/fs"
	"sync/atomic"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// An Archive is what an archive's directory held when it was opened. It only
// reads, and needs no lock. Where a command has replaced the files since,
// Tables and Reports go over to the new ones: ask them first, and then for
// Schema, View and Known. It is safe for concurrent use.
type Archive struct {
	dir  string
	held atomic.Pointer[manifest]
}

// Open reads the manifest of the archive in a directory.
func Open(dir string) (*Archive, error) {
	m, err := load(dir)
	if err != nil {
		return nil, err
	}
	a := &Archive{dir: dir}
	a.held.Store(m)
	return a, nil
}

// Dir is the archive's directory.
func (a *Archive) Dir() string { return a.dir }

// Schema is the list whose numbers the tables and reports have.
func (a *Archive) Schema() *schema.Schema { return a.held.Load().Schema }

// View is the list in whose order answers are given: the catalog that the
// archive was compacted with, or else the Schema.
func (a *Archive) View() *schema.Schema {
	m := a.held.Load()
	if m.Catalog != nil {
		return m.Catalog
	}
	return m.Schema
}

// Known is what the archive knows beside the tables.
func (a *Archive) Known() answer.Known { return a.held.Load().known() }

// Tables returns the figures of all months.
func (a *Archive) Tables(ctx context.Context) (*figures.Tables, error) {
	var all *figures.Tables
	err := a.again(ctx, func(m *manifest) error {
		all = &figures.Tables{}
		for _, month := range m.Months {
			t, err := m.readTables(a.dir, month.Tables)
			if err != nil {
				return err
			}
			all.Append(t)
		}
		return nil
	})
	return all, err
}

// Reports calls do for every report that is not erased: installation by
// installation in the order of their identifiers, and each one's reports in
// the order of figures.Builder.Add. The report is valid until do returns.
// Memory is bounded by the number of months. Months that prune has left as
// sums only have no reports.
func (a *Archive) Reports(ctx context.Context, do func(*schema.Report) error) error {
	var gone *erased
	var sources []source
	defer func() { closeAll(sources) }()
	err := a.again(ctx, func(m *manifest) (err error) {
		closeAll(sources)
		sources = nil
		if gone, err = m.erased(); err != nil {
			return err
		}
		for _, month := range m.Months {
			if month.Reports == "" {
				continue
			}
			r, err := m.openReports(a.dir, month.Reports)
			if err != nil {
				return err
			}
			sources = append(sources, r)
		}
		return nil
	})
	if err != nil {
		return err
	}
	merged, err := newMerger(ctx, sources, true)
	if err != nil {
		return err
	}
	var last [16]byte
	skip := false
	for r := merged.peek(); r != nil; r = merged.peek() {
		if r.GUID != last {
			last, skip = r.GUID, gone.has(r.GUID)
		}
		if !skip {
			if err := do(r); err != nil {
				return err
			}
		}
		if err := merged.next(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// again calls open, and once more with a newer manifest where a file is gone
// because a command replaced it.
func (a *Archive) again(ctx context.Context, open func(*manifest) error) error {
	for {
		m := a.held.Load()
		err := open(m)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		now, failed := load(a.dir)
		if failed != nil {
			return failed
		}
		if now.Generation == m.Generation {
			return err
		}
		a.held.CompareAndSwap(m, now)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}
