package gate

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
)

func TestProxyURL(t *testing.T) {
	for _, test := range []struct {
		name, proxy string
		address     string // that is connected to; empty: refused
		reason      string
	}{
		{"http", "http://proxy.example:3128", "proxy.example:3128", ""},
		{"http without a port", "http://proxy.example", "proxy.example:80", ""},
		{"https without a port", "https://proxy.example/", "proxy.example:443", ""},
		{"capital scheme", "HTTP://proxy.example", "proxy.example:80", ""},
		{"v6", "http://[2001:db8::1]:3128", "[2001:db8::1]:3128", ""},
		{"credentials", "http://admin:canary@proxy.example:3128", "proxy.example:3128", ""},

		{"socks5", "socks5://admin:canary@proxy.example:1080", "", `the scheme "socks5" is not supported: use a proxy with http or https`},
		{"socks5h", "socks5h://proxy.example", "", `"socks5h" is not supported`},
		{"address alone", "proxy.example:3128", "", "http://proxy.example:3128"},
		{"number alone", "192.0.2.1:3128", "", "http://proxy.example:3128"},
		{"credentials without scheme", "admin:canary@proxy.example:3128", "", "not the URL of a proxy"},
		{"host forgotten", "http://admin:canary", "", "not the URL of a proxy"},
		{"no host", "http://", "", "not the URL of a proxy"},
		{"a port and no host", "http://:3128", "", "not the URL of a proxy"},
		{"a slash in the password", "http://admin:can/ary@proxy.example", "", "not the URL of a proxy"},
		{"a number sign in the password", "http://admin:can#ary@proxy.example", "", "not the URL of a proxy"},
		{"a line break", "http://proxy.example\r\nX: canary", "", "not the URL of a proxy"},
		{"port 0", "http://proxy.example:0", "", "port of the proxy"},
		{"port 65536", "http://proxy.example:65536", "", "port of the proxy"},
		{"path", "http://proxy.example/canary", "", "path, query or fragment"},
		{"query", "http://proxy.example?canary", "", "path, query or fragment"},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := gateTo(t, compreface.Catalog, "https://"+name)
			err := g.Through(test.proxy)
			if test.address == "" {
				if err == nil || !strings.Contains(err.Error(), test.reason) {
					t.Errorf("got %v, want %q", err, test.reason)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
				defer cancel()
				if err := send(ctx, g, report(compreface.Catalog)); err == nil {
					t.Error("sent, want an error and no panic")
				}
				presentable(t, &Error{Reason: err.Error()})
				noSecret(t, err)
				return
			}
			if err != nil || address(g.proxy) != test.address {
				t.Errorf("got %+v and %v, want %q", g.proxy, err, test.address)
			}
		})
	}
}

// TestProxyNeedsTLS: the proxy would read a plain report.
func TestProxyNeedsTLS(t *testing.T) {
	err := gateTo(t, compreface.Catalog, "http://127.0.0.1:4318").Through("http://proxy.example:3128")
	if err == nil || !strings.Contains(err.Error(), `the endpoint is "http://127.0.0.1:4318": use https`) {
		t.Errorf("got %v, want an error that names the endpoint", err)
	}
}

// TestProxyIsSilent: the error says which time ran out, in each phase, and the
// caller's end is the connection's end.
func TestProxyIsSilent(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup // at once: each takes five seconds
	defer all.Wait()
	for _, phase := range []string{"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\n\r\n"} {
		all.Go(func() {
			if address, err := sendThroughSilence(t, phase, false); err == nil || err.Error() != "no connection within 5s through the proxy "+address {
				t.Errorf("after %q: got %v, want our own time and the proxy", phase, err)
			}
		})
		all.Go(func() {
			if _, err := sendThroughSilence(t, phase, true); err != context.Canceled {
				t.Errorf("after %q, cancelled: got %v, want %v", phase, err, context.Canceled)
			}
		})
	}
}

// sendThroughSilence sends through a proxy that falls silent after what it says,
// and waits until the proxy has seen the end of the connection.
func sendThroughSilence(t *testing.T, says string, cancelled bool) (address string, err error) {
	reached, closed := make(chan struct{}), make(chan struct{})
	address = answering(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 4096))
		_, _ = io.WriteString(conn, says)
		close(reached)
		_, _ = io.Copy(io.Discard, conn)
		close(closed)
	})
	g := gateTo(t, compreface.Catalog, "https://"+name)
	if err := g.Through("http://" + address); err != nil {
		return address, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if cancelled {
		go func() { <-reached; cancel() }()
	}
	err = send(ctx, g, report(compreface.Catalog))
	<-closed
	return address, err
}
