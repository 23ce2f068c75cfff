package gate

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/metric"

	"headcount.example/catalog"
)

const (
	userAgent = "headcount" // constant: a version would tell about the installation
	timeout   = 10 * time.Second
	maxBody   = 1 << 20  // of a request; a report is far smaller
	maxReply  = 64 << 10 // of what the server says
)

// A Gate leads to one endpoint and lets one catalog through. It is safe for
// concurrent use, opens nothing until a report is sent, and keeps no
// connection.
type Gate struct {
	url     *url.URL
	metrics []catalog.Definition
	erasure catalog.Definition
	proxy   *proxy // nil: straight to the endpoint

	// Made at the first use and then kept: the exporter reads the environment
	// when it is made, and what it finds wrong there it logs.
	sender, viewer func() (*otlpmetrichttp.Exporter, error)
}

// New returns the gate to an endpoint for a catalog. It touches nothing.
func New(c *catalog.Catalog, endpoint string) (*Gate, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	g := &Gate{url: u, metrics: c.Metrics(), erasure: c.Erasure()}
	g.sender = sync.OnceValues(func() (*otlpmetrichttp.Exporter, error) { return g.exporter(wire(g.proxy)) })
	g.viewer = sync.OnceValues(func() (*otlpmetrichttp.Exporter, error) { return g.exporter(nil) })
	return g, nil
}

// URL is the address that reports go to.
func (g *Gate) URL() string { return g.url.String() }

// exporter sets every option that has an OTEL_* variable: these were written for
// the operator's telemetry. The sizes of request and answer have none; transport
// bounds both.
func (g *Gate) exporter(base http.RoundTripper) (*otlpmetrichttp.Exporter, error) {
	return otlpmetrichttp.New(context.Background(),
		otlpmetrichttp.WithEndpointURL(g.url.String()),
		otlpmetrichttp.WithURLPath(g.url.Path),
		otlpmetrichttp.WithHeaders(map[string]string{"User-Agent": userAgent}),
		otlpmetrichttp.WithTLSClientConfig(nil),
		otlpmetrichttp.WithCompression(otlpmetrichttp.GzipCompression),
		otlpmetrichttp.WithTimeout(timeout),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{Enabled: false}),
		otlpmetrichttp.WithTemporalitySelector(metric.DefaultTemporalitySelector),
		otlpmetrichttp.WithAggregationSelector(metric.DefaultAggregationSelector),
		otlpmetrichttp.WithHTTPClient(&http.Client{
			Transport:     &transport{url: g.url, base: base},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}),
	)
}

// Send sends one report, once. Allowed is asked immediately before the
// connection is opened; its error stops the report. A report that was sent
// and not taken is an [Error]; when ctx ended first, the error is ctx's. Send
// ends with ctx, and after ten seconds at the latest; nothing else of ctx is
// used.
func (g *Gate) Send(ctx context.Context, r Report, allowed func() error) error {
	exporter, err := g.sender()
	if err != nil {
		return fmt.Errorf("no exporter: %w", err)
	}
	return g.export(ctx, exporter, r, &call{allowed: allowed})
}

// Preview returns the bytes that Send would write to the connection: request
// line, headers, and body. It opens no socket and asks for no name.
func (g *Gate) Preview(ctx context.Context, r Report) ([]byte, error) {
	exporter, err := g.viewer()
	if err != nil {
		return nil, fmt.Errorf("no exporter: %w", err)
	}
	c := &call{allowed: func() error { return nil }, capture: true}
	if err := g.export(ctx, exporter, r, c); err != nil {
		return nil, err
	}
	return c.captured, nil
}

func (g *Gate) export(ctx context.Context, exporter *otlpmetrichttp.Exporter, r Report, c *call) error {
	if ctx == nil {
		ctx = context.Background()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A context of our own: the caller's may carry a span, or hooks that see
	// or change the request.
	own, cancel := context.WithTimeout(context.WithValue(context.Background(), callKey{}, c), timeout)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	c.caller, c.ctx = ctx, own
	err := exporter.Export(own, g.metricData(r))
	switch {
	case c.err != nil:
		return c.err // what went wrong before it was wrapped in the exporter's words
	case err == nil:
		return nil
	}
	return c.connError(0, "", err)
}
