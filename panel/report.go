package panel

import (
	"context"
	"encoding/json"
	"slices"

	"headcount.example/catalog"
	"headcount.example/internal/told"
	"headcount.example/telemetry"
)

// A report is one request in three views, sent or not. All are read back from its
// bytes, by package telemetry.
type report struct {
	URL       string          `json:"url"`
	Head      string          `json:"head"`
	Body      json.RawMessage `json:"body"` // decoded
	Bytes     int             `json:"bytes"`
	Erasure   bool            `json:"erasure"`   // a request to erase, and not a report
	Sentences []string        `json:"sentences"` // its facts for people
	Request   []byte          `json:"request"`   // the bytes on the connection

	Identifier string            `json:"-"`
	Points     []telemetry.Point `json:"-"`
}

// A preview is the report that would go out now, and GET api/preview.
type preview struct {
	report
	Zeros   bool     `json:"zeros"`         // nothing is counted: zeros stand for the totals and the identifier
	Asked   bool     `json:"sizes_asked"`   // the application was asked for sizes
	Missing []string `json:"sizes_missing"` // the statistics whose sizes are not in it: not asked for, not said, or none
	Fault   bool     `json:"-"`             // no report can be made
	Sizes   bool     `json:"-"`             // the catalog has range gauges
}

// preview opens no socket and writes no file; with sizes it asks the application.
func (p *Panel) preview(ctx context.Context, t *language, sizes bool) preview {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	next, err := p.config.Stats.Preview(ctx, sizes)
	if err != nil {
		p.config.Logger.Warn("panel: there is no preview", "error", err)
		return preview{Fault: true}
	}
	on := p.config.Stats.Status().On
	v := preview{report: p.report(t, next, on), Zeros: !on, Asked: sizes, Missing: []string{}}
	var examples []string
	for _, d := range p.config.Catalog.Metrics() {
		if d.Kind != catalog.KindRangeGauge {
			continue
		}
		v.Sizes = true
		if slices.ContainsFunc(next.Points, func(at telemetry.Point) bool { return at.Name == d.Name }) {
			continue
		}
		v.Missing = append(v.Missing, d.Name)
		examples = append(examples, t.Examples(d)...)
	}
	if !sizes {
		v.Sentences = slices.Insert(v.Sentences, max(0, len(v.Sentences)-2), examples...)
	}
	return v
}

// report shows a report that will be sent, or one that was: see [told.Words.Report].
func (p *Panel) report(t *language, of telemetry.Report, counted bool) report {
	return report{URL: of.URL, Head: of.Head, Body: of.JSON, Bytes: len(of.Request), Request: of.Request, Erasure: told.Erases(p.config.Catalog, of),
		Sentences: t.Words.Report(of, counted), Identifier: of.InstallGUID, Points: of.Points}
}
