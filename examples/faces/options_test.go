//go:build linux

package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// called runs the program in a directory of its own, with nothing but what is
// given, and returns what it said, its exit code, and what it made there.
func called(t *testing.T, args ...string) (out, fault string, code int, made []string) {
	t.Helper()
	binary, err := filepath.Abs(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(t.Context(), binary, args...)
	c.Dir, c.Env, c.Stdout, c.Stderr = t.TempDir(), []string{"FACES_TEST_NOTICE=1"}, &stdout, &stderr
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	made, err = filepath.Glob(filepath.Join(c.Dir, "*/*"))
	for i := range made {
		made[i] = strings.TrimPrefix(made[i], c.Dir+"/")
	}
	if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), c.ProcessState.ExitCode(), made
}

// A mistake is said once, with what to do, and nothing is opened or made.
func TestWrongUsage(t *testing.T) {
	for _, test := range []struct{ args, says string }{
		{"sede", `"sede" is not a command: say seed, or nothing to serve`}, {"help", `"help" is not a command`},
		{"-dir X sede", `"sede" is not a command`}, {"sede -dir X", `"sede" is not a command`},
		{"seed extra", `seed takes no "extra": leave it out`}, {"seed seed", `seed takes no "seed"`}, {"seed -dir X extra", `seed takes no "extra"`},
		{"-frob", "flag provided but not defined: -frob"}, {"seed -frob", "flag provided but not defined: -frob"},
		{"-dir", "flag needs an argument: -dir"}, {"seed -dir", "flag needs an argument: -dir"},
		{"-database mysql://host/db", "-database is postgres://…"}, {"seed -database mysql://host/db", "-database is postgres://…"},
	} {
		out, fault, code, made := called(t, strings.Fields(test.args)...)
		if code != 2 || out != "" || len(made) != 0 {
			t.Errorf("faces %s: code %d, made %q, says %q", test.args, code, made, out)
		}
		if first, rest, _ := strings.Cut(fault, "\n"); !strings.HasPrefix(first, "faces: wrong usage: ") || !strings.Contains(first, test.says) ||
			rest != "\"faces -help\" lists the commands and flags\n" {
			t.Errorf("faces %s says\n%s", test.args, fault)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"-help", "--help", "-h", "seed -help", "-dir X -help"} {
		out, fault, code, made := called(t, strings.Fields(args)...)
		if code != 0 || fault != "" || len(made) != 0 {
			t.Errorf("faces %s: code %d, made %q, complains %q", args, code, made, fault)
		}
		for _, want := range []string{"seed            add example data", "-database postgres://", "-dir directory", "-listen address", "-endpoint URL"} {
			if !strings.Contains(out, want) {
				t.Errorf("faces %s does not say %q:\n%s", args, want, out)
			}
		}
	}
}

// Flags count wherever they are, so that nothing is written elsewhere.
func TestFlagsAroundTheCommand(t *testing.T) {
	for args, want := range map[string]string{
		"seed": "faces-data/faces.db", "-dir X seed": "X/faces.db", "seed -dir X": "X/faces.db", "-dir Y seed -dir=X": "X/faces.db",
	} {
		out, fault, code, made := called(t, strings.Fields(args)...)
		if code != 0 || fault != "" || !strings.Contains(out, "added an example application") || strings.Join(made, " ") != want {
			t.Errorf("faces %s: code %d, made %q, says %q and %q", args, code, made, out, fault)
		}
	}
}

// A port that is taken is an error that names it, and what to do.
func TestPortTaken(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, fault, code, _ := called(t, "-dir", "X", "-listen", l.Addr().String())
	if code != 1 || !strings.Contains(fault, l.Addr().String()) || !strings.Contains(fault, "FACES_LISTEN") {
		t.Errorf("got code %d and %q, want 1, the address %s, and what to do", code, fault, l.Addr())
	}
}
