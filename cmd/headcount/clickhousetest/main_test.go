package clickhousetest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The programs of the tests, built from their sources.
var programs struct{ front, collector, headcount string }

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	library, err := filepath.Abs("node_modules/@chdb/lib-linux-x64-gnu/libchdb.so")
	if given := os.Getenv("CHDB_LIB_PATH"); given != "" {
		library = given
	}
	if _, failed := os.Stat(library); err != nil || failed != nil {
		fmt.Println("skipped: ClickHouse's engine is missing (apt-get install npm, and npm ci in cmd/headcount/clickhousetest)")
		if os.Getenv("CI") == "true" {
			return 1
		}
		return 0
	}
	os.Setenv("CHDB_LIB_PATH", library)
	dir, err := os.MkdirTemp("", "clickhousetest")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	for _, p := range []struct {
		program        *string
		name, from, of string
	}{
		{&programs.front, "front", ".", "./front"},
		{&programs.headcount, "headcount", "..", "."},
		{&programs.collector, "otelcol", "../../../deploy/clickhouse/otelcol", "."},
	} {
		*p.program = filepath.Join(dir, p.name)
		build := exec.Command("go", "build", "-C", p.from, "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", *p.program, p.of)
		build.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build of %s: %v\n%s\n", p.name, err, out)
			return 1
		}
	}
	return m.Run()
}
