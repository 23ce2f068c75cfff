// Package datasheet renders one page about a catalog for those who check it:
// what each metric is for, what is sent and where it is kept for how long.
package datasheet

import (
	"bytes"
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"slices"
	"strings"
	"text/template"

	"headcount.example/cmd/headcount/internal/schema"
)

//go:embed datasheet.md.tmpl
var markdown string

//go:embed datasheet.html.tmpl
var html string

// A Metric is a row of the page.
type Metric struct {
	schema.Metric
	Since  int // the first notice that has it
	Series int
	Type   string // in OpenTelemetry's words
	Labels []string
}

// A Flow is a field on its way: what is there of it at each place.
type Flow struct{ Field, Installation, Wire, Collector, Archive, Published string }

// A Sheet is what the page shows.
type Sheet struct {
	Product string
	Notice  int
	schema.About
	Metrics []Metric
	Flows   []Flow
}

// New makes the sheet of a catalog. Earlier are the catalogs of earlier
// notices, in any order: by them a metric is known to be older.
func New(list *schema.Schema, earlier []*schema.Schema) (*Sheet, error) {
	if list.Product == "" || list.About == (schema.About{}) {
		return nil, fmt.Errorf("the catalog does not say who asks and why: render its JSON anew with catalog.JSON")
	}
	s := &Sheet{Product: list.Product, Notice: list.Notice, About: list.About}
	for i, m := range list.Metrics {
		row := Metric{Metric: m, Since: list.Notice, Type: "monotonic cumulative Sum"}
		if m.Kind == schema.RangeGauge {
			row.Type = "Gauge, one point a range"
		}
		for _, e := range earlier {
			if e.Product != list.Product {
				return nil, fmt.Errorf("an earlier catalog is of %q, and this one of %q", e.Product, list.Product)
			}
			if slices.ContainsFunc(e.Metrics, func(o schema.Metric) bool { return o.Name == m.Name }) {
				row.Since = min(row.Since, e.Notice)
			}
		}
		for _, series := range list.Series {
			if series.Metric == i {
				row.Series++
			}
		}
		for _, a := range m.Attributes {
			row.Labels = append(row.Labels, a.Key+": "+strings.Join(a.Values, ", "))
		}
		s.Metrics = append(s.Metrics, row)
	}
	report, figures := days(s.ReportDays), days(s.FigureDays)
	s.Flows = []Flow{
		{"totals of counters", "in the product's directory or database, from the yes to the no", "one number a series", "checked, in its file, " + report,
			"each day's total, " + figures, "sums, rounded, small groups hidden"},
		{"sizes", "exact sizes stay in the product", "how many things are in each range", "checked, in its file, " + report,
			"each day's ranges, " + figures, "sums, rounded, small groups hidden"},
		{"install_guid", "made at the yes, destroyed at the no", "in every report", "checked to be random (version 4), in its file, " + report,
			"beside each day, " + figures + "; after an erasure a keyed hash", "never"},
		{"day of the report", "in the journal of what was sent", "in every report", "the day, in its file, " + report, "the day, " + figures, "days and months of sums"},
		{"network address", "–", "seen by every computer on the way", "not kept", "–", "never"},
		{"request to erase", "kept until it has arrived, 14 days at most", "install_guid and one point", "in its file, " + report,
			"a keyed hash, which keeps late reports out", "never"},
		{"who decided, for which product, when and where", "in the record of decisions", "never", "–", "–", "never"},
	}
	return s, nil
}

func days(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// cell is text for a table of Markdown.
func cell(text string) string { return strings.NewReplacer("|", "\\|", "\n", " ").Replace(text) }

var funcs = map[string]any{"days": days, "cell": cell, "join": strings.Join}

var (
	markdownTemplate = template.Must(template.New("").Funcs(funcs).Parse(markdown))
	htmlTemplate     = htmltemplate.Must(htmltemplate.New("").Funcs(funcs).Parse(html))
)

// Markdown renders the sheet as a document.
func (s *Sheet) Markdown() ([]byte, error) {
	var b bytes.Buffer
	err := markdownTemplate.Execute(&b, s)
	return b.Bytes(), err
}

// HTML renders the sheet as one page that loads nothing.
func (s *Sheet) HTML() ([]byte, error) {
	var b bytes.Buffer
	err := htmlTemplate.Execute(&b, s)
	return b.Bytes(), err
}
