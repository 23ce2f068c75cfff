package telemetry

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

const childVariable = "TELEMETRY_TEST_DIRECTORY"

// countInChild is what another process of the installation does: 16 goroutines
// count, and one looks for decisions, until its input ends.
func countInChild(dir string) {
	c, _ := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: consent.NewFile(dir)})
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				case <-time.After(100 * time.Microsecond):
					c.Add(compreface.UserCreated, 1)
				}
			}
		})
	}
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				_ = c.Refresh(context.Background())
			}
		}
	})
	_, _ = os.Stdout.WriteString("counting\n")
	_, _ = io.Copy(io.Discard, os.Stdin)
	close(stop)
	all.Wait()
	_ = c.Shutdown(context.Background())
}

// TestNoAmongProcesses: 64 goroutines in 4 processes count while a fifth one
// takes the yes back and gives it again.
func TestNoAmongProcesses(t *testing.T) {
	s := start(t, listenDeaf(t).url(), nil)
	s.decide(t, consent.Granted)
	for range 4 {
		child := exec.Command(os.Args[0], "-test.run=^$")
		child.Env = append(os.Environ(), childVariable+"="+s.dir)
		in, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = in.Close()
			if err := child.Wait(); err != nil {
				t.Errorf("a process that counted ended with %v", err)
			}
		})
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "counting\n" {
			t.Fatalf("%q, %v", line, err)
		}
	}
	seen := map[string]bool{}
	for range 20 {
		id := s.Status().InstallGUID
		if id == "" || seen[id] {
			t.Errorf("identifier %q again: %+v", id, s.Status())
		}
		seen[id] = true
		s.decideAmongOthers(t, consent.Denied)
		for range 10 { // not now, and not by a process that comes late
			if exists(filepath.Join(s.dir, "headcount.totals")) {
				t.Fatalf("after a no there are %q", files(t, s.dir))
			}
			time.Sleep(time.Millisecond)
		}
		s.decideAmongOthers(t, consent.Granted)
	}
}

// decideAmongOthers decides where other processes have a lock most of the time. On a
// machine under load none may be had for seconds. The error says that, and to repeat it.
func (s *setup) decideAmongOthers(t *testing.T, d consent.Decision) {
	t.Helper()
	r := consent.Record{Decision: d, Notice: 1, Where: "test"}
	if err := s.decisions.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	err := s.Refresh(t.Context())
	for end := time.Now().Add(time.Minute); errors.Is(err, context.DeadlineExceeded) && time.Now().Before(end); {
		err = s.Refresh(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
}
