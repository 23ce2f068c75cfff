package panel

import (
	"context"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/telemetry"
)

// A report is one request in three views. All are read back from its bytes, by
// package telemetry.
type report struct {
	Fault     bool     // there is none
	Zeros     bool     // nothing is counted, so it shows what would be sent
	Sizes     bool     // the application was asked for them, and the catalog has some
	Without   bool     // it was not, and the catalog has some
	Missing   []string // the names of sizes of which it has none
	Erasure   bool     // a request to erase, and not a report
	Sentences []sentence
	Rows      []row
	URL       string
	Head      string
	Body      string
	Bytes     int
}

// A sentence is one fact of a report for people.
type sentence struct {
	Text    string
	Example bool // the report has no such number yet
}

// A row is one fact of a report.
type row struct {
	Name, Labels, Value, Unit string
	On                        time.Time // day; zero for the identifier
}

// labels are the values of attributes, without their keys.
func labels(attributes []string) (list []string) {
	for pair := range slices.Chunk(attributes, 2) {
		list = append(list, pair[1])
	}
	return list
}

// preview is the next report. It opens no socket and writes no file; with
// sizes it asks the application.
func (p *Panel) preview(ctx context.Context, t *tongue, sizes bool) report {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	next, err := p.config.Stats.Preview(ctx, sizes)
	if err != nil {
		p.config.Logger.Warn("panel: there is no preview", "error", err)
		return report{Fault: true}
	}
	on := p.config.Stats.Status().On
	view := p.view(t, next, on)
	view.Zeros = !on
	var examples []sentence
	gauges := 0
	for _, d := range p.config.Catalog.Metrics() {
		if d.Kind != catalog.KindRangeGauge {
			continue
		}
		gauges++
		if slices.ContainsFunc(next.Points, func(at telemetry.Point) bool { return at.Name == d.Name }) {
			continue
		}
		view.Missing = append(view.Missing, d.Name)
		ranges := d.Ranges.Labels()
		for i, n := range []int64{3, 1} { // the ranges in the middle
			label := ranges[min(2+2*i, len(ranges)-1)]
			examples = append(examples, sentence{t.Text("panel.preview.now", "title", t.title(d.Name, d.Kind, []string{d.Attributes[0].Key, label}), "value", t.Number(n)), true})
		}
	}
	if len(view.Missing) > 0 && !sizes {
		view.Sentences = slices.Insert(view.Sentences, max(0, len(view.Sentences)-2), examples...)
	}
	view.Sizes, view.Without = gauges > 0 && sizes, gauges > 0 && !sizes
	return view
}

// view shows a report that will be sent, or one that was. Counted says that its
// numbers are real: otherwise there is no yes and no identifier yet.
func (p *Panel) view(t *tongue, of telemetry.Report, counted bool) report {
	v := report{Erasure: p.erases(of), URL: of.URL, Head: of.Head, Body: string(of.JSON), Bytes: len(of.Request)}
	v.Rows = []row{{Name: "install_guid", Value: of.InstallGUID}}
	kinds := map[string]catalog.Kind{}
	for _, d := range p.config.Catalog.Metrics() {
		kinds[d.Name] = d.Kind
	}
	var day time.Time
	for _, at := range of.Points {
		values := labels(at.Attributes)
		v.Rows = append(v.Rows, row{at.Name, strings.Join(values, ", "), t.Number(at.Value), at.Unit, at.Time})
		key, title := "panel.preview.now", at.Name
		if v.Erasure {
			title = t.Text("panel.sent.erasure")
		} else if kind, known := kinds[at.Name]; known {
			title = t.title(at.Name, kind, at.Attributes)
			if kind == catalog.KindCounter && counted {
				key = "panel.preview.since"
			} else if kind == catalog.KindCounter {
				key = "panel.preview.yes"
			}
		}
		v.Sentences = append(v.Sentences, sentence{Text: t.Text(key, "title", title, "value", t.Number(at.Value))})
		day = at.Time
	}
	if counted {
		v.Sentences = append(v.Sentences, sentence{Text: t.Text("panel.preview.identifier", "value", of.InstallGUID)})
	} else {
		v.Sentences = append(v.Sentences, sentence{Text: t.Text("panel.preview.identifier.later")})
	}
	if !day.IsZero() {
		v.Sentences = append(v.Sentences, sentence{Text: t.Text("panel.preview.day", "date", t.Date(day))})
	}
	return v
}
