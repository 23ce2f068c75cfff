// Package testcollector builds the Collector of the tests of headcount audit.
// It has the components of the shipped one, and those that weak
// configurations and OpenTelemetry's documentation use.
package testcollector

//go:generate go run go.opentelemetry.io/collector/cmd/builder@v0.161.0 --config builder-config.yaml --skip-compilation
//go:generate gofmt -w otelcol

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

// Program builds the Collector once in a process, and returns its path. The
// first build takes some minutes on two cores, a rebuild a second. Remove
// removes it.
var Program = sync.OnceValues(func() (string, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return "", fmt.Errorf("the sources of the test's Collector are not here")
	}
	dir, err := os.MkdirTemp("", "headcount-testcollector-")
	if err != nil {
		return "", err
	}
	built = dir
	notice := time.AfterFunc(5*time.Second, func() {
		fmt.Fprintln(os.Stderr, "building a Collector from its modules: some minutes the first time, a second when cached")
	})
	defer notice.Stop()
	binary := filepath.Join(dir, "otelcol")
	sources := filepath.Join(filepath.Dir(file), "otelcol")
	cmd := exec.Command("go", "build", "-C", sources, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", binary, ".")
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return binary, nil
})

var built string

// Remove removes the program that Program built.
func Remove() error {
	if built == "" {
		return nil
	}
	return os.RemoveAll(built)
}
