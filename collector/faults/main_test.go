//go:build linux

package faults

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"headcount.example/collector/internal/live"
)

var (
	long  = flag.Duration("for", 0, "how long processes are killed while they count; 0: the short form")
	seed  = flag.Uint64("seed", 0, "of everything drawn at random; 0: another each time")
	first = flag.Int("first", 0, "number of the round to begin with, to see one again")
)

const (
	roleVariable  = "HEADCOUNT_FAULTS_ROLE"
	configuration = "../../collector-config.yaml"
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
	case "host":
		beHost()
	case "counter":
		beCounter()
	default:
		os.Exit(2)
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "16") // they wait far more than they work
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	if *long > 0 {
		fmt.Printf("seed %d, for %v and what comes after\n", *seed, *long)
	}
	code := m.Run()
	if dir, err := workDir(); err == nil {
		code = max(code, cleanUp(dir))
	}
	os.Exit(code)
}

func cleanUp(dir string) int {
	if startedShared {
		if c, err := shared(); err == nil {
			c.Kill()
			if log := c.Log.String(); log != "" {
				fmt.Printf("the Collector logged: %.2000s\n", log)
				os.RemoveAll(dir)
				return 1
			}
		}
	}
	os.RemoveAll(dir)
	return 0
}

var workDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "headcount-faults-") })

var build = sync.OnceValues(func() (string, error) {
	dir, err := workDir()
	if err != nil {
		return "", err
	}
	return live.Build("../otelcol", dir)
})

var startedShared bool

// shared is the Collector of all tests that do not harm it.
var shared = sync.OnceValues(func() (*live.Collector, error) {
	dir, err1 := workDir()
	binary, err2 := build()
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	startedShared = true
	return live.Start(binary, configuration, dir)
})

// collector returns the shared Collector's address and what it has stored.
func collector(t *testing.T) (string, *store) {
	t.Helper()
	c, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return c.URL, &store{dir: filepath.Dir(c.File)}
}

// directory is a new one for an installation: telemetry, and the decisions
// beside it.
func directory(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "telemetry")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bound is what no call takes longer than, on a machine that does much else:
// the ten seconds of a report, and then some. A test that meets it failed.
const bound = time.Minute
