// Package export writes what the archive holds in forms that other programs
// read: an answer as CSV and JSON, and the two shapes in which the face
// service saved its statistics before there were reports: actions and
// collections, a row each.
//
// # Actions
//
//	"2021-03-15 00:00:00.000","560eee90-5fca-41eb-988b-0242ac120003","USER_CREATE"
//
// A report says how many there are in total. A total that is larger than
// every one before it makes as many rows as it grew by, dated by the day of
// the report. A total that went back makes no rows and subtracts nothing,
// just as in package figures.
//
// # Collections
//
//	"2021-03-15 00:00:00.000","59638de4-5fca-41eb-848b-0242ac120002","0d3f…","501-2000"
//
// A report says how many things there are in each range, and not which. Each
// thing gets an identifier that is derived from the installation, the metric,
// the range and its number in the range. It is the same in every export, and
// it is no identifier of a real collection.
package export

import (
	"context"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// A Source has reports in the order of archive.Archive.Reports.
type Source interface {
	Schema() *schema.Schema
	Reports(ctx context.Context, do func(*schema.Report) error) error
}

// DefaultMaxRows is the default of Options.MaxRows.
const DefaultMaxRows = 100_000

// Options say what is exported.
type Options struct {
	View     *schema.Schema  // the metrics to export; nil for all
	From, To day.Day         // first and last day; the zero value of both is every day
	MaxRows  int64           // rows that one report may make; 0 for DefaultMaxRows
	Progress func(row int64) // called now and then with the rows so far; may be nil

	// Earlier gives the totals that an installation had before its first
	// report in the Source, by the number of the series; nil where it had
	// none. It may be nil. Actions asks in the order of the Source.
	Earlier func(guid [16]byte) ([]int64, error)
}

func (o Options) holds(d day.Day) bool {
	return o.From == 0 && o.To == 0 || d >= o.From && d <= o.To
}

// series says for each series of the archive whether it is exported: it is of
// this kind, and in the view.
func (o Options) series(held *schema.Schema, kind schema.Kind) []bool {
	in := make([]bool, len(held.Series))
	for i, s := range held.Series {
		m := held.Metrics[s.Metric]
		if in[i] = m.Kind == kind; !in[i] || o.View == nil {
			continue
		}
		_, in[i] = o.View.Number(m.Name, s.Values)
	}
	return in
}

// A Result says what an export wrote and what it left out.
type Result struct {
	Reports int64 // reports read
	Rows    int64
	Left    int64 // reports left out, because they would make more than Options.MaxRows rows
	LeftOut int64 // rows of these reports
}
