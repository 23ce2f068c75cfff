package archive

import (
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// TestRetention: what the catalog promises is kept, and the days of the notice
// are never exceeded by the months.
func TestRetention(t *testing.T) {
	promised := func(report, figure int) *schema.Schema {
		s := schema.New()
		s.About = schema.About{ReportDays: report, FigureDays: figure}
		return s
	}
	for _, test := range []struct {
		catalog      *schema.Schema
		days, months int
	}{
		{nil, DefaultRawDays, DefaultMonths},
		{promised(0, 0), DefaultRawDays, DefaultMonths},
		{promised(7, 400), 7, 11},
		{promised(90, 1), 90, 1},
		{promised(1, 61), 1, 1},
		{promised(1, 62), 1, 1},
		{promised(1, 92), 1, 1},
		{promised(1, 93), 1, 2},
	} {
		m := &manifest{Catalog: test.catalog}
		if days, months := m.retention(); days != test.days || months != test.months {
			t.Errorf("got %d days and %d months, want %d and %d", days, months, test.days, test.months)
		}
	}
}
