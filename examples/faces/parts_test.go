//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for what comes within moments. It is long
// because a loaded machine is slow; a waiting test goes on as soon as it comes.
const patience = 5 * time.Minute

// need skips a test for which something is not installed; in CI it fails.
func need(t *testing.T, missing error) {
	t.Helper()
	switch {
	case missing == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("missing in CI: %v", missing)
	default:
		t.Skipf("skipped: %v", missing)
	}
}

// collectorBinary builds the real Collector once.
var collectorBinary = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "collector")
	c := exec.Command("go", "build", "-C", "../../collector/otelcol", "-trimpath", "-ldflags=-s -w", "-o", path, ".")
	c.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the Collector: %w\n%s", err, out)
	}
	return path, nil
})

// A collector is the real one with the shipped configuration, and a wire in
// front of it that keeps every byte on its way there.
type collector struct {
	*wire
	file string
}

func startCollector(t *testing.T) *collector {
	t.Helper()
	binary, err := collectorBinary()
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{file: filepath.Join(t.TempDir(), "usage.jsonl")}
	listen, health := freeAddress(t), freeAddress(t)
	cmd := exec.Command(binary, "--config", "../../collector-config.yaml")
	cmd.Env = []string{"HEADCOUNT_LISTEN=" + listen, "HEADCOUNT_HEALTH=" + health, "HEADCOUNT_FILE=" + c.file}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, "the Collector is ready", func() bool {
		reply, err := http.Get("http://" + health)
		if err != nil {
			return false
		}
		return errors.Join(reply.Body.Close()) == nil && reply.StatusCode == http.StatusOK
	})
	c.wire = startWire(t, func() (net.Conn, error) { return net.Dial("tcp", listen) })
	return c
}

// lines are what the Collector wrote. It writes before it answers.
func (c *collector) lines(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile(c.file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.FieldsFunc(string(data), func(r rune) bool { return r == '\n' })
}

// A wire forwards connections, counts them, and keeps what goes out.
type wire struct {
	url string

	mu   sync.Mutex
	sent [][]byte // by connection
}

func startWire(t *testing.T, dial func() (net.Conn, error)) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	w := &wire{url: "http://" + l.Addr().String()}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			w.mu.Lock()
			w.sent = append(w.sent, nil)
			number := len(w.sent) - 1
			w.mu.Unlock()
			go w.relay(near, number, dial)
		}
	}()
	return w
}

func (w *wire) relay(near net.Conn, number int, dial func() (net.Conn, error)) {
	defer near.Close()
	far, err := dial()
	if err != nil {
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, io.TeeReader(near, keeper{w, number}))
		_ = far.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(near, far)
}

type keeper struct {
	*wire
	number int
}

func (k keeper) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sent[k.number] = append(k.sent[k.number], p...)
	return len(p), nil
}

// requests are the bytes of each connection that was opened.
func (w *wire) requests() [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.sent)
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

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

// today is the day, of which five minutes are left at least: where midnight in UTC is
// nearer, it is waited for.
func today(t testing.TB) string {
	t.Helper()
	now := time.Now().UTC()
	if left := 24*time.Hour - now.Sub(now.Truncate(24*time.Hour)); left < 5*time.Minute {
		t.Logf("waits %v for midnight in UTC", left)
		time.Sleep(left)
	}
	return time.Now().UTC().Format("2 January 2006")
}
