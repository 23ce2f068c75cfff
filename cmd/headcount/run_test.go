package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A result is what a command line did.
type result struct {
	code           int
	stdout, stderr string
}

// headcount runs a command line.
func headcount(args ...string) result { return headcountIn(context.Background(), args...) }

func headcountIn(ctx context.Context, args ...string) result {
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// fine runs a command line that must succeed, and returns its output.
func fine(t *testing.T, args ...string) string {
	t.Helper()
	r := headcount(args...)
	if r.code != exitFine || r.stderr != "" {
		t.Fatalf("headcount %q: got exit code %d and %q, want 0 and nothing", args, r.code, r.stderr)
	}
	return r.stdout
}

// oneLine asserts that the standard error is one line of this command that
// holds a text.
func (r result) oneLine(t *testing.T, want string) {
	t.Helper()
	if !strings.HasPrefix(r.stderr, "headcount: ") || strings.Count(r.stderr, "\n") != 1 || !strings.HasSuffix(r.stderr, "\n") {
		t.Errorf("got %q on the standard error, want one line that begins with headcount:", r.stderr)
	}
	if !strings.Contains(r.stderr, want) {
		t.Errorf("got %q on the standard error, want it to hold %q", r.stderr, want)
	}
}

const (
	guidA = "1b671a64-40d5-491e-99b0-da01ff1f3341"
	guidB = "9c858901-8a57-4791-81fe-4c455b099bc9"
	guidC = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
)

// reportLine is a report as the Collector writes it: users and collections
// with 1 to 10 faces.
func reportLine(t *testing.T, guid, date string, users, collections int) string {
	t.Helper()
	at := nanos(t, date)
	return envelope(guid, fmt.Sprintf(`{"name":"compreface.user.created","unit":"{user}","sum":{"dataPoints":[{"timeUnixNano":"%s","asInt":"%d"}],"aggregationTemporality":2,"isMonotonic":true}},`+
		`{"name":"compreface.collection.count","unit":"{collection}","gauge":{"dataPoints":[{"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"1-10"}}],"timeUnixNano":"%s","asInt":"%d"}]}}`,
		at, users, at, collections))
}

// eraseLine is a request to erase.
func eraseLine(t *testing.T, guid, date string) string {
	t.Helper()
	return envelope(guid, fmt.Sprintf(`{"name":"headcount.erasure.requested","unit":"1","gauge":{"dataPoints":[{"timeUnixNano":"%s","asInt":"1"}]}}`, nanos(t, date)))
}

func envelope(guid, metrics string) string {
	return `{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"` + guid + `"}}]},` +
		`"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[` + metrics + `]}]}]}` + "\n"
}

func nanos(t *testing.T, date string) string {
	t.Helper()
	return fmt.Sprint(startOf(t, date).UnixNano())
}

// startOf is the beginning of a day.
func startOf(t *testing.T, date string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02", date)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// write writes a file and returns its path.
func write(t *testing.T, path string, content ...string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(strings.Join(content, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// compactedArchive is an archive of two installations, and of a torn piece.
func compactedArchive(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	raw := write(t, filepath.Join(dir, "usage.jsonl"),
		reportLine(t, guidA, "2026-11-23", 2, 1),
		reportLine(t, guidA, "2026-11-24", 3, 2),
		reportLine(t, guidB, "2026-11-24", 1, 0),
		`{"resourceMetrics":[{"resource"`+"\n")
	archive := filepath.Join(dir, "archive")
	fine(t, "compact", "--archive", archive, "--catalog", "compreface", raw)
	return archive
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
