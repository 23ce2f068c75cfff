// Package live runs the real Collector for tests: built from its modules, with
// a configuration of the caller's, on loopback, its rows in a file.
package live

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Build makes the Collector from its sources in a directory, and returns the
// program, which it puts in another.
func Build(sources, dir string) (string, error) {
	binary := filepath.Join(dir, "headcount-collector")
	notice := time.AfterFunc(5*time.Second, func() {
		fmt.Fprintln(os.Stderr, "building the Collector from its modules: some minutes the first time, a second when cached")
	})
	defer notice.Stop()
	cmd := exec.Command("go", "build", "-C", sources, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
}

// A Collector is a process that runs until Kill.
type Collector struct {
	URL  string // of OTLP/HTTP, without the path
	File string // that it writes
	Log  *Output

	cmd  *exec.Cmd
	read int64 // how much of the file Lines has returned
}

// Start runs a Collector with a configuration, and returns when it is healthy.
// Its file is usage.jsonl in dir, where another one may have been killed.
func Start(binary, config, dir string) (*Collector, error) {
	var last error
	for range 3 { // another process can take a free port before the Collector does
		c := &Collector{File: filepath.Join(dir, "usage.jsonl"), Log: &Output{}}
		if last = c.run(binary, config); last == nil {
			return c, nil
		}
		c.Kill()
	}
	return nil, last
}

func (c *Collector) run(binary, config string) error {
	listen, health := freeAddress(), freeAddress()
	c.URL = "http://" + listen
	c.cmd = exec.Command(binary, "--config", config)
	c.cmd.Env = []string{"HEADCOUNT_LISTEN=" + listen, "HEADCOUNT_HEALTH=" + health, "HEADCOUNT_FILE=" + c.File}
	c.cmd.Stdout, c.cmd.Stderr = c.Log, c.Log
	if err := c.cmd.Start(); err != nil {
		return err
	}
	deadline := time.Now().Add(2 * time.Minute)
	for time.Now().Before(deadline) {
		if answer, err := http.Get("http://" + health); err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return nil
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("the Collector did not become healthy: %s", c.Log)
}

// Kill ends the process as kill -9 does, and waits for it. It does nothing the
// second time.
func (c *Collector) Kill() {
	if c.cmd.Process != nil {
		c.cmd.Process.Kill()
		c.cmd.Wait()
	}
}

// PID is the number of the process.
func (c *Collector) PID() int { return c.cmd.Process.Pid }

// Lines returns what was written since it was last asked. The Collector
// writes a line before it answers, so there is nothing to wait for.
func (c *Collector) Lines() ([]byte, error) {
	f, err := os.Open(c.File)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // it is made with the first line
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() < c.read {
		c.read = 0 // a new file: the old one was full, and was read to its end
	}
	if _, err := f.Seek(c.read, io.SeekStart); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	c.read += int64(len(data))
	return data, err
}

// Output keeps what a process prints. Its methods are safe for concurrent use.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String returns all that was printed so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// freeAddress is below the ports that the kernel chooses for port 0: no other
// connection gets it until the Collector listens there.
func freeAddress() string {
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(10_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	return "127.0.0.1:0"
}
