package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/audit/testcollector"
)

// asCommand makes the test's binary the command itself.
const asCommand = "HEADCOUNT_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	clock = func() time.Time { return time.Date(2026, time.December, 1, 12, 0, 0, 0, time.UTC) }
	code := m.Run()
	if err := testcollector.Remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// command is the command as a process of its own.
func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asCommand+"=1")
	return c
}

// As in headcount export … | head -1: no signal ends the process, the exit
// code is 0, and there is no message.
func TestHead(t *testing.T) {
	dir := t.TempDir()
	archive := filepath.Join(dir, "archive")
	raw := write(t, filepath.Join(dir, "usage.jsonl"), reportLine(t, guidA, "2026-11-24", 90_000, 1)) // more than a pipe holds
	fine(t, "compact", "--archive", archive, raw)
	c := command(t, "export", "--archive", archive, "actions")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasSuffix(line, "\"USER_CREATE\"\n") {
		t.Errorf("got %q, %v", line, err)
	}
	out.Close()
	if err := c.Wait(); err != nil || stderr.Len() > 0 {
		t.Errorf("got %v and %q, want exit code 0 and nothing", err, stderr.String())
	}
}

func TestExitCodesOfTheProcess(t *testing.T) {
	for want, args := range map[int][]string{
		exitFine:    {"version"},
		exitFailure: {"report", "--archive", filepath.Join(t.TempDir(), "none")},
		exitUsage:   {"report"},
	} {
		c := command(t, args...)
		err := c.Run()
		if got := c.ProcessState.ExitCode(); got != want {
			t.Errorf("%q: got exit code %d, %v; want %d", args, got, err, want)
		}
	}
}
