package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/day"
)

func TestWrongUsage(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"frobnicate"}, `command "frobnicate" is not known; headcount --help lists the commands`},
		{"misspelt command", []string{"reprot"}, "did you mean report?"},
		{"misspelt command with flags", []string{"raport", "--archive", "archive"}, `command "raport" is not known; did you mean report?`},
		{"misspelt command with a short flag", []string{"raport", "-x"}, `command "raport" is not known; did you mean report?`},
		{"misspelt flag", []string{"report", "--asof", "2026-11-25"}, "flag --asof is not known; did you mean --as-of?"},
		{"misspelt flag with a value", []string{"report", "--widnow=7"}, "flag --widnow is not known; did you mean --window?"},
		{"unknown flag of the root", []string{"--frob"}, "flag --frob is not known; headcount --help"},
		{"unknown flag", []string{"report", "--frob"}, "flag --frob is not known; headcount report --help lists the flags"},
		{"unknown short flag", []string{"report", "-x"}, "flag -x is not known"},
		{"flag without its value", []string{"report", "--archive"}, "--archive needs a value"},
		{"report without archive", []string{"report"}, "--archive DIR is needed"},
		{"compact without archive", []string{"compact", "x"}, "--archive DIR is needed"},
		{"export without archive", []string{"export", "actions"}, "--archive DIR is needed"},
		{"erase without archive", []string{"erase"}, "--archive DIR is needed"},
		{"prune without archive", []string{"prune"}, "--archive DIR is needed"},
		{"archive and store", []string{"report", "--archive", "x", "--store", "clickhouse://a:hidden@b"}, "--archive x and --store clickhouse://a:xxxxx@b are two places"},
		{"erase of files in a store", []string{"erase", "--store", "clickhouse://b", "x"}, `has no files of a Collector: leave out ["x"]`},
		{"prune of files in a store", []string{"prune", "--store", "clickhouse://b", "x"}, `has no files of a Collector: leave out ["x"]`},
		{"publish of a store without a record", []string{"publish", "--store", "clickhouse://b", "--out", "never-made"}, "--record DIR is needed with --store"},
		{"tables of no catalog", []string{"tables"}, "--catalog is needed"},
		{"empty archive", []string{"report", "--archive", ""}, "--archive DIR is needed"},
		{"compact without files", []string{"compact", "--archive", "x"}, "needs the Collector's files"},
		{"report with an argument", []string{"report", "--archive", "x", "y"}, `takes no arguments, and got ["y"]`},
		{"no date", []string{"report", "--archive", "x", "--as-of", "yesterday"}, `--as-of: "yesterday" is not a date like 2026-11-25`},
		{"a day that does not exist", []string{"report", "--archive", "x", "--as-of", "2026-02-30"}, `--as-of: "2026-02-30" is not a day of the calendar: February 2026 has 28 days`},
		{"the last day of February", []string{"report", "--archive", "x", "--as-of", "2024-02-30"}, "February 2024 has 29 days"},
		{"the 31st of November", []string{"report", "--archive", "x", "--as-of", "2026-11-31"}, "November 2026 has 30 days"},
		{"the month 13", []string{"report", "--archive", "x", "--as-of", "2026-13-01"}, `"2026-13-01" is not a day of the calendar: months are 01 to 12`},
		{"the day 0", []string{"report", "--archive", "x", "--as-of", "2026-12-00"}, "December 2026 has 31 days"},
		{"before the first day", []string{"report", "--archive", "x", "--as-of", "2019-12-31"}, "2019-12-31 is outside 2020-01-01 to 2099-12-31"},
		{"after the last day", []string{"report", "--archive", "x", "--as-of", "2100-01-01"}, "2100-01-01 is outside"},
		{"window below", []string{"report", "--archive", "x", "--window", "0"}, `--window: "0" is not a whole number from 1 to 1000`},
		{"window above", []string{"report", "--archive", "x", "--window", "1001"}, `"1001" is not a whole number from 1 to 1000`},
		{"window of words", []string{"report", "--archive", "x", "--window", "28d"}, `"28d" is not a whole number`},
		{"unknown format", []string{"report", "--archive", "x", "--format", "xml"}, `--format: "xml" is not known; known are table, json, csv, html`},
		{"format of another command", []string{"compact", "--archive", "x", "--format", "html", "y"}, `"html" is not known; known are table, json, csv`},
		{"unknown catalog", []string{"report", "--archive", "x", "--catalog", "nope"}, `catalog "nope" is neither a shipped one (compreface, affiliate) nor a file`},
		{"empty catalog", []string{"report", "--archive", "x", "--catalog", ""}, "the name is empty; known are compreface, affiliate"},
		{"export of nothing", []string{"export", "--archive", "x"}, `export needs one of actions, collections, and got ""`},
		{"export of something else", []string{"export", "--archive", "x", "users"}, `and got "users"`},
		{"export of both", []string{"export", "--archive", "x", "actions", "collections"}, `and got "actions collections"`},
		{"from after to", []string{"export", "--archive", "x", "actions", "--from", "2026-11-02", "--to", "2026-11-01"}, "--from 2026-11-02 is after --to 2026-11-01"},
		{"no rows", []string{"export", "--archive", "x", "actions", "--max-rows-per-report", "0"}, `--max-rows-per-report: "0"`},
		{"no days", []string{"prune", "--archive", "x", "--raw-days", "0"}, `--raw-days: "0"`},
		{"no months", []string{"prune", "--archive", "x", "--months", "-1"}, `--months: "-1"`},
		{"version of something", []string{"version", "x"}, "takes no arguments"},
		{"completion of nothing", []string{"completion"}, "completion needs one of bash, fish, powershell, zsh"},
		{"completion of two shells", []string{"completion", "bash", "zsh"}, `takes no arguments, and got ["zsh"]`},
		{"completion of another shell", []string{"completion", "tcsh"}, `and got "tcsh"`},
		{"help of an unknown command", []string{"help", "nope"}, `command "nope" is not known`},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := headcount(test.args...)
			if r.code != exitUsage || r.stdout != "" {
				t.Errorf("got exit code %d and %q on the standard output, want 2 and nothing", r.code, r.stdout)
			}
			r.oneLine(t, test.want)
		})
	}
}

func TestCatalogThatIsNone(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "list.json"), `{"product":"x"}`)
	r := headcount("report", "--archive", "x", "--catalog", path)
	if r.code != exitUsage {
		t.Errorf("got exit code %d, want 2", r.code)
	}
	r.oneLine(t, path)
}

func TestFailures(t *testing.T) {
	dir := t.TempDir()
	empty, damaged := filepath.Join(dir, "empty"), filepath.Join(dir, "two\nlines\x1b[31m")
	for _, d := range []string{empty, damaged} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(damaged, "manifest.json"), `{"version":`)
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"report on a missing archive", []string{"report", "--archive", filepath.Join(dir, "none")}, "does not exist; headcount compact makes one"},
		{"export on a missing archive", []string{"export", "--archive", filepath.Join(dir, "none"), "actions"}, "does not exist"},
		{"erase on a missing archive", []string{"erase", "--archive", filepath.Join(dir, "none")}, "does not exist"},
		{"prune on a missing archive", []string{"prune", "--archive", filepath.Join(dir, "none")}, "does not exist"},
		{"report on a directory that is no archive", []string{"report", "--archive", empty}, "is not an archive"},
		{"report on a damaged archive with a hostile name", []string{"report", "--archive", damaged}, "lines·[31m"},
		{"compact of a missing file", []string{"compact", "--archive", filepath.Join(dir, "new"), filepath.Join(dir, "none.jsonl")}, "none.jsonl"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := headcount(test.args...)
			if r.code != exitFailure || r.stdout != "" {
				t.Errorf("got exit code %d and %q on the standard output, want 1 and nothing", r.code, r.stdout)
			}
			r.oneLine(t, test.want)
		})
	}
}

func TestInterrupted(t *testing.T) {
	archive := compactedArchive(t)
	raw := filepath.Join(filepath.Dir(archive), "usage.jsonl")
	write(t, raw, read(t, raw), reportLine(t, guidC, "2026-11-25", 1, 1))
	before := fine(t, "report", "--archive", archive, "--as-of", "2026-11-25", "--format", "json")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"compact", "--archive", archive, raw}, "interrupted; the archive is as it was"},
		{[]string{"export", "--archive", archive, "actions"}, "interrupted; the output ends in the middle"},
		{[]string{"export", "--archive", archive, "collections", "--output", filepath.Join(archive, "out")}, "out is as it was"},
	} {
		r := headcountIn(ctx, test.args...)
		if r.code != exitFailure {
			t.Errorf("%q: got exit code %d, want 1", test.args, r.code)
		}
		r.oneLine(t, test.want)
	}
	if after := fine(t, "report", "--archive", archive, "--as-of", "2026-11-25", "--format", "json"); after != before {
		t.Error("the archive changed")
	}
}

func TestLastCompleteDay(t *testing.T) {
	for at, want := range map[string]string{
		"2026-11-26T00:00:00Z":      "2026-11-25",
		"2026-11-26T23:59:59Z":      "2026-11-25",
		"2026-11-26T00:30:00+02:00": "2026-11-24", // still the 25th in UTC
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := lastCompleteDay(now).String(); got != want {
			t.Errorf("%s: got %s, want %s", at, got, want)
		}
	}
}

func FuzzDateFlag(f *testing.F) {
	for _, s := range []string{"2026-11-25", "2020-01-01", "2099-12-31", "2019-12-31", "", "2026-1-1", "-1", "2026-11-25 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := &dateFlag{day.None}
		if err := d.Set(text); err != nil {
			if d.Day != day.None || strings.TrimSpace(err.Error()) == "" {
				t.Errorf("%q: got the day %s with the error %v, want none", text, d, err)
			}
			return
		}
		if d.String() != text || d.Day < day.First || d.Day > day.Last {
			t.Errorf("%q: got %s, want the same day, within the bounds", text, d)
		}
	})
}
