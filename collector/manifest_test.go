package collector_test

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const builder = "go.opentelemetry.io/collector/cmd/builder@v0.161.0"

// The committed sources of the Collector are what the builder makes of the
// manifest.
func TestSourcesAreWhatTheManifestGives(t *testing.T) {
	if out, err := goCommand("run", builder, "version"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("missing in CI: the builder: %v\n%s", err, out)
		}
		t.Skipf("skipped: the builder cannot be had (go install %s): %v\n%s", builder, err, out)
	}
	manifest, err := os.ReadFile("builder-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	copied := filepath.Join(dir, "builder-config.yaml")
	manifest = bytes.Replace(manifest, []byte("output_path: ./otelcol"), []byte("output_path: "+strconv.Quote(dir)), 1)
	if err := os.WriteFile(copied, manifest, 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := goCommand("run", builder, "--config", copied, "--skip-compilation", "--skip-get-modules"); err != nil {
		t.Fatalf("builder: %v\n%s", err, out)
	}
	made, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(made) == 0 {
		t.Fatalf("the builder made nothing: %v", err)
	}
	kept, _ := filepath.Glob("otelcol/*.go")
	if len(kept) != len(made) {
		t.Errorf("%d files in otelcol, %d from the builder", len(kept), len(made))
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
		got, err := os.ReadFile(filepath.Join("otelcol", filepath.Base(path)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("otelcol/%s is not what the manifest gives (%v): run GOWORK=off go generate .", filepath.Base(path), err)
		}
	}
}

// The versions of the manifest are the versions of the build.
func TestModulesAreTheManifests(t *testing.T) {
	manifest, err := os.ReadFile("builder-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	modules, err := os.ReadFile("otelcol/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile(`gomod: (\S+ v\S+)`).FindAllSubmatch(manifest, -1)
	if len(listed) != 9 {
		t.Errorf("%d modules in the manifest, want 9", len(listed))
	}
	for _, m := range listed {
		if !bytes.Contains(modules, append(slices.Concat([]byte("\t"), m[1]), '\n')) {
			t.Errorf("otelcol/go.mod does not have %s", m[1])
		}
	}
	if bytes.Contains(modules, []byte("replace")) {
		t.Error("otelcol/go.mod replaces a module")
	}
}

// The Collector has the components of the configuration and no others.
func TestComponentsAreTheConfigurations(t *testing.T) {
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, "components").Output()
	if err != nil {
		t.Fatal(err)
	}
	has := map[string][]string{}
	section := ""
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutSuffix(line, ":\n"); ok && !strings.HasPrefix(name, " ") {
			section = name
		}
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- name: "); ok {
			has[section] = append(has[section], name)
		}
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "- scheme: "); ok {
			has[section] = append(has[section], name)
		}
	}
	for section, want := range map[string]string{
		"receivers": "otlp", "processors": "filter groupbyattrs memory_limiter transform",
		"exporters": "file", "extensions": "health_check", "connectors": "", "providers": "env file",
	} {
		slices.Sort(has[section])
		if got := strings.Join(has[section], " "); got != want {
			t.Errorf("%s: %q, want %q\n%s", section, got, want, out)
		}
	}
}

func goCommand(args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	return cmd.CombinedOutput()
}
