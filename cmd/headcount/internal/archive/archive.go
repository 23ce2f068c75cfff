// Package archive is the Parquet archive: its layout, compaction, retention
// and erasure.
package archive

import (
	"context"
	"errors"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// An Archive is what an archive's directory held when it was opened. It only
// reads, and needs no lock.
type Archive struct{}

// Open reads the manifest of the archive in a directory.
func Open(dir string) (*Archive, error) { return nil, errors.New("not built yet") }

// Dir is the archive's directory.
func (a *Archive) Dir() string { return "" }

// Schema is the list whose numbers the tables and reports have.
func (a *Archive) Schema() *schema.Schema { return nil }

// View is the list in whose order answers are given: the catalog that the
// archive was compacted with, or else the Schema.
func (a *Archive) View() *schema.Schema { return nil }

// Tables returns the figures of all months.
func (a *Archive) Tables(ctx context.Context) (*figures.Tables, error) { return nil, nil }

// Known is what the archive knows beside the tables.
func (a *Archive) Known() answer.Known { return answer.Known{} }

// Reports calls do for every report that is not erased: installation by
// installation in the order of their identifiers, and each one's reports in
// the order of figures.Builder.Add. The report is valid until do returns.
// Memory is bounded by the number of months.
func (a *Archive) Reports(ctx context.Context, do func(*schema.Report) error) error { return nil }
