package panel

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/telemetry"
)

// A report is one request in three views. All are read back from its bytes.
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
	From, On                  time.Time // days; zero for the identifier
}

// otlp is the part of OTLP's JSON form that a report can hold.
type otlp struct {
	ResourceMetrics []struct {
		Resource     struct{ Attributes []attribute }
		ScopeMetrics []struct {
			Metrics []struct {
				Name, Unit string
				Sum, Gauge struct{ DataPoints []point }
			}
		}
	}
}

type attribute struct {
	Key   string
	Value struct{ StringValue string }
}

type point struct {
	Attributes                             []attribute
	StartTimeUnixNano, TimeUnixNano, AsInt string
}

// rows reads the facts out of a body. Key, where not "", is a label's name.
func rows(body []byte) ([]row, error) {
	var request otlp
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	var list []row
	for _, resource := range request.ResourceMetrics {
		for _, a := range resource.Resource.Attributes {
			list = append(list, row{Name: a.Key, Value: a.Value.StringValue})
		}
		for _, scope := range resource.ScopeMetrics {
			for _, m := range scope.Metrics {
				for _, at := range slices.Concat(m.Sum.DataPoints, m.Gauge.DataPoints) {
					list = append(list, row{Name: m.Name, Labels: labels(at.Attributes), Value: cmp.Or(at.AsInt, "0"), Unit: m.Unit,
						From: nano(at.StartTimeUnixNano), On: nano(at.TimeUnixNano)})
				}
			}
		}
	}
	return list, nil
}

func labels(list []attribute) string {
	var values []string
	for _, a := range list {
		values = append(values, a.Value.StringValue)
	}
	return strings.Join(values, ", ")
}

func nano(text string) time.Time {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
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
	facts, err := rows(of.JSON)
	if err != nil {
		return report{Fault: fill(p.texts.PreviewNone, "reason", err)}
	}
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
			"labels", bracket(f.Labels), "value", f.Value, "date", t.day(f.From)))
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
