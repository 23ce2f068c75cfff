package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// While another process is saving, erase waits for some seconds and not for
// ever, and the no is recorded all the same.
func TestEraseWhileAnotherSaves(t *testing.T) {
	s := open(t, "http://127.0.0.1:1")
	s.run(0, "settings telemetry on")
	lock, err := os.Open(filepath.Join(s.data, "telemetry", "consent.lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	c := s.prepare("settings", "telemetry", "erase")
	began := time.Now()
	defer time.AfterFunc(patience, func() { _ = c.Process.Kill() }).Stop()
	out, err := c.CombinedOutput()
	// Not sooner than it may give up, however slow the machine is.
	if took := time.Since(began); c.ProcessState.ExitCode() != 0 || took < 2*time.Second || !strings.Contains(string(out), "usage statistics: off, no on") {
		t.Errorf("%v after %s: %s", err, took, out)
	}
}
