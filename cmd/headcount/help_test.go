package main

import (
	"io"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// own are the commands that this program defines, without cobra's own below
// completion.
func own(t *testing.T) (list []*cobra.Command) {
	t.Helper()
	root := newRoot(io.Discard)
	list = append(list, root.Commands()...)
	if len(list) < 8 {
		t.Fatalf("got %d commands, want all", len(list))
	}
	return append(list, root)
}

func TestEveryCommandHasHelpWithExamples(t *testing.T) {
	for _, c := range own(t) {
		if c.Short == "" || len(strings.Fields(c.Long)) < 4 {
			t.Errorf("%s: it has no text that says what it does", c.CommandPath())
		}
		n := 0
		for line := range strings.Lines(c.Example) {
			if strings.Contains(line, "headcount ") {
				n++
			}
		}
		if n < 2 {
			t.Errorf("%s: got %d examples, want two or more", c.CommandPath(), n)
		}
		narrow(t, c.CommandPath(), c.Long, 80)
		narrow(t, c.CommandPath(), c.Example, 100)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s --%s: it has no text", c.CommandPath(), f.Name)
			}
		})
		args := strings.Fields(strings.TrimPrefix(c.CommandPath(), "headcount"))
		if out := fine(t, append(args, "--help")...); !strings.Contains(out, "Examples:") || !strings.Contains(out, strings.TrimSpace(c.Long[:20])) {
			t.Errorf("%s --help: got %q", c.CommandPath(), out)
		}
		if out, help := fine(t, append(args, "--help")...), fine(t, append([]string{"help"}, args...)...); out != help {
			t.Errorf("help and --help of %s differ", c.CommandPath())
		}
	}
}

// narrow asserts that no line of a text is wider than so many columns.
func narrow(t *testing.T, of, text string, columns int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if len([]rune(strings.TrimSuffix(line, "\n"))) > columns {
			t.Errorf("%s: a line of its help is wider than %d columns: %q", of, columns, line)
		}
	}
}

// Every example of a help page is one that the command takes.
func TestExamplesUseKnownFlags(t *testing.T) {
	flag := regexp.MustCompile(`--[a-z-]+`)
	for _, c := range own(t) {
		for line := range strings.Lines(c.Example) {
			_, line, ok := strings.Cut(line, "headcount ")
			line, _, _ = strings.Cut(line, "|")
			if !ok {
				continue
			}
			sub, _, err := newRoot(io.Discard).Find(strings.Fields(line))
			if err != nil || strings.HasPrefix(line, "-") {
				t.Errorf("%s: the example %q is of no command", c.CommandPath(), line)
				continue
			}
			for _, f := range flag.FindAllString(line, -1) {
				if sub.Flag(strings.TrimPrefix(f, "--")) == nil && f != "--help" {
					t.Errorf("%s: the example %q has the unknown flag %s", c.CommandPath(), line, f)
				}
			}
		}
	}
}

func TestRootShowsTheLoop(t *testing.T) {
	help := fine(t, "--help")
	at := 0
	for _, step := range []string{"\n  compact ", "\n  report ", "\n  publish ", "\n  erase "} {
		next := strings.Index(help[at:], step)
		if next < 0 {
			t.Fatalf("%q is missing or out of order in\n%s", step, help)
		}
		at += next
	}
	if bare := fine(t); bare != help {
		t.Error("headcount alone is not the same as headcount --help")
	}
}

func TestReportHelpNamesTheColumns(t *testing.T) {
	help := fine(t, "report", "--help")
	for _, word := range []string{"as_of, window_days", "section", "labels", "range", "figure, value", "first_week"} {
		if !strings.Contains(help, word) {
			t.Errorf("%q is missing", word)
		}
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if out := fine(t, "completion", shell); !strings.Contains(out, "headcount") {
			t.Errorf("%s: got %.60q", shell, out)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"report", "--format", ""}, "table\njson\ncsv\nhtml\n"},
		{[]string{"compact", "--format", ""}, "table\njson\ncsv\n"},
		{[]string{"export", ""}, "actions\ncollections\n"},
	} {
		r := headcount(append([]string{"__complete"}, test.args...)...)
		if !strings.HasPrefix(r.stdout, test.want) {
			t.Errorf("%q: got %q, want %q first", test.args, r.stdout, test.want)
		}
	}
}

func TestVersion(t *testing.T) {
	if out := fine(t, "version"); !regexp.MustCompile(`^headcount \S.*, commit .*, .*\n$`).MatchString(out) {
		t.Errorf("got %q", out)
	}
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	for _, test := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"nothing", nil, "headcount (not known), commit (not known), (not known)"},
		{"a build without version control", &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}},
			"headcount (devel), commit (not known), go1.26.8"},
		{"a release", &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{setting("vcs.revision", "0123abc"), setting("vcs.modified", "false")}},
			"headcount v1.2.3, commit 0123abc, go1.26.8"},
		{"with changes", &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{setting("vcs.revision", "0123abc"), setting("vcs.modified", "true")}},
			"headcount v1.2.3, commit 0123abc and changes, go1.26.8"},
	} {
		if got := versionOf(test.info); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
