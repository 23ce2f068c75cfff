package gate

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// metricsPath is OTLP/HTTP's path for metrics. It is added to the endpoint's
// own path, as the OpenTelemetry specification has it for a base endpoint.
const metricsPath = "/v1/metrics"

// parseEndpoint returns the address that reports go to. Only https keeps a
// report between two ends; http is let through to a loopback address, where
// nothing passes over a network.
func parseEndpoint(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	endpoint = shown(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q is not a URL", endpoint) // the parser's text repeats it
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Opaque != "":
		return nil, fmt.Errorf("endpoint %q is not an https URL", endpoint)
	case u.Hostname() == "":
		return nil, fmt.Errorf("endpoint %q names no host", endpoint)
	case badPort(u):
		return nil, fmt.Errorf("endpoint %q: port %q is not from 1 to 65535", endpoint, u.Port())
	case u.User != nil:
		return nil, fmt.Errorf("endpoint %q holds a user name: reports carry no credentials", endpoint)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, fmt.Errorf("endpoint %q has a query or fragment: give the address alone", endpoint)
	case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), metricsPath):
		base := *u
		base.Path = strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), metricsPath)
		return nil, fmt.Errorf("endpoint %q ends in %s, which is added: give the base %q", endpoint, metricsPath, base.String())
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return nil, fmt.Errorf("endpoint %q is not https: http is only for a loopback address", endpoint)
	}
	return u.JoinPath(metricsPath), nil
}

func badPort(u *url.URL) bool {
	number, err := strconv.ParseUint("0"+u.Port(), 10, 32)
	return u.Port() != "" && (err != nil || number < 1 || number > 65535)
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
