package main_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

// headcount simulate --rotate names its files as the real Collector does: that one
// rotates to a name of the same shape, and leaves the simulation's names as they
// are. At its start it renames a file whose name does not say why it was rotated.
func TestRotatedNames(t *testing.T) {
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	headcount, out := filepath.Join(dir, "headcount"), filepath.Join(t.TempDir(), "history")
	simulate := func(args ...string) {
		t.Helper()
		if said, err := exec.Command(headcount, append([]string{"simulate"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	simulate("--installations", "200", "--days", "40", "--rotate", "1", "--out", out)
	made := rotated(t, out)
	if len(made) == 0 {
		t.Fatal("the simulation has rotated nothing")
	}
	plain := filepath.Join(out, "usage-2020-01-01T00-00-00.000.jsonl")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}

	shipped, err := os.ReadFile("../../collector-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, bytes.Replace(shipped, []byte("max_megabytes: 100,"), []byte("max_megabytes: 1,"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	listen, health := freeAddress(t), freeAddress(t)
	c := exec.CommandContext(t.Context(), filepath.Join(dir, "otelcol"), "--config", config)
	var said bytes.Buffer
	c.Stdout, c.Stderr = &said, &said
	c.Env = append(os.Environ(), "HEADCOUNT_LISTEN="+listen, "HEADCOUNT_HEALTH="+health, "HEADCOUNT_FILE="+filepath.Join(out, "usage.jsonl"))
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	defer func() { _ = c.Process.Kill(); <-ended }()
	for ready := false; !ready; {
		select {
		case <-ended:
			t.Fatalf("the Collector ended before it was ready:\n%s", said.String())
		case <-time.After(20 * time.Millisecond):
		}
		if reply, err := http.Get("http://" + health); err == nil {
			_ = reply.Body.Close()
			ready = reply.StatusCode == http.StatusOK
		}
	}
	started := rotated(t, out)
	if want := append([]string{"usage-2020-01-01T00-00-00.000-size.jsonl"}, made...); !slices.Equal(started, want) {
		t.Errorf("the Collector made the names %q, want %q", started, want)
	}
	simulate("--installations", "1000", "--days", "1", "--grown", "--endpoint", "http://"+listen)
	all := rotated(t, out)
	if len(all) <= len(started) {
		t.Fatal("the Collector has rotated nothing")
	}
	digit := regexp.MustCompile(`[0-9]`)
	for _, name := range all {
		if got, want := digit.ReplaceAllString(name, "0"), "usage-0000-00-00T00-00-00.000-size.jsonl"; got != want {
			t.Errorf("got the name %s, want one as %s", name, want)
		}
	}
}

// rotated are the names of the rotated files in a directory, in their order.
func rotated(t *testing.T, dir string) (names []string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "usage-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		names = append(names, filepath.Base(path))
	}
	return names
}
