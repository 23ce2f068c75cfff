package main

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/answer"
)

func TestCompactInEachFormat(t *testing.T) {
	dir := t.TempDir()
	raw := write(t, filepath.Join(dir, "usage.jsonl"), reportLine(t, guidA, "2026-11-24", 2, 1), "foreign\n", eraseLine(t, guidB, "2026-11-24"))
	for format, want := range map[string]string{
		"table": "1 report new in ",
		"json":  "\n  \"reports\": 1,\n  \"erasures\": 1,\n",
		"csv":   "figure,kind,value\nfiles,,1\nunchanged,,0\n",
	} {
		out := fine(t, "compact", "--archive", filepath.Join(dir, format), "--format", format, raw)
		if !strings.Contains(out, want) {
			t.Errorf("%s: got %q, want %q in it", format, out, want)
		}
		if !strings.Contains(out, "foreign") {
			t.Errorf("%s: what was not taken is not in %q", format, out)
		}
	}
	again := fine(t, "compact", "--archive", filepath.Join(dir, "json"), "--format", "json", raw)
	if !strings.Contains(again, `"unchanged": 1`) || !strings.Contains(again, `"months": []`) {
		t.Errorf("again: got %q, want nothing new", again)
	}
}

func TestReportInEachFormat(t *testing.T) {
	archive := compactedArchive(t)
	args := []string{"report", "--archive", archive, "--as-of", "2026-11-24", "--format"}
	table := fine(t, append(args, "table")...)
	if !strings.HasPrefix(table, "CompreFace: of 2 installations that opted in and reported in the 28 days to\n2026-11-24\n") || strings.Contains(table, "\x1b") {
		t.Errorf("table: got %q", table)
	}
	one, two := fine(t, append(args, "json")...), fine(t, append(args, "json")...)
	if one != two || !strings.HasPrefix(one, "{\n  \"product\": \"CompreFace\",\n") {
		t.Errorf("json: got %.60q, want the same bytes twice", one)
	}
	var a answer.Answer
	if err := json.Unmarshal([]byte(one), &a); err != nil || a.Installations.Active28d != 2 || a.Counters[0].Total != 4 || a.Input.Torn != 1 {
		t.Errorf("json: got %+v, %v; want two installations, four users and a torn piece", a, err)
	}
	rows, err := csv.NewReader(strings.NewReader(fine(t, append(args, "csv")...))).ReadAll()
	if err != nil || strings.Join(rows[1], ",") != "2026-11-24,28,installations,,,,,active_1d,2" {
		t.Errorf("csv: got %q, %v", rows[1], err)
	}
	if page := fine(t, append(args, "html")...); !strings.HasPrefix(strings.ToLower(page), "<!doctype html>") {
		t.Errorf("html: got %.60q", page)
	}
}

func TestReportOfADayAndWindow(t *testing.T) {
	archive := compactedArchive(t)
	for _, test := range []struct {
		args   []string
		active int64
	}{
		{[]string{"--as-of", "2026-11-24", "--window", "1"}, 2},
		{[]string{"--as-of", "2026-11-23", "--window", "1000"}, 1},
		{[]string{"--as-of", "2026-11-22"}, 0},
	} {
		out := headcount(append([]string{"report", "--archive", archive, "--format", "json"}, test.args...)...).stdout
		var a answer.Answer
		if err := json.Unmarshal([]byte(out), &a); err != nil || a.Denominator != test.active {
			t.Errorf("%q: got %d, %v; want %d", test.args, a.Denominator, err, test.active)
		}
	}
}

// The catalog of the command line takes the place of the archive's.
func TestReportByAnotherCatalog(t *testing.T) {
	archive := compactedArchive(t)
	list := write(t, filepath.Join(t.TempDir(), "list.json"),
		`{"product":"CompreFace","notice":1,"metrics":[{"name":"compreface.user.created","kind":"counter","unit":"{user}"}]}`)
	out := fine(t, "report", "--archive", archive, "--as-of", "2026-11-24", "--catalog", list)
	if !strings.HasPrefix(out, "CompreFace: of 2 ") || !strings.Contains(out, "compreface.user.created") || strings.Contains(out, "collection") {
		t.Errorf("got %q, want the one metric of the list", out)
	}
}

// The catalog of another product would give the figures of this archive
// another name, or show that nothing is used.
func TestCatalogOfAnotherProduct(t *testing.T) {
	archive := compactedArchive(t)
	other := write(t, filepath.Join(t.TempDir(), "list.json"),
		`{"product":"Other","notice":1,"metrics":[{"name":"compreface.user.created","kind":"counter","unit":"{user}"}]}`)
	for _, args := range [][]string{
		{"report"}, {"report", "--format", "html"}, {"export", "actions"}, {"publish", "--out", t.TempDir()}, {"serve", "--listen", "127.0.0.1:0"},
	} {
		for _, catalog := range []string{"affiliate", other} {
			r := headcount(append(args, "--archive", archive, "--catalog", catalog)...)
			if r.code != exitFailure || r.stdout != "" {
				t.Errorf("%q of %s: got exit code %d and %q, want 1 and nothing", args, catalog, r.code, r.stdout)
			}
			r.oneLine(t, `is of "CompreFace", and the catalog `+catalog)
		}
	}
	open := filepath.Join(t.TempDir(), "open")
	fine(t, "compact", "--archive", open, filepath.Join(filepath.Dir(archive), "usage.jsonl"))
	fine(t, "report", "--archive", open, "--catalog", "compreface")
	headcount("report", "--archive", open, "--catalog", "affiliate").oneLine(t, "has no metric of the catalog affiliate")
}

// What others read must not lie in the archive.
func TestOutIsNoArchive(t *testing.T) {
	archive := compactedArchive(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(archive, link); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{archive, filepath.Join(archive, "public"), filepath.Join(archive, "reports", "..", "x"), link} {
		for _, args := range [][]string{{"publish", "--archive", archive, "--as-of", "2026-11-24"}, {"simulate"}} {
			r := headcount(append(args, "--out", out)...)
			if r.code != exitUsage {
				t.Errorf("%q to %s: got exit code %d, want 2", args, out, r.code)
			}
			r.oneLine(t, "is an archive, which holds identifiers")
		}
	}
}

func TestReportSaysWhenReportsAreOld(t *testing.T) {
	archive := compactedArchive(t)
	const want = "the newest report is of 2026-11-24, 3 days before 2026-11-27"
	for _, format := range []string{"json", "csv", "html"} {
		r := headcount("report", "--archive", archive, "--as-of", "2026-11-27", "--format", format)
		if r.code != exitFine {
			t.Errorf("%s: got exit code %d, want 0", format, r.code)
		}
		r.oneLine(t, want)
	}
	if out := fine(t, "report", "--archive", archive, "--as-of", "2026-11-27"); !strings.Contains(out, "the newest report is of 2026-11-24") {
		t.Errorf("table: got %q", out)
	}
	fine(t, "report", "--archive", archive, "--as-of", "2026-11-26", "--format", "json") // two days are not old
}

// A day that is not over is answered, and the answer says so.
func TestReportOfADayThatIsNotOver(t *testing.T) {
	archive := compactedArchive(t)
	for _, on := range []string{"2026-12-01", "2027-05-01"} {
		want := on + " is not over; reports up to it can still come, and the last day that is complete is 2026-11-30"
		for _, format := range []string{"table", "json", "html"} {
			r := headcount("report", "--archive", archive, "--as-of", on, "--format", format)
			if r.code != exitFine || !strings.Contains(r.stderr, "headcount: note: "+want+"\n") {
				t.Errorf("%s as %s: got exit code %d and %q, want 0 and %q", on, format, r.code, r.stderr, want)
			}
			if text := strings.Join(strings.Fields(r.stdout), " "); !strings.Contains(text, want) {
				t.Errorf("%s as %s: %q is not in the answer", on, format, want)
			}
		}
	}
	if r := headcount("report", "--archive", archive, "--as-of", "2026-11-30", "--format", "json"); strings.Contains(r.stderr+r.stdout, "is not over") {
		t.Errorf("the last complete day: got %q", r.stderr)
	}
}

// The collections of one day are the things of a report on that day.
func TestCollectionsOfADay(t *testing.T) {
	archive := compactedArchive(t)
	for _, on := range []string{"2026-11-23", "2026-11-24"} {
		rows := strings.Count(fine(t, "export", "--archive", archive, "collections", "--from", on, "--to", on), "\n")
		var a answer.Answer
		if err := json.Unmarshal([]byte(fine(t, "report", "--archive", archive, "--as-of", on, "--window", "1", "--format", "json")), &a); err != nil {
			t.Fatal(err)
		}
		things := 0
		for _, g := range a.Gauges {
			things += int(g.Things)
		}
		if rows != things || rows == 0 {
			t.Errorf("%s: got %d rows, want the %d things of the report", on, rows, things)
		}
	}
}

func TestExport(t *testing.T) {
	archive := compactedArchive(t)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"actions"}, `"2026-11-23 00:00:00.000","1b671a64-40d5-491e-99b0-da01ff1f3341","USER_CREATE"
"2026-11-23 00:00:00.000","1b671a64-40d5-491e-99b0-da01ff1f3341","USER_CREATE"
"2026-11-24 00:00:00.000","1b671a64-40d5-491e-99b0-da01ff1f3341","USER_CREATE"
"2026-11-24 00:00:00.000","9c858901-8a57-4791-81fe-4c455b099bc9","USER_CREATE"
`},
		{[]string{"actions", "--from", "2026-11-24", "--to", "2026-11-24"}, `"2026-11-24 00:00:00.000","1b671a64-40d5-491e-99b0-da01ff1f3341","USER_CREATE"
"2026-11-24 00:00:00.000","9c858901-8a57-4791-81fe-4c455b099bc9","USER_CREATE"
`},
		{[]string{"collections", "--to", "2026-11-23"}, `"2026-11-23 00:00:00.000","1b671a64-40d5-491e-99b0-da01ff1f3341","eed3904d-9445-8d5d-9501-4335209acfcb","1-10"
`},
	} {
		if got := fine(t, append([]string{"export", "--archive", archive}, test.args...)...); got != test.want {
			t.Errorf("%q: got\n%s\nwant\n%s", test.args, got, test.want)
		}
	}
}

func TestExportCountsWhatItLeavesOut(t *testing.T) {
	r := headcount("export", "--archive", compactedArchive(t), "actions", "--max-rows-per-report", "1")
	if r.code != exitFine || strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("got exit code %d and %q, want 0 and two rows", r.code, r.stdout)
	}
	r.oneLine(t, "2 rows left out, of 1 report that has more than --max-rows-per-report 1")
}

func TestEraseAndPrune(t *testing.T) {
	archive := compactedArchive(t)
	dir := filepath.Dir(archive)
	rotated := write(t, filepath.Join(dir, "usage-2026-11-24T00-00-00.000.jsonl"), reportLine(t, guidC, "2026-11-24", 1, 1), eraseLine(t, guidC, "2026-11-24"))
	fine(t, "compact", "--archive", archive, rotated)
	if out := fine(t, "report", "--archive", archive, "--as-of", "2026-11-24"); !strings.Contains(out, "1 request to erase waits for headcount erase") {
		t.Errorf("before: got %q", out)
	}
	out := fine(t, "erase", "--archive", archive, rotated)
	for _, want := range []string{"Receipt of ", "1 request to erase carried out, 1 so far", rotated + ": 2 pieces removed"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			t.Errorf("%q is missing in %q", want, out)
		}
	}
	if strings.Contains(read(t, rotated), guidC) {
		t.Error("the identifier is still in the file")
	}
	again := fine(t, "erase", "--archive", archive, "--format", "json", rotated)
	if !strings.Contains(again, "\n  \"requests\": 0,\n") || strings.Contains(again, guidC) {
		t.Errorf("again: got %q", again)
	}

	old := startOf(t, "2026-01-01")
	if err := os.Chtimes(rotated, old, old); err != nil {
		t.Fatal(err)
	}
	if out := fine(t, "prune", "--archive", archive, "--dry-run", rotated); !strings.Contains(out, "Would be removed") || !strings.Contains(out, "1 file of the Collector") {
		t.Errorf("dry run: got %q", out)
	}
	if out := fine(t, "prune", "--archive", archive, "--format", "json", "--dry-run", rotated); !strings.Contains(out, "\n  \"dry_run\": true,\n") {
		t.Errorf("dry run: got %q", out)
	}
	if _, err := os.Stat(rotated); err != nil {
		t.Errorf("the dry run removed the file: %v", err)
	}
	fine(t, "prune", "--archive", archive, rotated)
	if _, err := os.Stat(rotated); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

// prune says which file holds reports for longer than the notice promises.
func TestPruneWarnsOfALiveFile(t *testing.T) {
	dir := t.TempDir()
	archive, live := filepath.Join(dir, "archive"), filepath.Join(dir, "usage.jsonl")
	write(t, live, reportLine(t, guidA, time.Now().AddDate(0, 0, -30).UTC().Format(time.DateOnly), 1, 1), reportLine(t, guidB, time.Now().UTC().Format(time.DateOnly), 1, 1))
	fine(t, "compact", "--archive", archive, "--catalog", "compreface", live)
	if out := oneLine(fine(t, "prune", "--archive", archive, live)); !strings.Contains(out, live+" holds reports for longer than is promised") || !strings.Contains(out, "docs/operators.md#rotate-now") {
		t.Errorf("got %q, want a warning", out)
	}
	if out := fine(t, "prune", "--archive", archive, "--format", "json", live); !strings.Contains(out, `"overdue": [`) {
		t.Errorf("got %s, want it overdue", out)
	}
	if out := oneLine(fine(t, "prune", "--archive", archive, "--raw-days", "90", live)); !strings.Contains(out, "longer than is promised") {
		t.Errorf("got %q, want a warning: the notice promises 30 days", out)
	}
}

// oneLine joins what was wrapped.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
