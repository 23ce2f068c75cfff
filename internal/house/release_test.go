package house

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// TestRelease makes a release for this system, whole, in a clone: built twice
// in two directories with equal bytes, SBOM, checksums, notes. It is refused
// while something is missing.
func TestRelease(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: releases are made on Linux")
	}
	t.Parallel()
	dir := clone(t)
	target := runtime.GOOS + "/" + runtime.GOARCH
	cache := strings.TrimSpace(in(t, dir, nil, "go", "env", "GOCACHE"))
	env := append([]string{"TARGETS=" + target, "SECOND_CACHE=" + cache}, asUser[1:]...)
	refused := func(want string, code int, command ...string) {
		t.Helper()
		if out, got := try(t, dir, env, "", command...); got != code || !strings.Contains(out, want) {
			t.Errorf("got exit code %d and %q, want %d and %q", got, out, code, want)
		}
	}
	rewrite := func(name string, change func(string) string) {
		t.Helper()
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(change(string(data))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	refused("usage: make release VERSION=v0.1.0", 2, "scripts/release")
	refused("usage: make release VERSION=v0.1.0", 2, "scripts/release", "0.1.0")
	refused("SECURITY.md has a placeholder", 1, "scripts/release", "v0.1.0")
	rewrite("SECURITY.md", func(s string) string {
		return strings.ReplaceAll(s, "security@headcount.example", "security@vendor.example")
	})
	refused("commit or stash your changes first", 1, "scripts/release", "v0.1.0")
	const licences = "cmd/headcount/licences.txt"
	rewrite(licences, func(s string) string { return s + "one more\n" })
	commit(t, dir)
	refused("run scripts/licences", 1, "scripts/release", "v0.1.0")
	rewrite(licences, func(s string) string { return strings.TrimSuffix(s, "one more\n") })
	commit(t, dir)

	t.Log(in(t, dir, env, "make", "release", "VERSION=v0.1.0"))
	stays(t, dir, "make release")
	dist := filepath.Join(dir, "dist")
	command := "headcount-v0.1.0-" + runtime.GOOS + "-" + runtime.GOARCH
	in(t, dist, nil, "sha256sum", "--check", "--strict", "SHA256SUMS")
	head := strings.TrimSpace(in(t, dir, nil, "git", "rev-parse", "HEAD"))
	if got := in(t, dist, nil, "./"+command, "version"); !strings.HasPrefix(got, "headcount v0.1.0, commit "+head+", go") {
		t.Errorf("the command says %q, want version, commit and Go", got)
	}
	if got := in(t, dist, nil, "./"+command, "version", "--licences"); !strings.Contains(got, "==== github.com/parquet-go/parquet-go ") {
		t.Errorf("the command has no licences: %.200q", got)
	}
	if got := in(t, dist, nil, "tar", "--list", "--file", "headcount-v0.1.0.tar.gz"); !strings.Contains(got, "headcount-v0.1.0/go.mod\n") {
		t.Errorf("the source has no go.mod: %.200q", got)
	}
	if notes, err := os.ReadFile(filepath.Join(dist, "notes-v0.1.0.md")); err != nil || !strings.HasPrefix(string(notes), "## v0.1.0\n") || strings.Count(string(notes), "\n## ") != 0 {
		t.Errorf("the notes are %.200q, %v, want the first section of CHANGELOG.md", notes, err)
	}
	components(t, filepath.Join(dist, "headcount-v0.1.0.sbom.json"))
}

// TestWorkflows: CI runs what a contributor runs, each target that a workflow
// names is in the Makefile, and each module gets new versions of what it uses.
// make check looks at the syntax of workflows.
func TestWorkflows(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(filepath.Join(top(t), path))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	makefile, weekly := read("Makefile"), read(".github/workflows/weekly.yaml")
	if !strings.Contains(read(".github/workflows/ci.yaml"), "- run: bash .ci/run") {
		t.Error("ci.yaml does not run .ci/run")
	}
	dependabot := read(".github/dependabot.yml")
	for _, m := range regexp.MustCompile(`(?m)^\t\.(\S*)$`).FindAllStringSubmatch(read("go.work"), -1) {
		if directory := cmp.Or(m[1], "/"); !strings.Contains(dependabot, strconv.Quote(directory)) {
			t.Errorf("dependabot.yml does not name the module %s", directory)
		}
	}
	matrix := regexp.MustCompile(`target: \[(.*)\]`).FindStringSubmatch(weekly)
	if matrix == nil || !strings.Contains(weekly, "make ${{ matrix.target }}") {
		t.Fatal("weekly.yaml has no targets, or does not run them")
	}
	for target := range strings.SplitSeq(matrix[1], ", ") {
		if !strings.Contains(makefile, "\n"+target+": ") {
			t.Errorf("weekly.yaml runs make %s, and there is no such target", target)
		}
	}
	for _, target := range []string{"fuzz", "faults", "audit"} {
		if !strings.Contains(", "+matrix[1]+",", " "+target+",") {
			t.Errorf("weekly.yaml does not run make %s", target)
		}
	}
}

// components checks that the SBOM names what is in the command.
func components(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Format     string `json:"bomFormat"`
		Components []struct{ Name, Version string }
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, c := range list.Components {
		found[c.Name] = c.Version != ""
	}
	if list.Format != "CycloneDX" || len(found) < 10 || !found["github.com/parquet-go/parquet-go"] || !found["github.com/spf13/cobra"] {
		t.Errorf("the SBOM is %q with %v", list.Format, found)
	}
}
