//go:build linux

package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// Certificates are what servers show that are who they say, and others.
type certificates struct {
	good, unknown, expired, other, old *tls.Config
	env                                []string // by which an application trusts the good one
}

func newCertificates(t *testing.T) *certificates {
	t.Helper()
	us, them := newAuthority(t), newAuthority(t)
	path := filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: us.certificate.Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	tomorrow, yesterday := time.Now().Add(24*time.Hour), time.Now().Add(-24*time.Hour)
	c := &certificates{
		good:    us.issue(t, "127.0.0.1", tomorrow),
		unknown: them.issue(t, "127.0.0.1", tomorrow),
		expired: us.issue(t, "127.0.0.1", yesterday),
		other:   us.issue(t, "127.0.0.2", tomorrow),
		old:     us.issue(t, "127.0.0.1", tomorrow),
		env:     []string{"SSL_CERT_FILE=" + path, "SSL_CERT_DIR=" + filepath.Dir(path) + "/none"},
	}
	c.old.MaxVersion = tls.VersionTLS11
	c.old.MinVersion = tls.VersionTLS10
	return c
}

type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour), KeyUsage: x509.KeyUsageCertSign}
	bytes, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if form, err = x509.ParseCertificate(bytes); err != nil {
		t.Fatal(err)
	}
	return &authority{form, key}
}

func (a *authority) issue(t *testing.T, ip string, until time.Time) *tls.Config {
	t.Helper()
	form := &x509.Certificate{SerialNumber: big.NewInt(2), IPAddresses: []net.IP{net.ParseIP(ip)},
		NotBefore: time.Now().Add(-47 * time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	bytes, err := x509.CreateCertificate(rand.Reader, form, a.certificate, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{bytes}, PrivateKey: a.key}}}
}

// Nothing of a report is said to a server that cannot show who it is, and the
// next report makes all good.
func TestTLS(t *testing.T) {
	url, _ := collector(t)
	c := newCertificates(t)
	shut := func(w *wire) { w.some(1) }
	for _, x := range []struct {
		name     string
		config   *tls.Config // nil: the server does not speak TLS
		fault    fault
		patience time.Duration
		says     string
	}{
		{name: "unknown authority", config: c.unknown, fault: shut, says: "unknown authority"},
		{name: "expired", config: c.expired, fault: shut, says: "expired"},
		{name: "another name", config: c.other, fault: shut, says: "127.0.0.2"},
		{name: "old version", config: c.old, fault: shut, says: "protocol version"},
		{name: "no certificate", config: &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, os.ErrNotExist }},
			fault: shut, says: "internal error|handshake"},
		{name: "not TLS", fault: func(w *wire) { _, _ = io.WriteString(w, "HTTP/1.1 400 Bad Request\r\n\r\n"); w.gone() }, says: "HTTP response to HTTPS|first record"},
		{name: "noise", fault: func(w *wire) { w.some(1); _, _ = io.WriteString(w, "\x16\x03\x01\xff\xffnoise"); w.gone() }, says: "oversized|record"},
		{name: "reset in the handshake", fault: func(w *wire) { w.some(10); w.reset() }, says: ended},
		{name: "closed in the handshake", fault: func(w *wire) { w.some(10) }, says: ended},
		{name: "silence in the handshake", fault: func(w *wire) { w.gone() }, patience: impatient, says: "deadline"},
		{name: "silence in the handshake until the library gives up", fault: func(w *wire) { w.gone() }, says: "deadline|within"},
		{name: "reset under TLS", config: c.good, fault: func(w *wire) { w.some(100); w.reset() }, says: ended},
		{name: "silence under TLS", config: c.good, fault: func(w *wire) { w.request(); w.gone() }, patience: impatient, says: "deadline"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			_, s := collector(t)
			p := newProxyAt(t, url, "127.0.0.1:0") // as the certificates say
			p.tls.Store(x.config)
			p.set(x.fault)
			i := consenting(t, directory(t))
			i.env = c.env
			a := i.start("https://" + p.address)
			sent := a.begin(order{Do: "flush", Timeout: x.patience})
			a.must(order{Do: "add", N: 1000})
			if got := a.come("Flush", sent); !regexp.MustCompile(x.says).MatchString(got.Err) || got.Err == "" {
				t.Errorf("Flush says %q, want %q", got.Err, x.says)
			}
			if n := p.requests.Load(); n > 0 && x.config != c.good {
				t.Errorf("%d requests to a server that did not show who it is", n)
			}
			p.tls.Store(c.good)
			p.set(pass)
			i.exact(a, s)
			a.close()
		})
	}
}

// An unknown name. The endpoint of a process does not change, so
// recovery is another one.
func TestNoSuchName(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	i := consenting(t, directory(t))
	a := i.start("https://stats.vendor.invalid")
	sent := a.begin(order{Do: "flush"})
	a.must(order{Do: "add", N: 1000})
	if got := a.come("Flush", sent); !regexp.MustCompile("lookup stats.vendor.invalid|no answer within 10s").MatchString(got.Err) {
		t.Errorf("Flush says %q", got.Err)
	}
	a.close()
	b := i.start(url)
	if b.began.GUID != a.began.GUID {
		t.Errorf("the installation was %s and is %s", a.began.GUID, b.began.GUID)
	}
	i.exact(b, s)
	b.close()
}
