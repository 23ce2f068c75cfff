package panel

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
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
	Rows      []row           `json:"-"`
	raw       []byte
}

// A row is one fact of a report.
type row struct {
	Name, Labels, Value, Unit string
	On                        time.Time // day; zero for the identifier
}

// A preview is the report that would go out now, and GET api/preview.
type preview struct {
	report
	Zeros   bool     `json:"zeros"`         // nothing is counted: zeros stand for the totals and the identifier
	Asked   bool     `json:"sizes_asked"`   // the application was
	Missing []string `json:"sizes_missing"` // the statistics whose sizes are not in it: not asked for, not said, or none
	Fault   bool     `json:"-"`             // there is none
	Sizes   bool     `json:"-"`             // the catalog has some
}

// preview opens no socket and writes no file; with sizes it asks the application.
func (p *Panel) preview(ctx context.Context, t *tongue, sizes bool) preview {
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
		ranges := d.Ranges.Labels()
		for i, n := range []int64{3, 1} { // the ranges in the middle
			title := t.title(d.Name, d.Kind, []string{d.Attributes[0].Key, ranges[min(2+2*i, len(ranges)-1)]})
			examples = append(examples, t.Text("panel.preview.example", "title", title, "value", t.Number(n)))
		}
	}
	if !sizes {
		v.Sentences = slices.Insert(v.Sentences, max(0, len(v.Sentences)-2), examples...)
	}
	return v
}

// report shows a report that will be sent, or one that was. Counted says that its
// numbers are real: otherwise there is no yes and no identifier yet.
func (p *Panel) report(t *tongue, of telemetry.Report, counted bool) report {
	v := report{URL: of.URL, Head: of.Head, Body: of.JSON, Bytes: len(of.Request), Erasure: p.erases(of), raw: of.Request,
		Rows: []row{{Name: "install_guid", Value: of.InstallGUID}}}
	say := func(key string, pairs ...any) { v.Sentences = append(v.Sentences, t.Text(key, pairs...)) }
	kinds := map[string]catalog.Kind{}
	for _, d := range p.config.Catalog.Metrics() {
		kinds[d.Name] = d.Kind
	}
	var day time.Time
	for _, at := range of.Points {
		var labels []string
		for pair := range slices.Chunk(at.Attributes, 2) {
			labels = append(labels, pair[1])
		}
		v.Rows = append(v.Rows, row{at.Name, strings.Join(labels, ", "), t.Number(at.Value), at.Unit, at.Time})
		key, title := "panel.preview.now", at.Name
		kind, known := kinds[at.Name]
		switch {
		case v.Erasure:
			title = t.Text("panel.sent.erasure")
		case known && kind == catalog.KindCounter && counted:
			key = "panel.preview.since"
		case known && kind == catalog.KindCounter:
			key = "panel.preview.yes"
		}
		if known {
			title = t.title(at.Name, kind, at.Attributes)
		}
		say(key, "title", title, "value", t.Number(at.Value))
		day = at.Time
	}
	if counted {
		say("panel.preview.identifier", "value", of.InstallGUID)
	} else {
		say("panel.preview.identifier.later")
	}
	if !day.IsZero() {
		say("panel.preview.day", "date", t.Date(day))
	}
	return v
}
