package gate

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
)

// tlsListener hands out decrypted connections, so that a receiver sees what
// was written. Certificates counts those that clients showed.
type tlsListener struct {
	net.Listener
	config       *tls.Config
	certificates atomic.Int64
	protocol     atomic.Value
}

func (l *tlsListener) Accept() (net.Conn, error) {
	for {
		raw, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		_ = raw.SetDeadline(time.Now().Add(30 * time.Second))
		conn := tls.Server(raw, l.config)
		if err := conn.Handshake(); err != nil {
			raw.Close() // the client refused, or we did: no receiver sees it
			continue
		}
		state := conn.ConnectionState()
		l.certificates.Add(int64(len(state.PeerCertificates)))
		l.protocol.Store(state.NegotiatedProtocol)
		return conn, nil
	}
}

func receiveTLS(t *testing.T, config *tls.Config, reply func(net.Conn)) (*receiver, *tlsListener) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &tlsListener{Listener: ln, config: config}
	r := &receiver{Listener: l}
	r.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			buffer := new(bytes.Buffer)
			r.mu.Lock()
			r.got = append(r.got, buffer)
			r.mu.Unlock()
			r.all.Go(func() { r.serve(conn, buffer, reply) })
		}
	})
	t.Cleanup(func() { ln.Close(); r.all.Wait() })
	return r, l
}

func TestTLS(t *testing.T) {
	ca := newAuthority(t)
	root := filepath.Join(t.TempDir(), "root.pem")
	ca.write(t, root)
	config := func(change func(*x509.Certificate)) *tls.Config {
		return &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, change)}, NextProtos: []string{"h2", "http/1.1"}}
	}
	with := func(c *tls.Config, change func(*tls.Config)) *tls.Config { change(c); return c }
	for _, test := range []struct {
		name   string
		config *tls.Config
		roots  string
		want   string // in the error; empty: delivered
	}{
		{"known authority", config(nil), root, ""},
		{"TLS 1.2", with(config(nil), func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }), root, ""},
		{"no protocol offered", with(config(nil), func(c *tls.Config) { c.NextProtos = nil }), root, ""},
		{"asks for a client certificate", with(config(nil), func(c *tls.Config) { c.ClientAuth = tls.RequestClientCert }), root, ""},
		{"insists on a client certificate", with(config(nil), func(c *tls.Config) { c.ClientAuth = tls.RequireAnyClientCert }), root, "certificate required"},
		{"unknown authority", config(nil), "/dev/null", "unknown authority"},
		{"expired", config(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), root, "expired"},
		{"not yet valid", config(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), root, "not yet valid"},
		{"wrong name", config(func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"other.example"} }), root, "doesn't contain any IP SANs"},
		{"no protocol in common", with(config(nil), func(c *tls.Config) { c.NextProtos = []string{"other"} }), root, "no application protocol"},
		{"TLS 1.1", with(config(nil), func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }), root, "version"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			elsewhere, proxy := listenDeaf(t), listenDeaf(t)
			r, l := receiveTLS(t, test.config, says(taken))
			environment := append(hostile(t, elsewhere, proxy), "SSL_CERT_FILE="+test.roots, "SSL_CERT_DIR=/nonexistent")
			result, stderr := run(t, child{Catalog: "compreface", Endpoint: "https://" + r.Addr().String(), Host: true}, environment...)
			if n := l.certificates.Load(); n != 0 {
				t.Errorf("%d client certificates were shown", n)
			}
			if stderr != "" {
				t.Errorf("on stderr %q", stderr)
			}
			if test.want != "" {
				if !strings.Contains(result.Error, test.want) || result.Status != 0 || result.Final {
					t.Errorf("%+v, want an error that says %q", result, test.want)
				}
				presentable(t, &Error{Reason: result.Error})
				r.Close()
				r.all.Wait()
				for _, b := range r.got {
					if b.Len() > 0 {
						t.Errorf("sent %q", b)
					}
				}
				return
			}
			if result.Error != "" {
				t.Fatal(result.Error)
			}
			raw := r.only(t)
			checkWire(t, "compreface", r.Addr().String(), "/v1/metrics", raw)
			if string(raw) != string(result.Request) {
				t.Errorf("previewed %q\nsent %q", result.Request, raw)
			}
			if p := l.protocol.Load(); p == "h2" {
				t.Errorf("spoke %v", p)
			}
		})
	}
}

// TestPlainAnswerToTLS: the endpoint says https and the server speaks HTTP.
func TestPlainAnswerToTLS(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan []byte, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		hello := make([]byte, 4096)
		n, _ := conn.Read(hello)
		got <- hello[:n]
		says(taken)(conn)
	}()
	err = send(within(t, 30*time.Second), gateTo(t, compreface.Catalog, "https://"+ln.Addr().String()), report(compreface.Catalog))
	if err == nil {
		t.Error("delivered")
	}
	presentable(t, err)
	if hello := <-got; bytes.Contains(hello, []byte("POST")) || bytes.Contains(hello, []byte("headcount")) {
		t.Errorf("sent in the clear: %q", hello)
	}
}

// TestHandshakeHangs: the error says which time ran out, and not that the
// caller's did.
func TestHandshakeHangs(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	err = send(t.Context(), gateTo(t, compreface.Catalog, "https://"+ln.Addr().String()), report(compreface.Catalog))
	if err == nil || !strings.Contains(err.Error(), "no connection within 5s") || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want an error that names our own time", err)
	}
}
