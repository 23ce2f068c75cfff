package gate

// This file touches nothing: it says in which order a report is made, allowed
// and sent, and where it may go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"headcount.example/catalog"
)

// timeout is how long a Send may take.
const timeout = 10 * time.Second

// metricsPath is OTLP/HTTP's path for metrics. It is added to the endpoint's
// own path, as the OpenTelemetry specification has it for a base endpoint.
const metricsPath = "/v1/metrics"

// A Gate leads to one endpoint and lets one catalog through. It is safe for
// concurrent use, opens nothing until a report is sent, and keeps no
// connection.
type Gate struct {
	url     *url.URL
	proxy   *url.URL // nil: straight to the endpoint
	metrics []catalog.Definition
	erasure catalog.Definition
	encoder encoder
	connect func(ctx context.Context, until time.Time) (net.Conn, error)
}

// New returns the gate to an endpoint for a catalog. It touches nothing.
func New(c *catalog.Catalog, endpoint string) (*Gate, error) {
	u, err := parseEndpoint(endpoint)
	if err != nil {
		return nil, err
	}
	g := &Gate{url: u, metrics: c.Metrics(), erasure: c.Erasure()}
	g.connect = g.connectDirectly
	return g, nil
}

// Through has every report go through a proxy, an http or https URL that may
// hold a user name and a password. Call it before the first Send. An error
// never holds a part of the URL that may be a password; the gate is not to be
// used then.
func (g *Gate) Through(text string) error {
	u, err := parseProxy(text)
	if err != nil {
		return err
	}
	if g.url.Scheme != "https" {
		return fmt.Errorf("a proxy is used for an https endpoint alone, and the endpoint is %q: use https, or no proxy", g.url.Scheme+"://"+g.url.Host)
	}
	g.proxy, g.connect = u, g.tunnel
	return nil
}

// Direct says whether reports could go through a proxy, and do not.
func (g *Gate) Direct() bool { return g.proxy == nil && g.url.Scheme == "https" }

// URL is the address that reports go to.
func (g *Gate) URL() string { return g.url.String() }

// Send sends the request, once. A request that was sent and not taken is an
// [Error]; when ctx ended first, the error is ctx's. Send ends with ctx, and after
// ten seconds at the latest. Of ctx only its end is used: it may carry a span, or
// hooks that see the connection.
func (r Request) Send(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	own, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return r.gate.deliver(ctx, own, r.bytes)
}

// parseEndpoint returns the address that reports go to. Only https keeps a
// report between two ends; http is let through to a loopback address, where
// nothing passes over a network.
func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	endpoint = shown(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q is not a URL", endpoint) // the parser's text repeats it
	}
	clean := strings.TrimSuffix(u.JoinPath().Path, "/") // also of /v1//metrics//
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "":
		return nil, fmt.Errorf("endpoint %q is not an https URL", endpoint)
	case u.Hostname() == "":
		return nil, fmt.Errorf("endpoint %q names no host", endpoint)
	case strings.Contains(u.Host, "%"):
		return nil, fmt.Errorf("endpoint %q has a zone, which only this machine knows", endpoint)
	case badPort(u):
		return nil, fmt.Errorf("endpoint %q: port %q is not from 1 to 65535", endpoint, u.Port())
	case u.User != nil:
		return nil, fmt.Errorf("endpoint %q holds a user name: reports carry no credentials", endpoint)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("endpoint %q has a query or fragment: give the address alone", endpoint)
	case strings.HasSuffix(clean, metricsPath):
		base := *u
		base.Path = strings.TrimSuffix(clean, metricsPath)
		return nil, fmt.Errorf("endpoint %q ends in %s, which is added: give the base %q", endpoint, metricsPath, base.String())
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("endpoint %q is not https: http is only for a loopback address", endpoint)
	}
	if u.Host = inASCII(u.Host); u.Host == "" {
		return nil, fmt.Errorf("endpoint %q: its host has no form in ASCII", endpoint)
	}
	u.Path = cmp.Or(u.Path, "/") // or a request would begin with "POST v1"
	return u.JoinPath(metricsPath), nil
}

// inASCII returns the form of an international name that name servers and
// certificates know, or nothing: what net/http writes into a request.
func inASCII(host string) string {
	if !strings.ContainsFunc(host, func(r rune) bool { return r > unicode.MaxASCII }) {
		return host
	}
	var text strings.Builder
	if err := (&http.Request{URL: new(url.URL), Host: strings.ToLower(host)}).Write(&text); err != nil {
		return ""
	}
	_, host, _ = strings.Cut(text.String(), "\r\nHost: ")
	host, _, _ = strings.Cut(host, "\r\n")
	return host
}

func parseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, errors.New("this is not the URL of a proxy, such as http://proxy.example:3128 (it is not shown: it may hold a password)")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("the scheme %q is not supported: use a proxy with http or https that allows CONNECT", clip(u.Scheme))
	case badPort(u):
		return nil, errors.New("the port of the proxy is not from 1 to 65535")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("the URL of the proxy has a path, query or fragment: give scheme, host and port alone")
	}
	return u, nil
}

func badPort(u *url.URL) bool {
	number, err := strconv.ParseUint(u.Port(), 10, 16)
	return u.Port() != "" && (err != nil || number == 0)
}

// shown is an endpoint as an error may show it: passwords stand before an @,
// and keys in a query.
func shown(endpoint string) string {
	if at := strings.IndexAny(endpoint, "?#"); at >= 0 && !strings.Contains(endpoint[at:], "@") {
		endpoint = endpoint[:at+1] + "…"
	}
	if at := strings.LastIndexByte(endpoint, '@'); at >= 0 {
		scheme := ""
		if i := strings.Index(endpoint[:at], "//"); i >= 0 {
			scheme = endpoint[:i+2]
		}
		endpoint = scheme + "…" + endpoint[at:]
	}
	return endpoint
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
