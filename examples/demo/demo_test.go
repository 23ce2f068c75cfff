package main_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built are the binaries of the demo, made as make demo makes them.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "headcount-demo-test-")
	if err != nil {
		return "", err
	}
	for _, b := range [][]string{ // with the Makefile's flags, to share its cache
		{"otelcol", "../../collector/otelcol", "-ldflags=-s -w"}, {"headcount", "../../cmd/headcount"},
		{"quickstart", "../quickstart"}, {"demo", "."},
	} {
		c := exec.Command("go", append([]string{"build", "-C", b[1], "-trimpath", "-o", filepath.Join(dir, b[0])}, b[2:]...)...)
		c.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			return dir, fmt.Errorf("%s: %w\n%s", b[0], err, out)
		}
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := built(); dir != "" && err == nil {
		_ = os.RemoveAll(dir)
	}
	os.Exit(code)
}

// start prepares the demo on an address, with a directory for everything that
// it makes, and one for what stays.
func start(t *testing.T, ctx context.Context, listen string) (c *exec.Cmd, work, keep string) {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	work, keep = t.TempDir(), filepath.Join(t.TempDir(), "answers")
	c = exec.CommandContext(ctx, filepath.Join(dir, "demo"), "-collector", filepath.Join(dir, "otelcol"),
		"-quickstart", filepath.Join(dir, "quickstart"), "-headcount", filepath.Join(dir, "headcount"), "-keep", keep, "-config", "../../collector-config.yaml",
		"-events", "../quickstart/events.csv", "-listen", listen)
	c.Env = append(os.Environ(), "TMPDIR="+work, "DO_NOT_TRACK=1") // the terminal's own veto is not the demo's
	return c, work, keep
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

// clean checks that nothing is left: no file, and no process on the address.
func clean(t *testing.T, work, listen string) {
	t.Helper()
	if left, err := os.ReadDir(work); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	gone(t, listen)
}

func gone(t *testing.T, listen string) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Minute)
	for {
		c, err := net.Dial("tcp", listen)
		if err != nil {
			return
		}
		_ = c.Close()
		if time.Now().After(deadline) {
			t.Fatalf("a process still listens on %s", listen)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestDemo(t *testing.T) {
	listen := freeAddress(t)
	c, work, keep := start(t, t.Context(), listen)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page, archive := filepath.Join(keep, "answers.html"), filepath.Join(keep, "archive")
	for _, want := range []string{
		"statistics: off, not decided yet", "connections opened: 0\nfiles and identifiers made: none\nbytes at the Collector: 0\n",
		"POST /v1/metrics HTTP/1.1", "compreface.collection.count{compreface.faces.range=501-2000} 1", "connections opened: 1\n",
		`,"USER_CREATE"`, `,"FACE_VERIFICATION_CREATE"`, `,"201-500"`, "9 rows",
		"The Collector stamps its own day", "CompreFace: of ", "checked: each figure is what the simulation counted",
		"\n    " + page + "\n", "serve --archive archive\n", "\n    cd " + keep + "\n",
		"200 made up, ", "that is 201 ever: ",
		"the request was delivered on ", "connections opened: 2,", "1 request to erase carried out, 1 so far", "-size.jsonl: 2 pieces removed",
		"was in 3 of the vendor's files, and is in none of the ", "counted for the 200 others",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the demo does not show %q:\n%s", want, out)
		}
	}
	clean(t, work, listen)
	if text, err := os.ReadFile(page); err != nil || !bytes.Contains(text, []byte("</html>")) {
		t.Errorf("the page after the demo: got %d bytes, %v", len(text), err)
	}
	// What stays is an archive, and a second demo replaces it.
	if _, err := os.Stat(filepath.Join(archive, "manifest.json")); err != nil {
		t.Error(err)
	}
	again := exec.CommandContext(t.Context(), c.Args[0], c.Args[1:]...)
	again.Env = c.Env
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("once more: %v\n%s", err, out)
	}
}

func TestBusyPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, work, _ := start(t, t.Context(), l.Addr().String())
	out, err := c.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "cannot listen on "+l.Addr().String()) || !strings.Contains(string(out), "LISTEN=") {
		t.Errorf("%v\n%s", err, out)
	}
	if left, _ := os.ReadDir(work); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Interrupted at each of its steps, the demo stops everything it started.
func TestInterrupt(t *testing.T) {
	for _, at := range []string{"starting the Collector", "== 1.", "== 2.", "== 3.", "== 4.", "== 5."} {
		t.Run(at, func(t *testing.T) {
			var err error
			for try := 0; err == nil && try < 5; try++ { // it may be done before this process is told of the step
				listen := freeAddress(t)
				c, work, _ := start(t, t.Context(), listen)
				reach(t, c, at)
				if err := c.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
				err = c.Wait()
				clean(t, work, listen)
				if at == "== 5." {
					return
				}
			}
			if err == nil {
				t.Error("interrupted five times, and yet it says that all went well")
			}
		})
	}
}

func TestKilled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a child with its parent")
	}
	listen := freeAddress(t)
	c, _, _ := start(t, t.Context(), listen)
	reach(t, c, "== 1.")
	if err := c.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait()
	gone(t, listen)
}

// reach starts the demo and returns when it has printed a text.
func reach(t *testing.T, c *exec.Cmd, text string) {
	t.Helper()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			go func() {
				for lines.Scan() {
				}
			}()
			return
		}
	}
	t.Fatalf("the demo ended before it said %q: %s", text, said.String())
}

func TestMissingParts(t *testing.T) {
	for _, flag := range []string{"-collector", "-quickstart", "-headcount"} {
		c, _, _ := start(t, t.Context(), freeAddress(t))
		c.Args = append(c.Args, flag, "")
		if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "make demo") {
			t.Errorf("without %s: %v\n%s", flag, err, out)
		}
	}
	for name, change := range map[string][2]string{
		"collector":     {"-collector", "/nowhere/otelcol"},
		"configuration": {"-config", "/nowhere/collector-config.yaml"},
		"quickstart":    {"-quickstart", "/nowhere/quickstart"},
		"events":        {"-events", "/nowhere/events.csv"},
		"headcount":     {"-headcount", "/nowhere/headcount"},
	} {
		t.Run(name, func(t *testing.T) {
			listen := freeAddress(t)
			c, work, _ := start(t, t.Context(), listen)
			c.Args = append(c.Args, change[0], change[1])
			out, err := c.CombinedOutput()
			if err == nil || !strings.Contains(string(out), change[1]) {
				t.Errorf("%v\n%s", err, out)
			}
			clean(t, work, listen)
		})
	}
}
