package gate

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialer returns what opens the connection of a call. The connection ends
// with the call: net/http by itself lets a lookup, a dial and a handshake go
// on after the request was cancelled.
func dialer(secure bool, via *proxy) dialFunc {
	dial := (&net.Dialer{Control: onlyLoopback}).DialContext
	if secure {
		dial = new(net.Dialer).DialContext
		if via != nil {
			dial = via.dial
		}
		dial = secured(dial)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, ok := ctx.Value(callKey{}).(*call)
		if !ok {
			return nil, errNoCall
		}
		bounded, cancel := context.WithTimeout(c.ctx, timeout/2)
		defer cancel()
		conn, err := dial(bounded, network, address)
		if err != nil && bounded.Err() != nil && c.ctx.Err() == nil {
			err = fmt.Errorf("no connection within %v", timeout/2)
			if via != nil {
				err = fmt.Errorf("%w through the proxy %s", err, via.address)
			}
		}
		if err != nil {
			return nil, err
		}
		until, _ := c.caller.Deadline()
		return &lazyConn{Conn: conn, written: make(chan struct{}), until: until}, nil
	}
}

// secured is dial with TLS to the host that was dialled.
func secured(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		end := tls.Client(conn, &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, ServerName: host})
		if err := end.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return end, nil
	}
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

// lazyConn blocks Read until the first Write; net/http writes what a server says
// earlier to the host's standard logger.
type lazyConn struct {
	net.Conn
	written chan struct{}
	once    sync.Once
	until   time.Time // nothing is written later; zero: no bound
}

func (p *lazyConn) wrote() { p.once.Do(func() { close(p.written) }) }

func (p *lazyConn) Read(b []byte) (int, error) {
	<-p.written
	return p.Conn.Read(b)
}

func (p *lazyConn) Write(b []byte) (int, error) {
	p.wrote()
	// A process that was stopped and goes on has timers that are due and have
	// not run yet; so the clock is asked. The wall's too: the other one stands
	// still while a machine sleeps.
	if now := time.Now(); !p.until.IsZero() && (now.After(p.until) || now.Round(0).After(p.until.Round(0))) {
		return 0, fmt.Errorf("too late: the time to send was over: %w", context.DeadlineExceeded)
	}
	return p.Conn.Write(b)
}

func (p *lazyConn) Close() error {
	p.wrote()
	return p.Conn.Close()
}
