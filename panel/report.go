package panel

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/telemetry"
)

// A report is one request in three views. All are read back from its bytes, by
// package telemetry.
type report struct {
	Fault     string   // why there is none
	Zeros     bool     // nothing is counted, so it shows what would be sent
	Sizes     bool     // the application was asked for them, and the catalog has some
	Without   bool     // it was not, and the catalog has some
	Missing   []string // the sizes of which it has none
	Erasure   bool     // a request to erase, and not a report
	Sentences []string
	Rows      []row
	URL       string
	Head      string
	Body      string
	Bytes     int
}

// A row is one fact of a report.
type row struct {
	Name, Labels, Value, Unit string
	On                        time.Time // day; zero for the identifier
}

// rows are the facts of a report: the identifier, and its points.
func rows(of telemetry.Report) []row {
	list := []row{{Name: "install_guid", Value: of.InstallGUID}}
	for _, p := range of.Points {
		list = append(list, row{Name: p.Name, Labels: values(p.Attributes), Value: strconv.FormatInt(p.Value, 10), Unit: p.Unit, On: p.Time})
	}
	return list
}

// values are the values of attributes, without their keys.
func values(attributes []string) string {
	var list []string
	for pair := range slices.Chunk(attributes, 2) {
		list = append(list, pair[1])
	}
	return strings.Join(list, ", ")
}

// preview is the next report. It opens no socket and writes no file; with
// sizes it asks the application.
func (p *Panel) preview(ctx context.Context, sizes bool) report {
	next, err := p.config.Stats.Preview(ctx, sizes)
	if err != nil {
		return report{Fault: fill(p.texts.PreviewNone, "reason", err)}
	}
	view := p.view(next)
	var all int
	view.Missing, all = p.missing(view.Rows)
	view.Sizes, view.Without, view.Zeros = all > 0 && sizes, all > 0 && !sizes, !p.config.Stats.Status().On
	return view
}

// missing names the sizes of which a report has none, of all in the catalog.
func (p *Panel) missing(of []row) (names []string, all int) {
	for _, d := range p.config.Catalog.Metrics() {
		if d.Kind != catalog.KindRangeGauge {
			continue
		}
		all++
		if !slices.ContainsFunc(of, func(r row) bool { return r.Name == d.Name }) {
			names = append(names, d.Name)
		}
	}
	return names, all
}

// view shows a report that will be sent, or one that was.
func (p *Panel) view(of telemetry.Report) report {
	facts := rows(of)
	return report{Erasure: p.erases(of), Sentences: p.sentences(facts), Rows: facts, URL: of.URL, Head: of.Head, Body: string(of.JSON), Bytes: len(of.Request)}
}

// sentences says the same facts for people.
func (p *Panel) sentences(facts []row) []string {
	t := p.texts
	kinds := map[string]catalog.Definition{}
	for _, d := range append(p.config.Catalog.Metrics(), p.config.Catalog.Erasure()) {
		kinds[d.Name] = d
	}
	var list []string
	var day time.Time
	for _, f := range facts {
		d, known := kinds[f.Name]
		form := t.SentenceOther
		switch {
		case f.Name == "install_guid":
			form = t.SentenceIdentifier
		case known && d.Kind == catalog.KindCounter:
			form = t.SentenceTotal
		case known:
			form = t.SentenceSizes
		}
		list = append(list, fill(form, "name", f.Name, "what", strings.TrimSuffix(p.described(d), "."),
			"labels", bracket(f.Labels), "value", f.Value))
		day = f.On
	}
	if !day.IsZero() {
		list = append(list, fill(t.SentenceDays, "date", t.day(day)))
	}
	return list
}

func bracket(labels string) string {
	if labels == "" {
		return ""
	}
	return " (" + labels + ")"
}

// described is what a statistic says, in the page's language if there is a
// text for it.
func (p *Panel) described(d catalog.Definition) string {
	return cmp.Or(p.texts.Described[d.Name], d.Description)
}
