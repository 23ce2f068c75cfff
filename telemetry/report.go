package telemetry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	colmetricpb "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"

	"headcount.example/catalog"
	"headcount.example/internal/gate"
)

// A Report is one request, as it is sent. Every field but URL is read back from
// the bytes of Request, so none can show something else.
type Report struct {
	URL     string   // where to
	Request []byte   // the bytes on the connection
	Head    string   // request line and headers
	JSON    []byte   // the body, in OTLP's JSON form, indented
	Rows    []string // the body's facts, one a line: the identifier, then "name{labels} value"
}

// String returns the request as a person can read it: the head, and what the
// body says.
func (r Report) String() string {
	return fmt.Sprintf("%s\n%s\n(%d bytes in all)\n", r.Head, strings.Join(r.Rows, "\n"), len(r.Request))
}

// figures puts a report together from the totals and the sizes, as far as
// they are asked for. R is nil while consent does not hold: then every total
// is zero and the identifier a placeholder.
func (c *Client) figures(ctx context.Context, r *recorder, ask asking) (gate.Report, error) {
	today := c.clock().UTC().Truncate(24 * time.Hour)
	report := gate.Report{GUID: placeholder, Since: today, Day: today}
	var totals []uint64
	if r != nil {
		if id := r.ledger.Identity(); r.local {
			report.Since = r.since
		} else {
			report.GUID, report.Since = id.GUID, id.Day
			if today.Before(id.Day) {
				report.Day = id.Day // a clock that went back does not end before it began
			}
		}
		totals = make([]uint64, len(r.totals))
		if err := r.ledger.Totals(ctx, totals); err != nil {
			return gate.Report{}, err
		}
	}
	for m, d := range c.metrics {
		values := make([]int64, len(d.Series))
		switch {
		case d.Kind == catalog.KindSizes:
			counts := c.observe(ctx, r, d, today, ask)
			for i := range values {
				values[i] = gate.Absent
				if counts != nil && (counts[i] > 0 || i == 0 && empty(counts)) {
					values[i] = counts[i]
				}
			}
		case r != nil:
			for i, at := range r.series[m] {
				values[i] = int64(totals[at])
			}
		}
		report.Values = append(report.Values, values)
	}
	return report, nil
}

// empty reports whether the callback answered that there is nothing. Then the
// first range is sent with the value 0: without a point a receiver could not
// tell "none" from "unknown", and would keep the old ranges.
func empty(counts []int64) bool {
	return !slices.ContainsFunc(counts, func(n int64) bool { return n != 0 })
}

// placeholder stands where an identifier would be if there were one.
var placeholder = uuid.MustParse("00000000-0000-4000-8000-000000000000")

// Preview returns the next report as it would be sent now, byte for byte. It
// opens no socket, writes no file and makes no identifier: while there is
// none, zeros stand in its place. Sizes are in it only when observe is set,
// because then the application's functions are called.
func (c *Client) Preview(ctx context.Context, observe bool) (Report, error) {
	if c == nil || c.gate == nil {
		return Report{}, errors.New("telemetry: no preview: the client is not configured")
	}
	ask := askNobody
	if observe {
		ask = askForView
	}
	ctx = some(ctx)
	figures, err := c.figures(ctx, c.agreed(), ask)
	if err != nil {
		return Report{}, fmt.Errorf("telemetry: no preview: %w", err)
	}
	raw, err := c.gate.Preview(ctx, figures)
	if err != nil {
		return Report{}, fmt.Errorf("telemetry: no preview: %w", err)
	}
	return read(c.gate.URL(), raw)
}

func read(url string, raw []byte) (Report, error) {
	_, otlp, err := gate.Decode(raw)
	if err != nil {
		return Report{}, fmt.Errorf("telemetry: no preview: %w", err)
	}
	body, err := gate.JSON(otlp)
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	return Report{
		URL:     url,
		Request: raw,
		Head:    strings.ReplaceAll(string(head), "\r\n", "\n") + "\n",
		JSON:    body,
		Rows:    rows(otlp),
	}, err
}

func rows(otlp *colmetricpb.ExportMetricsServiceRequest) []string {
	var list []string
	for _, resource := range otlp.GetResourceMetrics() {
		for _, a := range resource.GetResource().GetAttributes() {
			list = append(list, a.GetKey()+" "+a.GetValue().GetStringValue())
		}
		for _, scope := range resource.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				points := metric.GetSum().GetDataPoints()
				points = append(points, metric.GetGauge().GetDataPoints()...)
				for _, p := range points {
					list = append(list, metric.GetName()+labels(p)+fmt.Sprintf(" %d", p.GetAsInt()))
				}
			}
		}
	}
	return list
}

func labels(p *metricpb.NumberDataPoint) string {
	if len(p.GetAttributes()) == 0 {
		return ""
	}
	var pairs []string
	for _, a := range p.GetAttributes() {
		pairs = append(pairs, a.GetKey()+"="+a.GetValue().GetStringValue())
	}
	return "{" + strings.Join(pairs, ",") + "}"
}
