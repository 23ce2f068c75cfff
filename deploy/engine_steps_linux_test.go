package deploy_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// all is the life of an installation of docker-compose.yml.
func (e *engine) all(t *testing.T) {
	e.makeImages(t)
	e.makeProject(t)
	roots := e.makeCertificate(t)
	step := func(name string) func() {
		began := time.Now()
		return func() { t.Logf("%s: %.1f s", name, time.Since(began).Seconds()) }
	}

	done := step("the default services are up, and a report arrives")
	e.sh(t, "docker-compose up -d")
	e.waitFor(t, "watch", "healthy")
	e.send(t, http.DefaultClient, "http://127.0.0.1:4318")
	e.wantReports(t, 1)
	done()

	done = step("edge and answers are up; a report comes through TLS and is in the page")
	e.env = append(e.env, "COMPOSE_PROFILES=edge,answers")
	e.runbook(t, "install")
	outside := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true}}
	for _, service := range []string{"watch", "edge", "answers", "page"} {
		e.waitFor(t, service, "healthy")
	}
	e.send(t, outside, "https://127.0.0.1")
	e.wantReports(t, 2)
	e.docker(t, "exec", "headcount_answers_1", "sh", "/usr/local/bin/daily")
	page := e.page(t)
	if want := `"ever":2`; !strings.Contains(page, want) {
		t.Errorf("the page's answer has no %s:\n%s", want, page)
	}
	done()

	done = step("all were restarted, and a report comes through TLS")
	e.sh(t, "docker-compose restart -t 2")
	e.waitFor(t, "edge", "healthy")
	e.waitFor(t, "watch", "healthy")
	e.send(t, outside, "https://127.0.0.1")
	e.wantReports(t, 3)
	done()

	done = step("another image of the Collector was put in, and a report comes through TLS")
	e.makeCollector(t, "2")
	e.runbook(t, "upgrade")
	if version := e.docker(t, "inspect", "--format", "{{.Config.Labels.version}}", "headcount_collector_1"); version != "2\n" {
		t.Error("the old Collector still runs")
	}
	e.waitFor(t, "watch", "healthy")
	e.waitFor(t, "edge", "healthy")
	e.send(t, outside, "https://127.0.0.1")
	e.wantReports(t, 4)
	e.docker(t, "exec", "headcount_answers_1", "sh", "/usr/local/bin/daily")
	done()

	done = step("a product in containers, with a volume, sends through TLS")
	e.product(t)
	e.docker(t, "exec", "headcount_answers_1", "sh", "/usr/local/bin/daily")
	done()

	done = step("the file was rotated, and the answers are the same")
	before := e.page(t)
	e.runbook(t, "rotate")
	e.waitFor(t, "watch", "healthy")
	e.docker(t, "exec", "headcount_answers_1", "sh", "/usr/local/bin/daily")
	if after := e.page(t); after != before {
		t.Errorf("got\n%s, want\n%s", after, before)
	}
	if files := e.docker(t, "exec", "headcount_watch_1", "ls", "/data"); strings.Count(files, ".000-size.jsonl") != 1 { // the Collector adds -size
		t.Errorf("got the files\n%s, want one rotated file", files)
	}
	if kept := e.docker(t, "exec", "headcount_answers_1", "headcount", "prune", "--archive", "/answers/archive", "--format", "json", "--dry-run", "/data"); !strings.Contains(kept, "-size.jsonl: it is 0 days old") {
		t.Errorf("got\n%s, want a rotated file that is kept for its age", kept)
	}
	done()

	done = step("backup, everything lost, restore: the answers are the same")
	e.backup(t, e.page(t))
	done()

	done = step("health is red while the volume cannot be written, or is full")
	e.full(t, outside)
	done()

	e.nothingLeft(t)
}

// backup makes a backup, loses everything and restores it, as
// docs/operations.md says. The answers are the same after it.
func (e *engine) backup(t *testing.T, before string) {
	t.Helper()
	e.runbook(t, "backup")
	e.sh(t, "docker-compose down --volumes -t 2")
	run(t, e.command("sh", "-euc", "rm -rf "+e.dir+"/small/..?* "+e.dir+"/small/.[!.]* "+e.dir+"/small/*"))
	e.runbook(t, "restore")
	for _, service := range []string{"watch", "edge", "answers", "page"} {
		e.waitFor(t, service, "healthy")
	}
	if after := e.page(t); after != before {
		t.Errorf("the answers are others after the restore: got\n%s, want\n%s", after, before)
	}
}

// full makes the volume read-only, and fills it: watch must say so, and say
// when it is over. A sender is told that its report was not taken.
func (e *engine) full(t *testing.T, outside *http.Client) {
	t.Helper()
	small := filepath.Join(e.dir, "small")
	if err := os.Chmod(small, 0o555); err != nil {
		t.Fatal(err)
	}
	e.waitFor(t, "watch", "unhealthy")
	if err := os.Chmod(small, 0o755); err != nil {
		t.Fatal(err)
	}
	e.waitFor(t, "watch", "healthy")
	fill, err := os.Create(filepath.Join(small, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = fill.Write(make([]byte, 4096))
	}
	fill.Close()
	e.waitFor(t, "watch", "unhealthy")
	status, body := http.StatusOK, ""
	for range 19 { // what is left of the file's last page takes some more
		if status, body = e.post(t, outside, "https://127.0.0.1"); status != http.StatusOK {
			break
		}
	}
	if status != http.StatusServiceUnavailable || body != "refused\n" {
		t.Errorf("a full volume: a sender got %d %q, want 503 and nothing about the machine", status, body)
	}
	if err := os.Remove(fill.Name()); err != nil {
		t.Fatal(err)
	}
	e.waitFor(t, "watch", "healthy")
	e.send(t, outside, "https://127.0.0.1")
}

// nothingLeft takes everything down and looks for what is still there.
func (e *engine) nothingLeft(t *testing.T) {
	t.Helper()
	e.runbook(t, "down")
	e.sh(t, "docker-compose down --volumes")
	for _, list := range [][]string{{"ps", "-aq"}, {"volume", "ls", "-q"}, {"network", "ls", "-q", "--filter", "name=headcount"}} {
		if got := e.docker(t, list...); got != "" {
			t.Errorf("docker %s: got %q, want nothing", strings.Join(list, " "), got)
		}
	}
}

// makeCertificate puts a certificate where user 101 may read it.
func (e *engine) makeCertificate(t *testing.T) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"edge"},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	write(t, filepath.Join(e.project, "tls/fullchain.pem"), string(certificate))
	write(t, filepath.Join(e.project, "tls/privkey.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(certificate)
	return roots
}

// post sends a report of a new installation.
func (e *engine) post(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	report := fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"%s"}}]},
		"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[{"name":"compreface.user.created","unit":"{user}","sum":{"isMonotonic":true,
		"aggregationTemporality":2,"dataPoints":[{"asInt":"7"}]}}]}]}]}`, newGUID())
	answer, err := client.Post(url+"/v1/metrics", "application/json", strings.NewReader(report))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// send is post, where the report must be taken.
func (e *engine) send(t *testing.T, client *http.Client, url string) {
	t.Helper()
	if status, body := e.post(t, client, url); status != http.StatusOK {
		t.Fatalf("%s: got %d %q, want 200", url, status, body)
	}
}

func newGUID() string {
	b := make([]byte, 16)
	rand.Read(b)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// wantReports counts the reports in the Collector's file.
func (e *engine) wantReports(t *testing.T, want int) {
	t.Helper()
	if got := strings.Count(e.reports(t), "install_guid"); got != want {
		t.Errorf("got %d reports in the file, want %d", got, want)
	}
}

// reports is the Collector's file.
func (e *engine) reports(t *testing.T) string {
	t.Helper()
	return e.docker(t, "exec", "headcount_watch_1", "cat", "/data/usage.jsonl")
}

// page is the answer of the page as of today, as a person gets it who has the
// token.
func (e *engine) page(t *testing.T) string {
	t.Helper()
	token := strings.TrimSpace(e.docker(t, "exec", "headcount_answers_1", "cat", "/answers/token"))
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:8088/report.json?as_of="+time.Now().UTC().Format(time.DateOnly), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("any", token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the page: got %s %q, %v", answer.Status, body, err)
	}
	return string(bytes.ReplaceAll(body, []byte(" "), nil))
}
