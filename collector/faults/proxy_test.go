//go:build linux

package faults

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A proxy stands between installations and the Collector and does to each
// connection what it is told. It is a small one of ours: what it has to do is
// to stop at a given byte and wait for a given event, and the kept ones offer
// delays and rates instead, by the clock.
type proxy struct {
	t        *testing.T
	listener *net.TCPListener
	address  string
	upstream atomic.Pointer[string]
	fault    atomic.Pointer[fault]
	tls      atomic.Pointer[tls.Config] // nil: plain

	conns    atomic.Int64 // connections that came
	requests atomic.Int64 // requests that were read in full
	passed   atomic.Int64 // requests that the Collector answered

	mu   sync.Mutex
	open map[*wire]bool
	busy sync.WaitGroup
}

// A fault is what happens to one connection. The proxy closes it afterwards.
type fault func(w *wire)

// A wire is a connection from an installation.
type wire struct {
	net.Conn // decrypted, when the proxy speaks TLS
	tcp      *net.TCPConn
	p        *proxy
	r        *bufio.Reader
}

// newProxy listens at an address of its own: while it refuses, no other
// program gets its port.
func newProxy(t *testing.T, upstream string) *proxy {
	t.Helper()
	n := proxies.Add(1)
	return newProxyAt(t, upstream, fmt.Sprintf("127.20.%d.%d:0", n/250, 1+n%250))
}

var proxies atomic.Int64

func newProxyAt(t *testing.T, upstream, address string) *proxy {
	t.Helper()
	p := &proxy{t: t, open: map[*wire]bool{}}
	p.upstream.Store(&upstream)
	p.set(pass)
	p.listen(address)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) set(f fault) { p.fault.Store(&f) }

// listen begins to accept connections; refuse ends it, and frees the port.
func (p *proxy) listen(address string) {
	p.t.Helper()
	l, err := net.Listen("tcp", address)
	for end := time.Now().Add(time.Minute); errors.Is(err, syscall.EADDRINUSE) && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond) // another connection has the port for a moment
		l, err = net.Listen("tcp", address)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	p.listener, p.address = l.(*net.TCPListener), l.Addr().String()
	p.busy.Go(func() { p.accept(p.listener) })
}

func (p *proxy) refuse() { p.listener.Close() }

// again accepts connections at the same address.
func (p *proxy) again() { p.listen(p.address) }

func (p *proxy) accept(l *net.TCPListener) {
	for {
		tcp, err := l.AcceptTCP()
		if err != nil {
			return
		}
		p.conns.Add(1)
		w := &wire{Conn: tcp, tcp: tcp, p: p}
		if config := p.tls.Load(); config != nil {
			w.Conn = tls.Server(tcp, config)
		}
		w.r = bufio.NewReader(w.Conn)
		p.mu.Lock()
		p.open[w] = true
		p.mu.Unlock()
		p.busy.Go(func() {
			(*p.fault.Load())(w)
			w.tcp.Close()
			p.mu.Lock()
			delete(p.open, w)
			p.mu.Unlock()
		})
	}
}

// close ends everything.
func (p *proxy) close() {
	p.listener.Close()
	p.hangUp()
	p.busy.Wait()
}

// hangUp closes all connections that are open.
func (p *proxy) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.open {
		w.tcp.Close()
	}
}

// request reads a request in full; nil when it does not come.
func (w *wire) request() *http.Request {
	r, err := http.ReadRequest(w.r)
	if err != nil {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil
	}
	w.p.requests.Add(1)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r
}

// toCollector asks the real Collector and returns its answer as it is
// written on a connection; nil when there is none.
func (w *wire) toCollector(r *http.Request) []byte {
	if r == nil {
		return nil
	}
	made, err := http.NewRequest(r.Method, *w.p.upstream.Load()+r.URL.Path, r.Body)
	if err != nil {
		return nil
	}
	made.Header = r.Header.Clone()
	reply, err := upstream.Do(made)
	if err != nil {
		return nil
	}
	defer reply.Body.Close()
	raw, err := httputil.DumpResponse(reply, true)
	if err != nil {
		return nil
	}
	w.p.passed.Add(1)
	return raw
}

// upstream keeps no connection: the Collector may be killed at any time. It
// is patient: what a test gives up is the installation's side.
var upstream = &http.Client{Timeout: bound, Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}

// gone waits until the installation has closed its side.
func (w *wire) gone() {
	_ = w.tcp.SetReadDeadline(time.Now().Add(bound))
	if _, err := io.Copy(io.Discard, w.tcp); errors.Is(err, net.ErrClosed) {
		return
	}
}

// reset ends the connection as a broken network does: at once, with an error.
func (w *wire) reset() {
	_ = w.tcp.SetLinger(0)
	w.tcp.Close()
}

// pass is no fault.
func pass(w *wire) {
	if raw := w.toCollector(w.request()); raw != nil {
		_, _ = w.Write(raw)
		if c, ok := w.Conn.(*tls.Conn); ok {
			_ = c.CloseWrite()
		}
	}
}

// answer answers with something of ours instead of asking the Collector.
func answer(status string, headers ...string) fault {
	text := "HTTP/1.1 " + status + "\r\n"
	for _, h := range headers {
		text += h + "\r\n"
	}
	return raw(text + "Content-Length: 0\r\nConnection: close\r\n\r\n")
}

func raw(text string) fault {
	return func(w *wire) {
		if w.request() != nil {
			_, _ = io.WriteString(w, text)
		}
	}
}
