package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// publishedArchive is an archive of so many installations on two days.
func publishedArchive(t *testing.T, installations int) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "archive")
	var lines []string
	for i := range installations {
		guid := fmt.Sprintf("%08x-40d5-491e-99b0-da01ff1f3341", i)
		lines = append(lines, reportLine(t, guid, "2026-01-15", 1, 1), reportLine(t, guid, "2026-02-15", 1, 1))
	}
	fine(t, "compact", "--archive", dir, "--catalog", "compreface", write(t, dir+".jsonl", lines...))
	return dir
}

func TestPublishCommand(t *testing.T) {
	archive := publishedArchive(t, 25)
	out := filepath.Join(t.TempDir(), "public")
	args := []string{"publish", "--archive", archive, "--out", out}
	got := fine(t, append(args, "--as-of", "2026-01-20")...)
	if want := "30 active installations (opted in) as of 2026-01-20"; !strings.Contains(got, want) {
		t.Errorf("got %q, want %q in it", got, want)
	}
	page := read(t, filepath.Join(out, "index.html"))
	if !strings.Contains(page, ">Face detection<") || !strings.Contains(read(t, filepath.Join(out, "badge.svg")), ">30<") {
		t.Error("want the catalog's names on the page, and 30 on the badge")
	}

	early := headcount(append(args, "--as-of", "2026-02-16")...)
	if early.code != exitFailure {
		t.Errorf("before the period has passed: got exit code %d, want 1", early.code)
	}
	early.oneLine(t, "The next one can be as of 2026-02-17, from 2026-02-18 on")
	if read(t, filepath.Join(out, "index.html")) != page {
		t.Error("a refused call changed the page")
	}
	fine(t, append(args, "--as-of", "2026-02-17")...)

	// Other commands leave the record alone: the page is the same again.
	page = read(t, filepath.Join(out, "index.html"))
	fine(t, "compact", "--archive", archive, archive+".jsonl")
	fine(t, "erase", "--archive", archive)
	fine(t, append(args, "--as-of", "2026-02-17")...)
	if read(t, filepath.Join(out, "index.html")) != page {
		t.Error("the page of the same day has other bytes")
	}
}

// TestPublishBeforeTheFirstReport: a refused page is not recorded, so the
// next call is not too early.
func TestPublishBeforeTheFirstReport(t *testing.T) {
	archive := publishedArchive(t, 25)
	args := []string{"publish", "--archive", archive, "--out", filepath.Join(t.TempDir(), "public")}
	early := headcount(append(args, "--as-of", "2026-01-14")...)
	if early.code != exitFailure {
		t.Errorf("got exit code %d, want 1", early.code)
	}
	early.oneLine(t, "no report is of 2026-01-14 or earlier; the first is of 2026-01-15")
	if got := fine(t, append(args, "--as-of", "2026-01-15")...); !strings.Contains(got, "30 active installations") {
		t.Errorf("got %q, want 30 active installations", got)
	}
}

func TestPublishWithoutChanges(t *testing.T) {
	archive := publishedArchive(t, 25)
	args := []string{"publish", "--archive", archive, "--out", filepath.Join(t.TempDir(), "public"), "--period", "7"}
	fine(t, append(args, "--as-of", "2026-01-20")...)
	r := headcount(append(args, "--as-of", "2026-01-27")...)
	if want := "warning: no figure was renewed"; r.code != exitFine || !strings.Contains(r.stderr, want) {
		t.Errorf("got exit code %d and %q, want 0 and %q", r.code, r.stderr, want)
	}
}

func TestPublishUsage(t *testing.T) {
	archive := publishedArchive(t, 1)
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitUsage, "--archive DIR is needed"},
		{[]string{"--archive", archive}, exitUsage, "--out DIR is needed"},
		{[]string{"--archive", archive, "--out", "x", "--period", "6"}, exitUsage, "from 7 to"},
		{[]string{"--archive", archive, "--out", "x", "--as-of", "soon"}, exitUsage, "soon"},
		{[]string{"--archive", archive, "--out", "x", "--as-of", "2099-01-01"}, exitFailure, "is not over"},
		{[]string{"--archive", t.TempDir(), "--out", "x"}, exitFailure, "archive"},
		{[]string{"--archive", archive, "--out", "x", "y"}, exitUsage, "y"},
	} {
		r := headcount(append([]string{"publish"}, test.args...)...)
		if r.code != test.code {
			t.Errorf("%q: got exit code %d, want %d", test.args, r.code, test.code)
		}
		r.oneLine(t, test.want)
	}
	if _, err := os.Stat("x"); err == nil {
		t.Error("a refused call made the directory")
	}
}

func TestPublishWithoutCatalog(t *testing.T) {
	dir := t.TempDir()
	var lines []string
	for i := range 12 {
		lines = append(lines, reportLine(t, fmt.Sprintf("%08x-40d5-491e-99b0-da01ff1f3341", i), "2026-01-15", 1, 1))
	}
	archive, out := filepath.Join(dir, "archive"), filepath.Join(dir, "public")
	fine(t, "compact", "--archive", archive, write(t, filepath.Join(dir, "usage.jsonl"), lines...))
	fine(t, "publish", "--archive", archive, "--out", out, "--as-of", "2026-01-20")
	page := read(t, filepath.Join(out, "index.html"))
	if strings.Contains(page, "compreface") || !strings.Contains(page, ">10</span> active installations") {
		t.Error("want the number of active installations, and no name from the data")
	}
}
