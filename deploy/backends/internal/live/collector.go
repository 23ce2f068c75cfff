package live

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"
)

// Paths from a package directly below deploy/backends.
const (
	list    = "../../../collector-config.yaml"
	forward = "../forward.yaml"
	sources = "../../clickhouse/otelcol" // has the components that forward.yaml names
)

// Collector builds the Collector.
func Collector(t *testing.T) string {
	t.Helper()
	return Build(t, sources, ".")
}

// A Receiver is a Collector with the rendered list.
type Receiver struct {
	*Process
	URL     string // of OTLP/HTTP, without the path
	File    string // that it writes, if it does not forward
	Queue   string // directory of its queue
	metrics string
}

// Receive starts a Collector that writes a file, or with a backend one that
// hands reports to it.
func Receive(t *testing.T, program, backend string) *Receiver {
	t.Helper()
	return ReceiveAt(t, program, backend, FreeAddress(t))
}

// ReceiveAt is Receive with a given address for the Collector's own metrics.
func ReceiveAt(t *testing.T, program, backend, metrics string) *Receiver {
	t.Helper()
	dir, listen, health := t.TempDir(), FreeAddress(t), FreeAddress(t)
	_, port, _ := net.SplitHostPort(metrics)
	r := &Receiver{URL: "http://" + listen, File: filepath.Join(dir, "usage.jsonl"), Queue: filepath.Join(dir, "queue"), metrics: metrics}
	args := []string{"--config", list}
	if backend != "" {
		args = append(args, "--config", forward)
	}
	env := []string{"HEADCOUNT_LISTEN=" + listen, "HEADCOUNT_HEALTH=" + health, "HEADCOUNT_FILE=" + r.File, "HEADCOUNT_QUEUE=" + r.Queue,
		"HEADCOUNT_HOP=" + FreeAddress(t), "HEADCOUNT_METRICS_PORT=" + port, "HEADCOUNT_BACKEND=" + backend}
	r.Process = Start(t, program, args, env, "http://"+health)
	return r
}

// Metrics is what the Collector says of itself.
func (r *Receiver) Metrics(t *testing.T) string {
	t.Helper()
	answer, err := http.Get("http://" + r.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
