package gate

import (
	"net"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
)

func TestEndpoint(t *testing.T) {
	for _, test := range []struct {
		name, endpoint string
		want           string // where reports go; empty: refused
		reason         string // in the error
	}{
		{"with the path of metrics", "https://stats.vendor.example/otlp/v1/metrics", "", `give the base "https://stats.vendor.example/otlp"`},
		{"with the path of metrics and more slashes", "https://stats.vendor.example/x//v1//metrics//", "", `give the base "https://stats.vendor.example/x"`},
		{"with the path of metrics and a slash", "https://stats.vendor.example/v1/metrics/", "", `give the base "https://stats.vendor.example"`},
		{"https", "https://stats.vendor.example", "https://stats.vendor.example/v1/metrics", ""},
		{"slash at the end", "https://stats.vendor.example/", "https://stats.vendor.example/v1/metrics", ""},
		{"path", "https://stats.vendor.example/base", "https://stats.vendor.example/base/v1/metrics", ""},
		{"path with slashes", "https://stats.vendor.example//base//", "https://stats.vendor.example/base/v1/metrics", ""},
		{"path that climbs", "https://stats.vendor.example/a/../../b", "https://stats.vendor.example/b/v1/metrics", ""},
		{"escaped path", "https://stats.vendor.example/a%2Fb", "https://stats.vendor.example/a%2Fb/v1/metrics", ""},
		{"escaped line break in the path", "https://stats.vendor.example/a%0d%0aX:b", "https://stats.vendor.example/a%0d%0aX:b/v1/metrics", ""},
		{"capital scheme", "HTTPS://stats.vendor.example", "https://stats.vendor.example/v1/metrics", ""},
		{"port 1", "https://stats.vendor.example:1", "https://stats.vendor.example:1/v1/metrics", ""},
		{"port 65535", "https://stats.vendor.example:65535", "https://stats.vendor.example:65535/v1/metrics", ""},
		{"empty port", "https://stats.vendor.example:", "https://stats.vendor.example:/v1/metrics", ""},
		{"https to an address", "https://192.0.2.1", "https://192.0.2.1/v1/metrics", ""},
		{"https to a v6 address", "https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443/v1/metrics", ""},
		{"international name", "https://bücher.example:8443/x", "https://xn--bcher-kva.example:8443/x/v1/metrics", ""},
		{"international name in capitals, escaped", "https://B%C3%9CCHER.example", "https://xn--bcher-kva.example/v1/metrics", ""},
		{"http to 127.0.0.1", "http://127.0.0.1", "http://127.0.0.1/v1/metrics", ""},
		{"http to 127.9.9.9", "http://127.9.9.9:4318/x", "http://127.9.9.9:4318/x/v1/metrics", ""},
		{"http to ::1", "http://[::1]:4318", "http://[::1]:4318/v1/metrics", ""},
		{"http to 127.0.0.1 as v6", "http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]/v1/metrics", ""},
		{"http to localhost", "http://localhost:4318", "http://localhost:4318/v1/metrics", ""},

		{"http to a name", "http://stats.vendor.example", "", "is not https"},
		{"http to 127.0.0.1.evil.example", "http://127.0.0.1.evil.example", "", "is not https"},
		{"http to localhost.evil.example", "http://localhost.evil.example", "", "is not https"},
		{"http to evil-localhost", "http://evil-localhost", "", "is not https"},
		{"http to localhost with a dot", "http://localhost.", "", "is not https"},
		{"http to LOCALHOST", "http://LOCALHOST", "", "is not https"},
		{"http to 0.0.0.0", "http://0.0.0.0", "", "is not https"},
		{"http to ::", "http://[::]", "", "is not https"},
		{"http to 128.0.0.1", "http://128.0.0.1", "", "is not https"},
		{"http to 126.255.255.255", "http://126.255.255.255", "", "is not https"},
		{"http to 127.1", "http://127.1", "", "is not https"},
		{"http to 0177.0.0.1", "http://0177.0.0.1", "", "is not https"},
		{"http to 2130706433", "http://2130706433", "", "is not https"},
		{"http to a zone", "http://[::1%25lo]", "", "has a zone"},
		{"https to a zone", "https://[fe80::1%25eth0%20x]:8443", "", "has a zone"},
		{"http to fe80::1", "http://[fe80::1]", "", "is not https"},
		{"http to localhost in user info", "http://localhost@evil.example", "", "user name"},

		{"empty", "", "", "not an https URL"},
		{"no scheme", "stats.vendor.example", "", "not an https URL"},
		{"no scheme but a port", "stats.vendor.example:443", "", "not an https URL"},
		{"double slash alone", "//stats.vendor.example", "", "not an https URL"},
		{"ftp", "ftp://stats.vendor.example", "", "not an https URL"},
		{"file", "file:///etc/passwd", "", "not an https URL"},
		{"unix", "unix:///run/collector.sock", "", "not an https URL"},
		{"opaque", "https:stats.vendor.example", "", "not an https URL"},
		{"no host", "https://", "", "names no host"},
		{"path alone", "https:///path", "", "names no host"},
		{"port alone", "https://:443", "", "names no host"},
		{"no form in ASCII", "https://<ü", "", "no form in ASCII"},
		{"port 0", "https://stats.vendor.example:0", "", "not from 1 to 65535"},
		{"port 65536", "https://stats.vendor.example:65536", "", "not from 1 to 65535"},
		{"port 4294967297", "https://stats.vendor.example:4294967297", "", "not from 1 to 65535"},
		{"port of forty digits", "https://stats.vendor.example:" + strings.Repeat("9", 40), "", "not from 1 to 65535"},
		{"negative port", "https://stats.vendor.example:-1", "", "is not a URL"},
		{"port by name", "https://stats.vendor.example:https", "", "is not a URL"},
		{"query", "https://stats.vendor.example/?key=hunter2", "", "query"},
		{"empty query", "https://stats.vendor.example/?", "", "query"},
		{"fragment", "https://stats.vendor.example/#hunter2", "", "fragment"},
		{"space before", " https://stats.vendor.example", "", "is not a URL"},
		{"space after", "https://stats.vendor.example ", "", "is not a URL"},
		{"space inside", "https://stats vendor.example", "", "is not a URL"},
		{"line break", "https://stats.vendor.example/\r\nX: y", "", "is not a URL"},
		{"NUL", "https://stats.vendor.example\x00", "", "is not a URL"},
		{"broken escape", "https://stats.vendor.example/%zz", "", "is not a URL"},
		{"unclosed bracket", "https://[::1", "", "is not a URL"},
		{"user", "https://user@stats.vendor.example", "", "user name"},
		{"password", "https://user:hunter2@stats.vendor.example", "", "user name"},
		{"token", "https://hunter2@stats.vendor.example", "", "user name"},
		{"password and wrong scheme", "ftp://user:hunter2@stats.vendor.example", "", "not an https URL"},
		{"password and wrong port", "https://user:hunter2@stats.vendor.example:0", "", "not from 1 to 65535"},
		{"password with a space", "https://user:hun ter2 hunter2@stats.vendor.example", "", "is not a URL"},
		{"password with a question mark", "https://user:?hunter2@stats.vendor.example", "", "query"},
		{"password with a hash", "https://user:#hunter2@stats.vendor.example", "", "fragment"},
		{"password with an at", "https://user:hunter2@x@stats.vendor.example", "", ""},
		{"password, opaque", "https:user:hunter2@stats.vendor.example", "", "not an https URL"},
		{"password, no scheme", "user:hunter2@stats.vendor.example", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			u, err := parseEndpoint(test.endpoint)
			if test.want != "" {
				if err != nil || u.String() != test.want {
					t.Fatalf("%v, %v, want %s", u, err, test.want)
				}
				return
			}
			if err == nil {
				t.Fatalf("accepted as %v", u)
			}
			if !strings.Contains(err.Error(), test.reason) || !strings.Contains(err.Error(), "endpoint \"") {
				t.Errorf("%v, want the value and %q", err, test.reason)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("a secret or a control character is in %q", err)
			}
		})
	}
}

// FuzzEndpoint: whatever is accepted leads to https or to a loopback address,
// and is what the exporter uses.
func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"https://stats.vendor.example/a", "http://localhost:1", "http://127.0.0.1", "http://[::1]:4318/x", "http://127.0.0.1@evil.example", "https://a:b@c:0/?d#e", "http://localhost%00.evil", "https://bücher.example", "https://[fe80::1%25e%20]", "https://\"0\xe10"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, endpoint string) {
		u, err := parseEndpoint(endpoint)
		if err != nil {
			return
		}
		ip := net.ParseIP(u.Hostname())
		switch {
		case u.Scheme == "https" && u.Hostname() != "":
		case u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()):
		default:
			t.Errorf("%q leads to %v", endpoint, u)
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.String(), metricsPath) {
			t.Errorf("%q leads to %v", endpoint, u)
		}
		if again, err := parseEndpoint(strings.TrimSuffix(u.String(), metricsPath)); err != nil || again.Host != u.Host || again.Scheme != u.Scheme {
			t.Errorf("%q leads to %v, which leads to %v, %v", endpoint, u, again, err)
		}
		for _, part := range []string{u.String(), u.Host, u.RequestURI()} { // of the request
			if strings.ContainsFunc(part, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%q leads to %q", endpoint, u)
			}
		}
		if !strings.HasPrefix(u.RequestURI(), "/") {
			t.Errorf("%q asks for %q", endpoint, u.RequestURI())
		}
	})
}

// TestOnlyLoopback: the name localhost is believed only as far as it leads to
// a loopback address.
func TestOnlyLoopback(t *testing.T) {
	for address, ok := range map[string]bool{
		"127.0.0.1:80": true, "127.9.9.9:80": true, "[::1]:80": true,
		"192.0.2.1:80": false, "0.0.0.0:80": false, "[::]:80": false, "[fe80::1%lo]:80": false, "localhost:80": false, "": false,
	} {
		if err := onlyLoopback("tcp", address, nil); (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestNewTouchesNothing(t *testing.T) {
	noLookups(t)
	g, err := New(compreface.Catalog, "https://stats.vendor.invalid")
	if g == nil || err != nil {
		t.Fatal(err)
	}
	if _, err := New(nil, "https://stats.vendor.invalid"); err != nil {
		t.Errorf("without a catalog the endpoint alone is checked: %v", err)
	}
}
