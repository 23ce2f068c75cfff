package clickhousetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A collector is the real Collector with the shipped configuration for
// ClickHouse. It keeps the day and the hour of the sender, so that a history
// can be sent, and writes a file too, so that the answers can be compared.
type collector struct {
	url, health, file string
	args, env         []string
	cmd               *exec.Cmd
	log               *bytes.Buffer
}

const (
	firstHalf  = "../../../collector-config.yaml"
	secondHalf = "../../../deploy/clickhouse/collector.yaml"
)

// changes are what the tests change in the shipped configuration.
var changes = map[string][][2]string{
	firstHalf: {
		{`'set(datapoint.time, TruncateTime(Now(), Duration("24h")))'`, `'set(datapoint.time, TruncateTime(datapoint.time, Duration("24h")))'`},
		{`'set(datapoint.start_time_unix_nano, 0)'`, `'set(datapoint.start_time, TruncateTime(datapoint.time, Duration("1h")))'`},
		{`'datapoint.start_time_unix_nano != 0'`, `'datapoint.start_time_unix_nano == 0'`},
	},
	secondHalf: {
		{`'set(datapoint.start_time, TruncateTime(Now(), Duration("1h")))'`, `'set(datapoint.start_time, TruncateTime(datapoint.start_time, Duration("1h")))'`},
		{`exporters: [otlp_http/hop]`, `exporters: [file, otlp_http/hop]`},
		{`flush_timeout: 1s`, `flush_timeout: 300ms`},
		{`initial_interval: 1s, max_interval: 30s`, `initial_interval: 50ms, max_interval: 200ms`},
	},
}

func startCollector(t testing.TB, e *engine, more ...[2]string) *collector {
	t.Helper()
	return startCollectorAt(t, e, filepath.Join(t.TempDir(), "queue"), more...)
}

// startCollectorAt is startCollector with a directory for its queue, and more
// changes of the second half.
func startCollectorAt(t testing.TB, e *engine, queue string, more ...[2]string) *collector {
	t.Helper()
	dir := t.TempDir()
	c := &collector{file: filepath.Join(dir, "usage.jsonl"), log: &bytes.Buffer{}}
	for _, path := range []string{firstHalf, secondHalf} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list := changes[path]
		if path == secondHalf {
			list = append(slices.Clone(list), more...)
		}
		for _, change := range list {
			if !bytes.Contains(text, []byte(change[0])) {
				t.Fatalf("%s no longer has %s", path, change[0])
			}
			text = bytes.ReplaceAll(text, []byte(change[0]), []byte(change[1]))
		}
		config := filepath.Join(dir, filepath.Base(path))
		if err := os.WriteFile(config, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c.args = append(c.args, "--config", config)
	}
	listen := freeAddress(t)
	c.health, c.url = "http://"+freeAddress(t), "http://"+listen+"/v1/metrics"
	c.env = []string{"HEADCOUNT_LISTEN=" + listen, "HEADCOUNT_HEALTH=" + strings.TrimPrefix(c.health, "http://"), "HEADCOUNT_HOP=" + freeAddress(t),
		"HEADCOUNT_FILE=" + c.file, "HEADCOUNT_QUEUE=" + queue, "HEADCOUNT_CLICKHOUSE=http://" + e.address}
	t.Cleanup(c.kill)
	c.start(t)
	return c
}

// start runs the Collector. It returns when it is healthy.
func (c *collector) start(t testing.TB) {
	t.Helper()
	c.cmd = exec.Command(programs.collector, c.args...)
	c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = c.env, c.log, c.log
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, time.Minute, func() error {
		answer, err := http.Get(c.health)
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				err = fmt.Errorf("the Collector answers %s", answer.Status)
			}
		}
		return err
	})
}

// kill ends the process as kill -9 does.
func (c *collector) kill() {
	if c.cmd != nil && c.cmd.Process != nil {
		c.cmd.Process.Kill()
		c.cmd.Wait()
	}
}

// freeAddress is below the ports that the kernel chooses for port 0: no other
// connection gets it until a process listens there.
func freeAddress(t testing.TB) string {
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

// until repeats a check until it holds. The time only bounds how long a test
// that fails takes.
func until(t testing.TB, atMost time.Duration, check func() error) {
	t.Helper()
	for end := time.Now().Add(atMost); ; time.Sleep(100 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}
