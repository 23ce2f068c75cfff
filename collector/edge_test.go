package collector_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	numbers "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/collector/internal/live"
)

// An edge is the real nginx with deploy/edge/nginx.conf. Only its directories
// and its health are the test's, and site.conf.
type edge struct {
	address string // of TLS
	dir     string // everything that it can write
	log     *live.Output
	roots   *x509.CertPool
}

// startEdge runs nginx before a Collector's address until the test ends. More
// lines can be put into its site.conf.
func startEdge(t *testing.T, collector string, site ...string) *edge {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil { // it is in no path of a user's
		nginx, err = exec.LookPath("/usr/sbin/nginx")
	}
	if err != nil {
		t.Skip("nginx is missing (apt-get install nginx)")
	}
	e := &edge{dir: t.TempDir(), log: &live.Output{}}
	for _, dir := range []string{"tmp", "logs"} {
		if err := os.Mkdir(filepath.Join(e.dir, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	e.writeCertificate(t)
	config := readFile(t, "../deploy/edge/nginx.conf")
	e.write(t, "nginx.conf", strings.ReplaceAll(config, "/tmp/", e.dir+"/tmp/"))
	for range 3 { // another process can take a free port before nginx does
		e.address = freePort(t)
		e.write(t, "site.conf", fmt.Sprintf("listen %s ssl http2;\nssl_certificate cert.pem;\nssl_certificate_key key.pem;\nset $collector %s;\n%s\n",
			e.address, collector, strings.Join(site, "\n")))
		if e.run(t, nginx) {
			return e
		}
	}
	t.Fatalf("nginx does not listen: %s", e.log)
	return nil
}

func (e *edge) run(t *testing.T, nginx string) bool {
	c := exec.Command(nginx, "-e", "stderr", "-p", e.dir, "-c", e.dir+"/nginx.conf", "-g", "daemon off; pid "+e.dir+"/pid;")
	c.Stdout, c.Stderr = e.log, e.log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	for range 500 {
		if l, err := net.Dial("tcp", e.address); err == nil {
			l.Close()
			t.Cleanup(func() {
				c.Process.Signal(os.Interrupt) // ends the workers too
				<-ended
			})
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
	c.Process.Kill()
	<-ended
	return false
}

func (e *edge) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(e.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate makes a certificate for the loopback address.
func (e *edge) writeCertificate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	e.write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	e.write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	of, _ = x509.ParseCertificate(der)
	e.roots = x509.NewCertPool()
	e.roots.AddCert(of)
}

// client sends from the address that from returns, asked for each connection.
// It keeps no connection longer than a request, unless keep is set.
func (e *edge) client(from func() net.IP, keep bool) *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		return (&net.Dialer{LocalAddr: &net.TCPAddr{IP: from()}}).DialContext(ctx, network, address)
	}
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DialContext: dial, DisableKeepAlives: !keep,
		DisableCompression: true, TLSClientConfig: &tls.Config{RootCAs: e.roots}}}
}

// process is the Collector behind the edge, reached through it.
func (e *edge) process(behind *process, http *http.Client) *process {
	c := *behind.Collector
	c.URL = "https://" + e.address
	return &process{&c, http}
}

// somewhere returns another loopback address each time.
func somewhere() func() net.IP {
	var n atomic.Uint32
	return func() net.IP {
		i := n.Add(1)
		return net.IPv4(127, 77, byte(i>>8), byte(i))
	}
}

func always(address string) func() net.IP {
	return func() net.IP { return net.ParseIP(address) }
}

// freePort is below the ports that the kernel chooses for port 0: no other
// connection gets it until a process listens there.
func freePort(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", 20_000+numbers.IntN(10_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("got no free port in 100 tries")
	return ""
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
