// Package live runs real programs for the tests of the other packages: the
// Collector, and the backends that it hands reports to.
package live

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Build makes the program of a Go package that the module in dir requires, and
// returns its path.
func Build(t *testing.T, dir, pkg string, flags ...string) string {
	t.Helper()
	name := pkg
	if name == "." {
		name = dir
	}
	notice := time.AfterFunc(10*time.Second, func() {
		fmt.Fprintf(os.Stderr, "building %s: minutes the first time, seconds when cached\n", name)
	})
	defer notice.Stop()
	program := filepath.Join(t.TempDir(), "program")
	args := append([]string{"build", "-C", dir, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", program}, flags...)
	cmd := exec.Command("go", append(args, pkg)...)
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return program
}

// A Process runs until Kill, or until the end of the test.
type Process struct {
	program string
	args    []string
	env     []string
	ready   string // an address that answers 200
	cmd     *exec.Cmd
	log     output
}

// Start runs a program, and returns when the address answers 200.
func Start(t *testing.T, program string, args, env []string, ready string) *Process {
	t.Helper()
	p := &Process{program: program, args: args, env: env, ready: ready}
	t.Cleanup(p.Kill)
	p.Again(t)
	return p
}

// Again starts a program that was killed.
func (p *Process) Again(t *testing.T) {
	t.Helper()
	p.cmd = exec.Command(p.program, p.args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.env, &p.log, &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	Until(t, func() error {
		answer, err := http.Get(p.ready)
		if err != nil {
			return fmt.Errorf("%w\n%s", err, p.log.String())
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s\n%s", p.ready, answer.Status, p.log.String())
		}
		return nil
	})
}

// Kill ends the process as kill -9 does, and waits for it.
func (p *Process) Kill() {
	if p.cmd != nil && p.cmd.Process != nil {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	}
}

// Log is what the process printed so far.
func (p *Process) Log() string { return p.log.String() }

// FreeAddress is an address on loopback that nothing listens at.
func FreeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Until repeats a check until it holds. The time only bounds how long a test
// that fails takes.
func Until(t *testing.T, check func() error) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

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
