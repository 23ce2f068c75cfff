package clickhousetest

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

const (
	deployed = "../../../deploy/clickhouse"
	builder  = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"
)

// The committed sources of the Collector are what the builder makes of the
// list of its components, and have the versions of that list.
func TestCollectorIsOfItsList(t *testing.T) {
	if out, err := goCommand("run", builder, "version"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("missing in CI: the builder: %v\n%s", err, out)
		}
		t.Skipf("skipped: the builder is missing (go install %s): %v\n%s", builder, err, out)
	}
	list, err := os.ReadFile(filepath.Join(deployed, "builder-config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "builder-config.yaml")
	changed := bytes.Replace(list, []byte("output_path: ./otelcol"), []byte("output_path: "+strconv.Quote(dir)), 1)
	if err := os.WriteFile(config, changed, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := goCommand("run", builder, "--config", config, "--skip-compilation", "--skip-get-modules"); err != nil {
		t.Fatalf("builder: %v\n%s", err, out)
	}
	made, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	kept, _ := filepath.Glob(filepath.Join(deployed, "otelcol", "*.go"))
	if len(made) == 0 || len(kept) != len(made) {
		t.Errorf("otelcol has %d files, and the builder makes %d", len(kept), len(made))
	}
	for _, path := range made {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.Source(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(deployed, "otelcol", filepath.Base(path)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("otelcol/%s is not what the list gives (%v): run GOWORK=off go generate .", filepath.Base(path), err)
		}
	}
	modules, err := os.ReadFile(filepath.Join(deployed, "otelcol", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile(`gomod: (\S+ v\S+)`).FindAllSubmatch(list, -1)
	if len(listed) == 0 {
		t.Error("the list has no module")
	}
	for _, m := range listed {
		if !bytes.Contains(modules, []byte("\t"+string(m[1])+"\n")) {
			t.Errorf("otelcol/go.mod does not have %s", m[1])
		}
	}
	if bytes.Contains(modules, []byte("replace")) {
		t.Error("otelcol/go.mod replaces a module")
	}
}

func goCommand(args ...string) ([]byte, error) {
	c := exec.Command("go", args...)
	c.Env = append(os.Environ(), "GOWORK=off")
	return c.CombinedOutput()
}
