package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":       "module p\n\ngo 1.25.0\n",
		"p.go":         "package p\n\nimport _ \"p/q\"\n\nconst Big = 1 << 40\n",
		"p_windows.go": "package p\n\nvar wrong int = \"text\"\n",
		"p_test.go":    "package p\n\nvar tooLarge int = Big\n",
		"q/q_unix.go":  "//go:build unix\n\npackage q\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		target string
		tests  bool
		want   string // in the faults; empty for none
	}{
		{"linux/amd64", true, ""},
		{"linux/386", false, ""},
		{"linux/386", true, "(overflows)"},
		{"windows/amd64", false, "cannot use \"text\""},
		{"plan9/amd64", false, "build constraints exclude all Go files"},
	} {
		n, faults, err := check(dir, c.target, c.tests)
		got := strings.Join(faults, "\n")
		if err != nil || n < 2 || (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s, tests %v: got %d packages, %q and %v, want %q", c.target, c.tests, n, got, err, c.want)
		}
	}
	if _, _, err := check(dir, "linux", false); err == nil {
		t.Error("a system without an architecture: got no error")
	}
	if _, faults, err := check(t.TempDir(), "linux/amd64", false); err == nil && len(faults) == 0 {
		t.Error("an empty directory: got no error")
	}
}
