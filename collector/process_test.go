package collector_test

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"headcount.example/collector/internal/live"
)

// A process is a Collector that runs for one test.
type process struct {
	*live.Collector
	http *http.Client // nil means client
}

// start runs the real Collector with a configuration until the test ends.
func start(t testing.TB, config string) *process {
	t.Helper()
	return startIn(t, config, t.TempDir())
}

// startIn is start with a given directory for the file, to start again where
// another one was killed.
func startIn(t testing.TB, config, dir string) *process {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	c, err := live.Start(binary, config, dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return &process{Collector: c}
}

var workDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "headcount-collector-") })

// build makes the Collector once in a run of the tests.
var build = sync.OnceValues(func() (string, error) {
	dir, err := workDir()
	if err != nil {
		return "", err
	}
	return live.Build("otelcol", dir)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := workDir(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// The shipped configurations load.
func TestValidate(t *testing.T) {
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range products {
		t.Run(p.name, func(t *testing.T) {
			cmd := exec.Command(binary, "validate", "--config", p.config)
			cmd.Env = []string{}
			if out, err := cmd.CombinedOutput(); err != nil || len(strings.TrimSpace(string(out))) != 0 {
				t.Errorf("validate: %v\n%s", err, out)
			}
		})
	}
}
