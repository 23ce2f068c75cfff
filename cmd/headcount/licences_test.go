package main

import (
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// TestLicences: the licences of all modules in the command are in it, of the
// versions that it is built from.
func TestLicences(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{if not .Replace}}{{.Path}} {{.Version}}{{end}}{{end}}{{end}}", ".")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(strings.ReplaceAll(strings.TrimSpace(string(out)), " ", "@"))
	slices.Sort(modules)
	modules = slices.Compact(modules)
	if len(modules) < 10 {
		t.Fatalf("got %d modules on %s", len(modules), runtime.GOOS)
	}
	for _, m := range modules {
		path, version, _ := strings.Cut(m, "@")
		_, text, ok := strings.Cut(licences, "\n==== "+path+" "+version+"\n")
		text, _, _ = strings.Cut(text, "\n==== ")
		if !ok || len(text) < 200 {
			t.Errorf("no licence of %s %s: run scripts/licences", path, version)
		}
	}
	r := headcount("version", "--licences")
	if r.code != 0 || r.stdout != licences {
		t.Errorf("got exit code %d and %d bytes, want all %d", r.code, len(r.stdout), len(licences))
	}
}
