// Command suite runs go test for scripts/test. It prints what go test prints
// without -v, and a line for each reason for which tests were skipped.
//
//	suite run LIST FLAGS PACKAGES
//	suite root LIST
//
// A test that only root can run skips with a text that begins with
// "needs root: ". The first command adds these tests to LIST. The second one
// runs them, as root, and fails if one of them does not run to its end.
//
// In CI (CI=true) every other skip is a failure. No result is one of an earlier
// run: go test does not see which programs and servers the machine has.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	err := errors.New("usage: suite run LIST FLAGS PACKAGES, or: suite root LIST")
	switch {
	case len(os.Args) > 3 && os.Args[1] == "run":
		err = run(os.Args[2], os.Args[3:])
	case len(os.Args) == 3 && os.Args[1] == "root":
		err = asRoot(os.Args[2])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "suite:", err)
		os.Exit(1)
	}
}

// A rootTest is one that said that it needs root, and how it was run.
type rootTest struct {
	Dir     string   // of the module
	Package string   // its import path
	Test    string   // with the names of its parents
	Flags   []string // of go test
}

// run tests packages of the module in the working directory, and adds to the
// list what needs root.
func run(list string, args []string) error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	r := newReport(os.Stdout)
	r.strict = os.Getenv("CI") == "true"
	r.root = os.Geteuid() == 0
	failed := goTest(dir, r, args)
	flags := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return strings.HasPrefix(arg, ".") })
	var lines bytes.Buffer
	for _, t := range r.needRoot {
		t.Dir, t.Flags = dir, flags
		if err := json.NewEncoder(&lines).Encode(t); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(list, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(lines.Bytes())
	return errors.Join(failed, err, f.Close())
}

// asRoot runs every test of the list. An empty list is a failure: there are
// such tests, so something lost them.
func asRoot(list string) error {
	if os.Geteuid() != 0 {
		return errors.New("these tests need root")
	}
	content, err := os.ReadFile(list)
	if err != nil {
		return fmt.Errorf("%w: an ordinary user's make test writes it", err)
	}
	var tests []rootTest
	for d := json.NewDecoder(bytes.NewReader(content)); ; {
		var t rootTest
		if err := d.Decode(&t); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("%s: %w", list, err)
		}
		tests = append(tests, t)
	}
	if len(tests) == 0 {
		return fmt.Errorf("%s is empty: no test said that it needs root", list)
	}
	var faults []error
	for _, group := range grouped(tests) {
		faults = append(faults, group.run())
	}
	return errors.Join(faults...)
}

// grouped are the tests by their packages and flags, in the order of the list.
func grouped(tests []rootTest) (groups []group) {
	for _, t := range tests {
		at := slices.IndexFunc(groups, func(g group) bool {
			return g[0].Dir == t.Dir && g[0].Package == t.Package && slices.Equal(g[0].Flags, t.Flags)
		})
		if at < 0 {
			groups = append(groups, group{t})
		} else {
			groups[at] = append(groups[at], t)
		}
	}
	return groups
}

// A group is tests of one package. A package that is tested with the race
// detector and without it has two: some tests are in one of them only.
type group []rootTest

func (g group) run() error {
	r := newReport(os.Stdout)
	args := append(slices.Clone(g[0].Flags), "-run", g.pattern(), g[0].Package)
	faults := []error{goTest(g[0].Dir, r, args)}
	for _, t := range g {
		if got := r.ended[t.Package+" "+t.Test]; got != "pass" {
			faults = append(faults, fmt.Errorf("%s %s needs root, and as root it did not pass: %q", t.Package, t.Test, got))
		}
	}
	return errors.Join(faults...)
}

// pattern matches the tests without their subtests, which have no other way
// to be run.
func (g group) pattern() string {
	var names []string
	for _, t := range g {
		name, _, _ := strings.Cut(t.Test, "/")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return "^(" + strings.Join(names, "|") + ")$"
}

func goTest(dir string, r *report, args []string) error {
	c := exec.Command("go", append([]string{"test", "-json", "-count=1"}, args...)...)
	c.Dir, c.Stderr = dir, os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	err = r.read(out)
	_, _ = io.Copy(io.Discard, out) // or go test would wait for its reader
	if failed := c.Wait(); failed != nil {
		err = errors.Join(err, fmt.Errorf("go test %s: %w", strings.Join(args, " "), failed))
	}
	return err
}
