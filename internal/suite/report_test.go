package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// events are what go test -json prints of a package p. Each line is an action, a
// test or -, and an output.
func events(lines ...string) string {
	var text strings.Builder
	for _, line := range lines {
		action, rest, _ := strings.Cut(line, " ")
		test, output, _ := strings.Cut(rest, " ")
		test = strings.TrimPrefix(test, "-")
		if output != "" {
			output += "\n"
		}
		fmt.Fprintf(&text, "{\"Action\":%q,\"Package\":\"p\",\"Test\":%q,\"Output\":%q}\n", action, test, output)
	}
	return text.String()
}

func TestReport(t *testing.T) {
	skips := func(why string) string {
		return events("start -", "output TestA === RUN   TestA", "output TestA     a_test.go:7: "+why,
			"output TestA --- SKIP: TestA (0.00s)", "skip TestA", "output - PASS", "output - ok  \tp\t0.1s", "pass -")
	}
	for name, c := range map[string]struct {
		events       string
		strict, root bool
		prints       string
		fault        string // how the error begins; empty for none
		needRoot     []string
	}{
		"passes": {events: events("start -", "output TestA === RUN   TestA", "output TestA     a_test.go:7: a log line",
			"pass TestA", "output - PASS", "output - ok  \tp\t0.1s", "pass -"),
			prints: "ok  \tp\t0.1s\n"},
		"fails": {events: events("start -", "output TestA === RUN   TestA", "output TestA     a_test.go:7: wrong",
			"output TestA --- FAIL: TestA (0.00s)", "fail TestA", "output TestB     b_test.go:7: right", "pass TestB",
			"output - FAIL", "output - FAIL\tp\t0.1s", "fail -"),
			prints: "    a_test.go:7: wrong\n--- FAIL: TestA (0.00s)\nFAIL\nFAIL\tp\t0.1s\n"},
		"panics": {events: events("start -", "output TestA panic: oh", "output - FAIL\tp\t0.1s", "fail -"),
			prints: "panic: oh\nFAIL\tp\t0.1s\n"},
		"does not build":      {events: events("build-output - a.go:1: syntax"), prints: "a.go:1: syntax\n"},
		"does not end":        {events: events("start -", "output TestA === RUN   TestA"), fault: "p did not end"},
		"is not JSON":         {events: "no such command", fault: "go test said what is not JSON"},
		"skips":               {events: skips("skipped: no oven (apt-get install oven)"), prints: "ok  \tp\t0.1s\nskipped: no oven (apt-get install oven) (TestA)\n"},
		"skips in CI":         {events: skips("no oven"), strict: true, prints: "ok  \tp\t0.1s\nskipped: no oven (TestA)\n", fault: "skipped in CI: p TestA: no oven"},
		"needs root":          {events: skips("needs root: to bake"), prints: "ok  \tp\t0.1s\nskipped: needs root: to bake (TestA)\n", needRoot: []string{"TestA"}},
		"needs root in CI":    {events: skips("needs root: to bake"), strict: true, prints: "ok  \tp\t0.1s\nskipped: needs root: to bake (TestA)\n", needRoot: []string{"TestA"}},
		"root skips":          {events: skips("needs root: to bake"), root: true, prints: "ok  \tp\t0.1s\nskipped: needs root: to bake (TestA)\n"},
		"root skips in CI":    {events: skips("needs root: to bake"), strict: true, root: true, prints: "ok  \tp\t0.1s\nskipped: needs root: to bake (TestA)\n", fault: "skipped in CI: p TestA"},
		"skips and says none": {events: events("start -", "skip TestA", "output TestA === RUN   TestA", "output - ok  \tp\t0.1s", "pass -"), prints: "ok  \tp\t0.1s\nskipped: no reason given (TestA)\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(&out)
			r.strict, r.root = c.strict, c.root
			err := r.read(strings.NewReader(c.events))
			if out.String() != c.prints {
				t.Errorf("prints\n%s\nwant\n%s", out.String(), c.prints)
			}
			if c.fault == "" != (err == nil) || err != nil && !strings.HasPrefix(err.Error(), c.fault) {
				t.Errorf("error %v, want %q", err, c.fault)
			}
			var tests []string
			for _, need := range r.needRoot {
				tests = append(tests, need.Test)
			}
			if !slices.Equal(tests, c.needRoot) {
				t.Errorf("need root: %q, want %q", tests, c.needRoot)
			}
		})
	}
}

// Tests that need root are run by package and flags. Subtests are run by the
// names of their parents.
func TestGroups(t *testing.T) {
	groups := grouped([]rootTest{{"d", "p", "TestA/x", nil}, {"d", "q", "TestC", nil}, {"d", "p", "TestB", nil}, {"d", "p", "TestA/y", nil}, {"d", "p", "TestA/x", []string{"-race"}}})
	var patterns []string
	for _, g := range groups {
		patterns = append(patterns, g[0].Package+" "+g.pattern())
	}
	if want := []string{"p ^(TestA|TestB)$", "q ^(TestC)$", "p ^(TestA)$"}; !slices.Equal(patterns, want) {
		t.Errorf("%q, want %q", patterns, want)
	}
}

// A program that was installed or removed since the last run changes what is
// skipped.
func TestNotCached(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":    "module p\n",
		"p_test.go": "package p\n\nimport (\n\t\"os\"\n\t\"testing\"\n)\n\nfunc TestOven(t *testing.T) {\n\tif _, err := os.Stat(" + strconv.Quote(filepath.Join(t.TempDir(), "oven")) + "); err != nil {\n\t\tt.Skip(\"no oven\")\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		var out strings.Builder
		if err := goTest(dir, newReport(&out), []string{"."}); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); strings.Contains(got, "(cached)") || !strings.Contains(got, "skipped: no oven (TestOven)") {
			t.Errorf("got %q, want a run that skips", got)
		}
	}
}
