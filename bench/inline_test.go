package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Add has a small part that the compiler puts into the caller: an application
// that has no client, or no consent, pays for no call.
func TestAddIsInlined(t *testing.T) {
	cmd := exec.Command("go", "build", "-gcflags=headcount.example/telemetry=-m=2", "headcount.example/telemetry")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var said string
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "inline (*Client).Add") {
			said = line
		}
	}
	if !strings.Contains(said, ": can inline ") {
		t.Errorf("got %q, want that (*Client).Add can be inlined", said)
	}
}
