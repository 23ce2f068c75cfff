package gate

// This file touches the network: it opens one connection, writes one request,
// reads one answer, and closes the connection.

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

const (
	maxHeader = 16 << 10 // bytes of the headers of an answer, and of all that come before it
	maxReply  = 64 << 10 // bytes of what the server says
)

// deliver stops when ctx ends: with caller, or after ten seconds.
func (g *Gate) deliver(caller, ctx context.Context, request []byte) error {
	until, _ := caller.Deadline()
	conn, err := g.open(ctx, until)
	if err != nil {
		return failure(caller, ctx, 0, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a, err := exchange(conn, request)
	if err != nil {
		return fmt.Errorf("%w; %w", failure(caller, ctx, a.status, err), ErrUnanswered)
	}
	return a.check()
}

// open takes half of the time at most.
func (g *Gate) open(ctx context.Context, until time.Time) (net.Conn, error) {
	bounded, cancel := context.WithTimeout(ctx, timeout/2)
	defer cancel()
	conn, err := g.connect(bounded, until)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no connection within %v", timeout/2)
		if g.proxy != nil {
			err = fmt.Errorf("%w through the proxy %s", err, address(g.proxy))
		}
	}
	return conn, err
}

// connectDirectly connects to the receiver.
func (g *Gate) connectDirectly(ctx context.Context, until time.Time) (net.Conn, error) {
	var dialer net.Dialer
	if g.url.Scheme == "http" {
		dialer.Control = onlyLoopback
	}
	return dial(ctx, dialer, g.url, until)
}

// tunnel connects to the receiver through the proxy, which looks its name up.
// What is sent is behind TLS that ends at the receiver.
func (g *Gate) tunnel(ctx context.Context, until time.Time) (net.Conn, error) {
	conn, err := dial(ctx, net.Dialer{}, g.proxy, until)
	if err != nil {
		return nil, fmt.Errorf("no connection to the proxy: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	err = askProxy(conn, g.proxy, address(g.url))
	stop()
	if err != nil {
		conn.Close()
		return nil, err
	}
	return secure(ctx, conn, g.url.Hostname())
}

// askProxy writes one request with no header but Host, and credentials where
// the URL of the proxy has them.
func askProxy(conn net.Conn, proxy *url.URL, receiver string) error {
	request := "CONNECT " + receiver + " HTTP/1.1\r\nHost: " + receiver + "\r\n"
	if proxy.User != nil {
		password, _ := proxy.User.Password()
		request += "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(proxy.User.Username()+":"+password)) + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return fmt.Errorf("the proxy %s ended the connection: %w", address(proxy), err)
	}
	// Nothing is lost in its buffer: a TLS server does not speak first.
	reply, err := readReply(conn)
	switch {
	case err != nil: // its text may repeat what the proxy heard
		return fmt.Errorf("the proxy %s gives no answer in HTTP", address(proxy))
	case reply.StatusCode == http.StatusProxyAuthRequired:
		return fmt.Errorf("the proxy %s wants a user name and a password: put them into its URL", address(proxy))
	case reply.StatusCode < 200 || reply.StatusCode > 299:
		return fmt.Errorf("the proxy %s answers %d %s to CONNECT %s", address(proxy), reply.StatusCode, http.StatusText(reply.StatusCode), receiver)
	}
	return nil
}

// dial connects to the host of a URL, with TLS if it says https.
func dial(ctx context.Context, dialer net.Dialer, u *url.URL, until time.Time) (net.Conn, error) {
	conn, err := dialer.DialContext(ctx, "tcp", address(u))
	if err != nil {
		return nil, err
	}
	conn = deadlineConn{conn, until}
	if u.Scheme == "http" {
		return conn, nil
	}
	return secure(ctx, conn, u.Hostname())
}

// secure is conn with TLS that ends at host.
func secure(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	end := tls.Client(conn, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ServerName: host})
	if err := end.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return end, nil
}

// address is host and port of a URL.
func address(u *url.URL) string {
	return net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme]))
}

// onlyLoopback looks at the address that the name localhost led to: the server that
// answers lookups could have sent a plain report over a wire.
func onlyLoopback(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", address)
	}
	return nil
}

// deadlineConn writes nothing once the caller's time is over.
type deadlineConn struct {
	net.Conn
	until time.Time // zero: no bound
}

var errLate = errors.New("the time to send is over")

func (c deadlineConn) Write(b []byte) (int, error) {
	// After a pause of the process, timers that are due may not have run, so the
	// clocks are compared: also the wall clock, because the monotonic clock stops
	// while a machine sleeps.
	if now := time.Now(); !c.until.IsZero() && (now.After(c.until) || now.Round(0).After(c.until.Round(0))) {
		return 0, errLate
	}
	return c.Conn.Write(b)
}

// exchange writes a request and reads the answer. With an error, the answer is
// what had come.
func exchange(conn net.Conn, request []byte) (answer, error) {
	if _, err := conn.Write(request); err != nil {
		return answer{}, err
	}
	reply, err := readReply(conn)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: reply.StatusCode, header: reply.Header}
	if !a.success() {
		return a, nil
	}
	limit := int64(maxReply)
	if a.mediaType() != contentType {
		limit = 0 // one byte is enough to tell that the body is not empty
	}
	if a.body, err = io.ReadAll(io.LimitReader(reply.Body, limit+1)); err != nil {
		err = fmt.Errorf("the answer broke off: %w", err)
	}
	return a, err
}

// readReply reads the head of an answer. What comes before it, such as 100
// Continue, is skipped.
func readReply(conn net.Conn) (*http.Response, error) {
	bounded := &io.LimitedReader{R: conn, N: maxHeader}
	reader := bufio.NewReader(bounded)
	for {
		reply, err := http.ReadResponse(reader, nil)
		switch {
		case err != nil && bounded.N <= 0:
			return nil, fmt.Errorf("the headers of the answer exceeded %d bytes", maxHeader)
		case err != nil:
			return nil, err
		case reply.StatusCode < 100:
			return nil, fmt.Errorf("the answer has no status of HTTP: %q", clip(reply.Status))
		case reply.StatusCode > 199 || reply.StatusCode == http.StatusSwitchingProtocols:
			bounded.N = math.MaxInt64 // the body has a bound of its own
			return reply, nil
		}
	}
}

// failure is why no whole answer was read. If the caller ended the connection,
// the error is the caller's.
func failure(caller, ctx context.Context, status int, err error) error {
	switch {
	case caller.Err() != nil:
		return caller.Err()
	case errors.Is(err, errLate): // the caller's timer has not run
		return context.DeadlineExceeded
	case ctx.Err() != nil:
		return &Error{Status: status, Reason: fmt.Sprintf("no answer within %v", timeout)}
	}
	return &Error{Status: status, Reason: clip(err.Error())}
}
