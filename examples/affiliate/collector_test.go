package main_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

// patience is how long a test waits for what comes within moments. It is long
// because a loaded machine is slow; a waiting test goes on as soon as it comes.
const patience = 5 * time.Minute

// A collector is the real one, with the configuration that was rendered from
// the platform's catalog, behind a proxy that sees every connection.
type collector struct {
	url    string
	file   string
	opened atomic.Int64

	mu   sync.Mutex
	seen bytes.Buffer // every request: head, body, body without its compression
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	dir := t.TempDir()
	otelcol := filepath.Join(dir, "otelcol")
	t.Log("building the Collector: some minutes the first time, seconds when cached")
	build := exec.Command("go", "build", "-C", "../../collector/otelcol", "-trimpath", "-ldflags=-s -w", "-o", otelcol, ".")
	build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0") // as the Makefile, to share its cache
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := &collector{file: filepath.Join(dir, "usage.jsonl")}
	listen, health := freeAddress(t), freeAddress(t)
	var said bytes.Buffer
	process := exec.Command(otelcol, "--config", "../../catalog/affiliate/collector-config.yaml")
	process.Env = []string{"HEADCOUNT_LISTEN=" + listen, "HEADCOUNT_HEALTH=" + health, "HEADCOUNT_FILE=" + c.file}
	process.Stdout, process.Stderr = &said, &said
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Process.Kill(); _ = process.Wait() })
	for deadline := time.Now().Add(patience); !healthy("http://" + health); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = process.Process.Kill()
			_ = process.Wait()
			t.Fatalf("the Collector is not ready after %s:\n%s", patience, &said)
		}
	}
	target, err := url.Parse("http://" + listen)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewUnstartedServer(c.record(httputil.NewSingleHostReverseProxy(target)))
	proxy.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			c.opened.Add(1)
		}
	}
	proxy.Start()
	t.Cleanup(proxy.Close)
	c.url = proxy.URL
	return c
}

func (c *collector) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := httputil.DumpRequest(r, true)
		c.mu.Lock()
		c.seen.Write(raw)
		if body, zipErr := gzip.NewReader(bytes.NewReader(raw[bytes.Index(raw, []byte("\r\n\r\n"))+4:])); err == nil && zipErr == nil {
			_, err = io.Copy(&c.seen, body)
		} else {
			err = errors.Join(err, zipErr)
		}
		c.mu.Unlock()
		if err != nil {
			w.WriteHeader(http.StatusBadRequest) // a report that cannot be looked into fails the test
			return
		}
		next.ServeHTTP(w, r)
	})
}

// rows is what the newest report says, without zeros.
func (c *collector) rows(t *testing.T) map[string]int64 {
	t.Helper()
	data, err := os.ReadFile(c.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	var report metricpb.MetricsData
	if err := protojson.Unmarshal([]byte(lines[len(lines)-1]), &report); err != nil {
		t.Fatal(err)
	}
	rows := map[string]int64{}
	for _, resource := range report.GetResourceMetrics() {
		for _, scope := range resource.GetScopeMetrics() {
			for _, m := range scope.GetMetrics() {
				for _, p := range append(m.GetSum().GetDataPoints(), m.GetGauge().GetDataPoints()...) {
					if p.GetAsInt() != 0 {
						rows[m.GetName()+" "+p.GetAttributes()[0].GetValue().GetStringValue()] += p.GetAsInt()
					}
				}
			}
		}
	}
	return rows
}

// searched checks that nothing of this is in any request or in the file.
func (c *collector) searched(t *testing.T, never ...string) {
	t.Helper()
	data, err := os.ReadFile(c.file)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for where, text := range map[string]string{"a request": c.seen.String(), "the Collector's file": string(data)} {
		if !strings.Contains(text, "PAYOUT_FAILED") {
			t.Errorf("%s does not even hold what was sent", where)
		}
		for _, word := range never {
			if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
				t.Errorf("%s holds %q", where, word)
			}
		}
	}
}

func healthy(url string) bool {
	reply, err := (&http.Client{Timeout: patience}).Get(url)
	if err != nil {
		return false
	}
	_ = reply.Body.Close()
	return reply.StatusCode == http.StatusOK
}

// freeAddress is below the ports that the kernel chooses for port 0: no other
// connection gets it until a process listens there.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(10_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("got no free port in 100 tries")
	return ""
}
