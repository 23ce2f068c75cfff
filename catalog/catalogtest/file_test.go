package catalogtest_test

import (
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog/catalogtest"
)

func TestFile(t *testing.T) {
	for name, test := range map[string]struct {
		got, want, failure string
	}{
		"equal":              {"a\nb\n", "a\nb\n", ""},
		"missing":            {"", "a\n", "config.yaml is missing: run UPDATE_GOLDEN=1 go test and commit the file"},
		"changed":            {"a\nb\n", "a\nc\n", `config.yaml is stale: line 2 is "b\n" and should be "c\n": run UPDATE_GOLDEN=1 go test`},
		"longer":             {"a\nb\n", "a\n", `line 2 is "b\n" and should be ""`},
		"shorter":            {"a\n", "a\nb\n", `line 2 is "" and should be "b\n"`},
		"no last line end":   {"a", "a\n", `line 1 is "a" and should be "a\n"`},
		"a byte too many":    {"a\n\n", "a\n", `line 2 is "\n" and should be ""`},
		"should be empty":    {"a\n", "", `line 1 is "a\n" and should be ""`},
		"not text, in quote": {"\x1b[31m", "a", `"\x1b[31m"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "config.yaml")
			if test.got != "" {
				write(t, dir, "config.yaml", test.got)
			}
			file := func(tb testing.TB) { catalogtest.File(tb, path, []byte(test.want)) }

			failures := check(t, false, file)
			switch {
			case test.failure == "" && len(failures) > 0:
				t.Errorf("failures %q, want none", failures)
			case test.failure != "" && (len(failures) != 1 || !strings.Contains(failures[0], test.failure)):
				t.Errorf("failures %q, want one that says %q", failures, test.failure)
			}
			if got := read(t, dir, "config.yaml"); got != test.got {
				t.Errorf("a check wrote %q", got)
			}
			if failures := check(t, true, file); len(failures) > 0 || read(t, dir, "config.yaml") != test.want {
				t.Errorf("update: failures %q and %q, want none and %q", failures, read(t, dir, "config.yaml"), test.want)
			}
		})
	}
}

func TestOnlyTheValue1Writes(t *testing.T) {
	for _, value := range []string{"", "0", "false", "true", "yes", "01", " 1"} {
		dir := t.TempDir()
		write(t, dir, "notice.md", "old")
		r := &recorder{}
		t.Setenv("UPDATE_GOLDEN", value)
		catalogtest.File(r, filepath.Join(dir, "notice.md"), []byte("new"))
		if len(r.failures) != 1 || read(t, dir, "notice.md") != "old" {
			t.Errorf("UPDATE_GOLDEN=%q: failures %q, file %q", value, r.failures, read(t, dir, "notice.md"))
		}
	}
}

// What cannot be read or written fails, and is not taken for missing or done.
func TestUnusablePaths(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "file", "")
	for name, path := range map[string]string{
		"a directory":         dir,
		"below a file":        filepath.Join(dir, "file", "notice.md"),
		"no parent directory": filepath.Join(dir, "none", "notice.md"),
	} {
		for _, update := range []bool{false, true} {
			if failures := check(t, update, func(tb testing.TB) { catalogtest.File(tb, path, []byte("text")) }); len(failures) != 1 {
				t.Errorf("File, %s, update %v: failures %q, want one", name, update, failures)
			}
			if name == "a directory" {
				continue
			}
			if failures := check(t, update, func(tb testing.TB) { catalogtest.Golden(tb, shop(1, "SEARCH"), path) }); len(failures) == 0 {
				t.Errorf("Golden, %s, update %v: no failure", name, update)
			}
		}
	}
}
