package collector_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A process is a Collector that runs for one test.
type process struct {
	url    string // of OTLP/HTTP, without the path
	file   string // that it writes
	config string
	log    *output
	cmd    *exec.Cmd
	read   int64 // how much of the file lines has returned
}

// start runs the real Collector with a configuration until the test ends.
func start(t testing.TB, config string) *process {
	t.Helper()
	return startIn(t, config, t.TempDir())
}

// startIn is start with a given directory for the file, to start again where
// another one was killed.
func startIn(t testing.TB, config, dir string) *process {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for range 3 { // another process can take a free port before the Collector does
		p := &process{config: config, file: filepath.Join(dir, "usage.jsonl"), log: &output{}}
		if last = p.run(binary); last == nil {
			t.Cleanup(p.kill)
			return p
		}
		p.kill()
	}
	t.Fatal(last)
	return nil
}

func (p *process) run(binary string) error {
	listen, health := freeAddress(), freeAddress()
	p.url = "http://" + listen
	p.cmd = exec.Command(binary, "--config", p.config)
	p.cmd.Env = []string{"HEADCOUNT_LISTEN=" + listen, "HEADCOUNT_HEALTH=" + health, "HEADCOUNT_FILE=" + p.file}
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		if answer, err := http.Get("http://" + health); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("the Collector did not become healthy: %s", p.log)
}

// kill ends the process as kill -9 does, and waits for it.
func (p *process) kill() {
	if p.cmd.Process != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

// lines returns what was written since it was last asked. The Collector
// writes a line before it answers, so there is nothing to wait for.
func (p *process) lines() ([]byte, error) {
	f, err := os.Open(p.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it is made with the first line
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() < p.read {
		p.read = 0 // a new file: the old one was full, and was read to its end
	}
	if _, err := f.Seek(p.read, io.SeekStart); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	p.read += int64(len(data))
	return data, err
}

// output keeps what a process prints.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

func freeAddress() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "127.0.0.1:0"
	}
	defer l.Close()
	return l.Addr().String()
}

var workDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "headcount-collector-") })

// build makes the Collector once in a run of the tests.
var build = sync.OnceValues(func() (string, error) {
	dir, err := workDir()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "headcount-collector")
	notice := time.AfterFunc(5*time.Second, func() {
		fmt.Fprintln(os.Stderr, "building the Collector from its modules: some minutes the first time, a second when cached")
	})
	defer notice.Stop()
	cmd := exec.Command("go", "build", "-C", "otelcol", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := workDir(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// The shipped configurations load.
func TestValidate(t *testing.T) {
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) {
			cmd := exec.Command(binary, "validate", "--config", p.config)
			cmd.Env = []string{}
			if out, err := cmd.CombinedOutput(); err != nil || len(strings.TrimSpace(string(out))) != 0 {
				t.Errorf("validate: %v\n%s", err, out)
			}
		})
	}
}
