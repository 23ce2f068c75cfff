package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clone makes a repository of one commit of the files that are here now, with
// what is not committed yet, and returns its directory.
func clone(t *testing.T) string {
	t.Helper()
	root, to := top(t), filepath.Join(t.TempDir(), "head count ü")
	list := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("missing in CI: git, in a clone: %v", err)
		}
		t.Skip("skipped: git is missing, or this is no clone (apt-get install git)")
	}
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		info, err := os.Stat(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // removed, and not committed yet
		}
		data, read := os.ReadFile(filepath.Join(root, name))
		if err != nil || read != nil {
			t.Fatal(err, read)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), data, info.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
	in(t, to, nil, "git", "init", "--quiet")
	commit(t, to)
	return to
}

func commit(t *testing.T, dir string) {
	t.Helper()
	in(t, dir, nil, "git", "add", "--all")
	in(t, dir, nil, "git", "-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "--quiet", "--message", "all")
}

// in runs a command that must succeed, and returns its output.
func in(t *testing.T, dir string, env []string, command ...string) string {
	t.Helper()
	out, code := try(t, dir, env, "", command...)
	if code != 0 {
		t.Fatalf("%s: exit code %d\n%s", strings.Join(command, " "), code, out)
	}
	return out
}

// try runs a command with an input, and returns its output and exit code.
func try(t *testing.T, dir string, env []string, input string, command ...string) (string, int) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	if c.ProcessState == nil {
		t.Fatalf("%s: %v", strings.Join(command, " "), err)
	}
	return string(out), c.ProcessState.ExitCode()
}

// stays fails the test if the clone is not as it was committed.
func stays(t *testing.T, dir, after string) {
	t.Helper()
	if changed := in(t, dir, nil, "git", "status", "--porcelain"); changed != "" {
		t.Errorf("after %s a clone has changes:\n%s", after, changed)
	}
}

// asUser is the environment of a user of the clone, who sets nothing, but for the
// Makefile's flags. With them packages are compiled once and not for each clone:
// without -trimpath the directory is part of what is compiled.
var asUser = []string{"GOWORK=", "GOFLAGS=-buildvcs=false -trimpath", "CGO_ENABLED=0"}

// TestCloneStaysClean: looking at a clone changes nothing in it. .ci/run looks
// after each command of make.
func TestCloneStaysClean(t *testing.T) {
	t.Parallel()
	dir := clone(t)
	for _, command := range []string{
		"go doc ./telemetry", "go doc headcount.example/telemetry Client.Add", "go vet ./...",
		"go list -test ./... ./cmd/headcount/... ./collector/... ./examples/... ./sqlstate/...",
	} {
		in(t, dir, asUser, strings.Fields(command)...)
		stays(t, dir, command)
	}
}

// TestModulePath: a copy can be published under a path of its own. Nothing is
// rewritten before a yes.
func TestModulePath(t *testing.T) {
	t.Parallel()
	dir := clone(t)
	const other = "git.vendor.example/headcount"
	for name, test := range map[string]struct {
		input, want string
		code        int
		command     []string
	}{
		"no path":      {"", "usage: make module-path", 2, []string{"scripts/module-path"}},
		"no domain":    {"y\n", "must be a domain", 2, []string{"scripts/module-path", "headcount"}},
		"no answer":    {"", "nothing was changed", 1, []string{"scripts/module-path", other}},
		"a no":         {"n\n", "Go on? [y/N]", 1, []string{"scripts/module-path", other}},
		"another word": {"yes\n", "nothing was changed", 1, []string{"scripts/module-path", other}},
	} {
		out, code := try(t, dir, asUser, test.input, test.command...)
		if code != test.code || !strings.Contains(out, test.want) {
			t.Errorf("%s: got exit code %d and %q, want %d and %q", name, code, out, test.code, test.want)
		}
		stays(t, dir, name)
	}

	env := append([]string{"CHECK=. sqlstate"}, asUser...)
	if out, code := try(t, dir, env, "y\n", "make", "module-path", "MODULE="+other); code != 0 || !strings.Contains(out, module+" is "+other+" now") {
		t.Fatalf("got exit code %d\n%s", code, out)
	}
	if left, code := try(t, dir, nil, "", "git", "grep", "-n", "-w", module+"/", "--", "*.go", "*.mod", "*.work", "*.txt"); code == 0 {
		t.Errorf("the old path is left in\n%s", left)
	}
	own := append([]string{"GOWORK=off"}, asUser[1:]...)
	in(t, dir, own, "go", "test", "./bucketing", "./catalog/...", "./consent")
	in(t, dir, own, "go", "test", "-run", "^(TestAPI|TestArrows|TestExamples|TestHeadcountImportsTheCatalogAlone|TestApplicationStaysLean)$", "./internal/house")
	out, code := try(t, dir, env, "y\n", "scripts/module-path", "another.example/path")
	if code != 1 || !strings.Contains(out, "commit or stash your changes first") {
		t.Errorf("with changes: got exit code %d and %q, want 1", code, out)
	}
}
