package gate

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
)

const (
	name   = "stats.vendor.invalid" // only the proxy knows where it is
	user   = "admin"
	secret = "canary:w@rd/?#"
)

// A tunnel is a proxy that keeps what it hears: its own request, and what goes
// through. Whatever it is asked for, it leads to one address.
type tunnel struct {
	net.Listener
	to      string
	mu      sync.Mutex
	head    bytes.Buffer
	through bytes.Buffer
}

// listenTunnel listens on loopback, with TLS if config is not nil.
func listenTunnel(t *testing.T, to string, config *tls.Config) *tunnel {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if config != nil {
		ln = tls.NewListener(ln, config)
	}
	p := &tunnel{Listener: ln, to: to}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { ln.Close(); all.Wait() })
	return p
}

func (p *tunnel) serve(conn net.Conn) {
	defer conn.Close()
	one := make([]byte, 1)
	for !bytes.HasSuffix(p.head.Bytes(), []byte("\r\n\r\n")) {
		if _, err := conn.Read(one); err != nil {
			return
		}
		p.mu.Lock()
		p.head.Write(one)
		p.mu.Unlock()
	}
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer far.Close()
	_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() { _, _ = io.Copy(conn, far); conn.Close() }()
	_, _ = io.Copy(io.MultiWriter(far, p), conn)
}

func (p *tunnel) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.through.Write(b)
}

// heard returns the request of the proxy, and what went through it.
func (p *tunnel) heard() (head, through string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.head.String(), p.through.String()
}

// vendor is a receiver that has a certificate for name, and the environment of
// a child that knows its authority.
func vendor(t *testing.T) (*receiver, *authority, []string) {
	t.Helper()
	ca := newAuthority(t)
	root := filepath.Join(t.TempDir(), "root.pem")
	ca.write(t, root)
	leaf := ca.leaf(t, func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{name} })
	r, _ := receiveTLS(t, &tls.Config{Certificates: []tls.Certificate{leaf}}, says(taken))
	return r, ca, []string{"SSL_CERT_FILE=" + root, "SSL_CERT_DIR=/nonexistent"}
}

// TestProxyHearsConnectAlone: two lines, three with credentials, and then TLS
// that ends at the receiver. The receiver's name is asked from no name server.
func TestProxyHearsConnectAlone(t *testing.T) {
	credentials := url.UserPassword(user, secret).String() + "@"
	basic := "Proxy-Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret)) + "\r\n"
	for _, test := range []struct {
		name, scheme, user string
		want               string // after the two lines
	}{
		{"http", "http", "", ""},
		{"http with credentials", "http", credentials, basic},
		{"https", "https", "", ""},
		{"https with credentials", "https", credentials, basic},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			elsewhere, ambient := listenDeaf(t), listenDeaf(t)
			r, ca, environment := vendor(t)
			var config *tls.Config
			if test.scheme == "https" {
				config = &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, nil)}}
			}
			p := listenTunnel(t, r.Addr().String(), config)
			task := child{Catalog: "compreface", Endpoint: "https://" + name, Host: true, Proxy: test.scheme + "://" + test.user + p.Addr().String()}
			result, stderr := run(t, task, append(hostile(t, elsewhere, ambient), environment...)...)
			if result.Error != "" || stderr != "" || result.Lookups != 0 || result.Hooked != 0 {
				t.Fatalf("%+v, on stderr %q", result, stderr)
			}
			raw := r.only(t)
			checkWire(t, "compreface", name, "/v1/metrics", raw)
			if string(raw) != string(result.Request) {
				t.Errorf("previewed %q\nsent %q", result.Request, raw)
			}
			head, through := p.heard()
			if want := "CONNECT " + name + ":443 HTTP/1.1\r\nHost: " + name + ":443\r\n" + test.want + "\r\n"; head != want {
				t.Errorf("the proxy got %q, want %q", head, want)
			}
			if !strings.HasPrefix(through, "\x16\x03") || strings.Contains(through, "POST") || strings.Contains(through, userAgent) {
				t.Errorf("what went through is not TLS: %.60q", through)
			}
			elsewhere.untouched(t)
			ambient.untouched(t)
		})
	}
}

// TestRealProxy goes through tinyproxy, which wants credentials and allows
// CONNECT to one port.
func TestRealProxy(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("tinyproxy")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tinyproxy is missing: apt-get install tinyproxy")
		}
		t.Skip("tinyproxy is missing: apt-get install tinyproxy")
	}
	ca := newAuthority(t)
	root := filepath.Join(t.TempDir(), "root.pem")
	ca.write(t, root)
	r, _ := receiveTLS(t, &tls.Config{Certificates: []tls.Certificate{ca.leaf(t, nil)}}, says(taken))
	environment := []string{"SSL_CERT_FILE=" + root, "SSL_CERT_DIR=/nonexistent"}
	_, port, _ := net.SplitHostPort(r.Addr().String())
	address, stop := startTinyproxy(t, path, port)
	task := child{Catalog: "compreface", Endpoint: "https://localhost:" + port, Proxy: "http://wrong:word@" + address}
	if result, _ := run(t, task, environment...); !strings.Contains(result.Error, address) || result.Status != 0 {
		t.Errorf("with a wrong password: got %+v, want an error that names the proxy", result)
	}
	task.Proxy = "http://admin:word@" + address
	result, _ := run(t, task, environment...)
	if result.Error != "" {
		t.Fatal(result.Error)
	}
	checkWire(t, "compreface", "localhost:"+port, "/v1/metrics", r.only(t))
	stop()
	if result, _ := run(t, task, environment...); !strings.Contains(result.Error, "no connection to the proxy") {
		t.Errorf("without a proxy: got %+v", result)
	}
}

// freePort is below the ports that the kernel chooses for port 0: no other
// connection gets it until the proxy has it.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		port := strconv.Itoa(20_000 + rand.IntN(10_000))
		if ln, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			ln.Close()
			return port
		}
	}
	t.Fatal("got no free port in 100 tries")
	return ""
}

// startTinyproxy returns the address of a proxy, and what ends it.
func startTinyproxy(t *testing.T, path, port string) (address string, stop func()) {
	t.Helper()
	own := freePort(t)
	address = "127.0.0.1:" + own
	config := filepath.Join(t.TempDir(), "tinyproxy.conf")
	text := fmt.Sprintf("Port %s\nListen 127.0.0.1\nTimeout 30\nMaxClients 10\nBasicAuth admin word\nConnectPort %s\n", own, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-d", "-c", config)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(stop)
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
			return address, stop
		}
		if time.Now().After(end) {
			stop()
			t.Fatalf("tinyproxy did not start: %v\n%s", err, said.String())
		}
	}
}

// TestProxyFails: whatever a proxy says, the error names it, says that no
// report left, and holds no password.
func TestProxyFails(t *testing.T) {
	for _, test := range []struct {
		name, answer string
		want         string
	}{
		{"wants credentials", "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "wants a user name and a password"},
		{"forbids", "HTTP/1.1 403 go-away\r\nContent-Length: 3\r\n\r\nno!", "answers 403 Forbidden to CONNECT " + name + ":443"},
		{"finds nothing", "HTTP/1.0 502 Bad Gateway\r\n\r\n", "answers 502 Bad Gateway to CONNECT " + name + ":443"},
		{"redirects", "HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\n\r\n", "answers 302 Found"},
		{"another protocol", "SSH-2.0-OpenSSH\r\n", "gives no answer in HTTP"},
		{"endless headers", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", maxHeader), "gives no answer in HTTP"},
		{"says what it heard", "", "gives no answer in HTTP"},
		{"a page and no tunnel", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("<html>", 1000), "tls: first record does not look like a TLS handshake"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ln := answering(t, func(conn net.Conn) {
				heard := make([]byte, 4096)
				n, _ := conn.Read(heard)
				if test.answer == "" {
					_, _ = conn.Write(heard[:n])
				}
				_, _ = io.WriteString(conn, test.answer)
			})
			g := gateTo(t, compreface.Catalog, "https://"+name)
			if err := g.Through("http://" + url.UserPassword(user, secret).String() + "@" + ln); err != nil {
				t.Fatal(err)
			}
			err := send(within(t, 30*time.Second), g, report(compreface.Catalog))
			var e *Error
			if !errors.As(err, &e) || e.Final || e.Status != 0 || errors.Is(err, ErrUnanswered) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			presentable(t, err)
			noSecret(t, err)
		})
	}
}

// answering calls serve for each connection and returns its address.
func answering(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				serve(conn)
				_, _ = io.Copy(io.Discard, conn)
			}()
		}
	}()
	return ln.Addr().String()
}

// noSecret finds the password as it was written, decoded and encoded.
func noSecret(t *testing.T, err error) {
	t.Helper()
	encoded := base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
	for _, part := range []string{secret, "canary", "ary", "w@rd", "w%40rd", encoded, encoded[:8]} {
		if err != nil && strings.Contains(err.Error(), part) {
			t.Errorf("the password is in %q", err)
		}
	}
}
