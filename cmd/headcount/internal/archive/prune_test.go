package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
)

func prune(t testing.TB, dir string, o PruneOptions) *Pruned {
	t.Helper()
	if o.RawDays == 0 {
		o.RawDays = 30
	}
	if o.Months == 0 {
		o.Months = 2
	}
	if o.Now.IsZero() {
		o.Now = today.Time()
	}
	done, err := Prune(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// parse reads a day of the test.
func parse(t testing.TB, text string) day.Day {
	t.Helper()
	d, err := day.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The current month and so many before it are kept.
func TestPruneMonths(t *testing.T) {
	for _, test := range []struct {
		months int
		gone   []string
	}{
		{1, []string{"2026-06", "2026-08", "2026-09"}},
		{2, []string{"2026-06", "2026-08"}},
		{3, []string{"2026-06"}},
		{4, []string{"2026-06"}},
		{5, []string{}},
		{6, []string{}},
	} {
		t.Run(fmt.Sprint(test.months), func(t *testing.T) {
			dir := newDir(t)
			var text string
			for i, on := range []string{"2026-06-30", "2026-08-31", "2026-09-30", "2026-10-01", "2026-11-01"} {
				text += line(1, parse(t, on), i+1)
			}
			path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), text)
			compact(t, dir, path)
			before := answers(t, dir)
			dry := prune(t, dir, PruneOptions{Months: test.months, DryRun: true})
			done := prune(t, dir, PruneOptions{Months: test.months})
			if !reflect.DeepEqual(done.Months, test.gone) || !reflect.DeepEqual(dry, done) {
				t.Errorf("got %+v, and %+v of a dry run, want the months %v", done, dry, test.gone)
			}
			sameText(t, "answers", answers(t, dir), before)
			whole(t, dir)
			m, err := load(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range m.Months {
				gone := strings.Contains(fmt.Sprint(test.gone), x.First.String()[:7])
				if x.Sums != gone || gone != (x.Reports == "") {
					t.Errorf("%s: sums only is %v, reports in %q, want %v", x.First, x.Sums, x.Reports, gone)
				}
			}
			again := prune(t, dir, PruneOptions{Months: test.months})
			if len(again.Months) != 0 || again.Installations != 0 {
				t.Errorf("again: got %+v, want nothing", again)
			}
			compact(t, dir, path)
			sameText(t, "after compact", answers(t, dir), before)
			// Reports go on, and count from where they were.
			appendTo(t, path, line(1, today, 99), line(2, today, 1), line(1, parse(t, "2026-11-02"), 50))
			all := newDir(t)
			compact(t, all, path)
			compact(t, dir, path)
			sameText(t, "reports later", answers(t, dir), answers(t, all))
			whole(t, dir)
		})
	}
}

// After pruning, every figure of every day is what it was, and stays so when
// the fleet goes on; those that came back after longer count as new.
func TestPruneOfAFleet(t *testing.T) {
	o := fleet.Options{Schema: list(t, "compreface"), Installations: 20, Days: 260, Seed: 4, End: today, Rotate: 60_000}
	files := simulated(t, o)
	if len(files) < 6 {
		t.Fatalf("got %d files, want many", len(files))
	}
	straight, pruned := newDir(t), newDir(t)
	days := []day.Day{today, today - 1, today - 24, today - 25, today - 26, today - 60, today - 100, today - 200}
	early := files[:len(files)-2]
	compact(t, straight, early...)
	compact(t, pruned, early...)
	before := answers(t, straight, days...)
	done := prune(t, pruned, PruneOptions{Months: 3})
	if len(done.Months) < 4 {
		t.Fatalf("got %+v, want several months pruned", done)
	}
	sameText(t, "after prune", answers(t, pruned, days...), before)
	whole(t, pruned)
	compact(t, straight, files...)
	compact(t, pruned, files...)
	if done.Installations == 0 {
		sameText(t, "and later", answers(t, pruned, days...), answers(t, straight, days...))
	}
	prune(t, pruned, PruneOptions{Months: 2})
	whole(t, pruned)
	erase(t, pruned, EraseOptions{})
	whole(t, pruned)
}

// An installation without a report in the months that are kept is forgotten,
// at the day of the limit; its sums stay.
func TestPruneForgetsTheDormant(t *testing.T) {
	for on, gone := range map[string]int64{"2026-09-30": 1, "2026-10-01": 0, "2026-11-25": 0} {
		dir := newDir(t)
		path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, parse(t, "2026-08-15"), 5), line(1, parse(t, on), 7), line(2, parse(t, "2026-08-15"), 1), line(2, today, 2))
		compact(t, dir, path)
		before := answers(t, dir)
		dry := prune(t, dir, PruneOptions{Months: 1, DryRun: true})
		done := prune(t, dir, PruneOptions{Months: 1})
		if done.Installations != gone || dry.Installations != gone {
			t.Errorf("last report on %s: got %d forgotten, %d in a dry run, want %d", on, done.Installations, dry.Installations, gone)
		}
		if found := len(find(t, idOf(1), dir)) > 0; found != (gone == 0) {
			t.Errorf("last report on %s: its identifier is found: %v", on, found)
		}
		sameText(t, "answers", answers(t, dir), before)
	}
}

// Which raw files prune removes.
func TestPruneRawFiles(t *testing.T) {
	text := ""
	for n := range 30 {
		text += line(n, today, n+1)
	}
	for name, test := range map[string]struct {
		file string
		age  time.Duration
		do   func(t *testing.T, path string)
		why  string // that it stays
	}{
		"old":                       {rotatedName, 31 * 24 * time.Hour, nil, ""},
		"as the Collector names it": {strings.Replace(rotatedName, ".jsonl", "-size.jsonl", 1), 31 * 24 * time.Hour, nil, ""},
		"of the limit":              {rotatedName, 30 * 24 * time.Hour, nil, ""},
		"younger":                   {rotatedName, 30*24*time.Hour - time.Second, nil, "it is 29 days old, and kept for 30"},
		"new":                       {rotatedName, 0, nil, "it is 0 days old"},
		"of logrotate":              {"usage.jsonl.3", 31 * 24 * time.Hour, nil, ""},
		"compressed":                {"usage.jsonl.3.gz", 31 * 24 * time.Hour, nil, ""},
		"not a rotated name":        {"usage.jsonl", 31 * 24 * time.Hour, nil, "its name is not that of a rotated file"},
		"unread":                    {rotatedName, 31 * 24 * time.Hour, func(t *testing.T, path string) { write(t, path, many(500, 30)) }, "has not read it"},
		"not read to the end":       {rotatedName, 31 * 24 * time.Hour, func(t *testing.T, path string) { appendTo(t, path, line(1, today, 3)) }, "to the end"},
		"a new file in its place":   {rotatedName, 31 * 24 * time.Hour, func(t *testing.T, path string) { os.Remove(path); write(t, path, many(500, 30)) }, "has not read it"},
		"an older copy": {rotatedName, 31 * 24 * time.Hour, func(t *testing.T, path string) {
			write(t, path+".new", text[:len(text)*2/3])
			rename(t, path+".new", path)
		}, ""},
		"open in another program": {rotatedName, 31 * 24 * time.Hour, func(t *testing.T, path string) { hold(t, path) }, "another program has it open"},
		"a symbolic link": {rotatedName, 31 * 24 * time.Hour, func(t *testing.T, path string) {
			to := filepath.Join(t.TempDir(), "there.jsonl")
			rename(t, path, to)
			if err := os.Symlink(to, path); err != nil {
				t.Fatal(err)
			}
		}, "symbolic link"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			content := text
			if strings.HasSuffix(test.file, ".gz") {
				content = gzipped(t, text)
			}
			path := write(t, filepath.Join(raw, test.file), content)
			compact(t, dir, raw)
			if test.do != nil {
				test.do(t, path)
			}
			now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
			if err := os.Chtimes(path, now, now.Add(-test.age)); err != nil {
				t.Fatal(err)
			}
			before := answers(t, dir)
			for _, dry := range []bool{true, false} {
				done := prune(t, dir, PruneOptions{Files: []string{raw}, Now: now, DryRun: dry})
				if removed := len(done.RawFiles) == 1; removed != (test.why == "") || !removed && !strings.Contains(strings.Join(done.Kept, ""), test.why) {
					t.Errorf("got %+v, want it kept because %q", done, test.why)
				}
				if _, err := os.Stat(path); (err == nil) != (dry || test.why != "") {
					t.Errorf("dry run %v: the file: %v", dry, err)
				}
			}
			sameText(t, "answers", answers(t, dir), before)
		})
	}
}

// A dry run changes no file.
func TestPruneDryRun(t *testing.T) {
	files := small(t, 8)
	dir := newDir(t)
	compact(t, dir, files...)
	write(t, filepath.Join(dir, "reports", "orphan.parquet"), "left by a crash")
	before, raw := tree(t, dir), tree(t, filepath.Dir(files[0]))
	later := today.Time().AddDate(0, 4, 0)
	dry := prune(t, dir, PruneOptions{Files: []string{filepath.Dir(files[0])}, RawDays: 1, Months: 1, DryRun: true, Now: later})
	sameText(t, "archive", tree(t, dir), before)
	sameText(t, "raw files", tree(t, filepath.Dir(files[0])), raw)
	done := prune(t, dir, PruneOptions{Files: []string{filepath.Dir(files[0])}, RawDays: 1, Months: 1, Now: later})
	if !reflect.DeepEqual(dry, done) || len(done.Months) == 0 || done.Rejected == 0 || done.Installations == 0 {
		t.Errorf("got %+v\nand %+v of the dry run", done, dry)
	}
	whole(t, dir)
}

// A report of a month that is kept as sums only is refused, counted and kept
// aside; one of the first month that is kept is taken.
func TestReportOfAPrunedMonth(t *testing.T) {
	dir := newDir(t)
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, parse(t, "2026-08-31"), 1), line(1, parse(t, "2026-10-01"), 2), line(1, today, 3))
	compact(t, dir, path)
	prune(t, dir, PruneOptions{Months: 1})
	for on, kinds := range map[string]int64{"2026-08-31": 1, "2026-07-01": 1, "2020-01-01": 1, "2026-09-01": 0, "2026-10-31": 0} {
		appendTo(t, path, line(5, parse(t, on), 44))
		done := compact(t, dir, path)
		if done.Kinds[answer.TooOld] != kinds || done.Reports != 1-kinds {
			t.Errorf("%s: got %d reports, kinds %v, want %d too old", on, done.Reports, done.Kinds, kinds)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, rejectedName))
	if err != nil {
		t.Fatal(err)
	}
	var x rejection
	if err := json.Unmarshal(data[:strings.IndexByte(string(data), '\n')], &x); err != nil {
		t.Fatal(err)
	}
	if x.Kind != answer.TooOld || !strings.Contains(x.Text, guid(5)) || !strings.Contains(x.Text, usersMetric+"=44") {
		t.Errorf("got %+v, want the report with its identifier and values", x)
	}
	if got := answerOf(t, dir, today, 28); got.Health.Kinds[answer.TooOld] != 3 || got.Input.Refused != 3 {
		t.Errorf("got %v, want 3 too old", got.Health.Kinds)
	}
	appendTo(t, path, askErase(5, today))
	compact(t, dir, path)
	erase(t, dir, EraseOptions{})
	if in := find(t, idOf(5), dir); len(in) > 0 {
		t.Errorf("erased: the identifier is still in %s", in)
	}
}

// Erasure after pruning: the figures of the months that are kept are those of
// a fleet that never had the installation.
func TestEraseAfterPrune(t *testing.T) {
	text := line(1, parse(t, "2026-08-15"), 5) + line(2, parse(t, "2026-08-15"), 5) + line(1, parse(t, "2026-10-15"), 7) + line(2, parse(t, "2026-10-20"), 6) +
		line(1, today-3, 9) + line(2, today, 8)
	raw, dir, never := t.TempDir(), newDir(t), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), text)
	compact(t, dir, raw)
	prune(t, dir, PruneOptions{Months: 1})
	if len(find(t, idOf(1), dir)) == 0 {
		t.Fatal("the identifier cannot be found before")
	}
	appendTo(t, path, askErase(1, today))
	compact(t, dir, raw)
	check := func(when string) {
		t.Helper()
		for _, asOf := range []day.Day{today, today - 10} {
			got, want := answerOf(t, dir, asOf, 7), answerOf(t, never, asOf, 7)
			got.Installations.Ever, got.Installations.SeenOneDay, got.Installations.Erased = want.Installations.Ever, want.Installations.SeenOneDay, want.Installations.Erased
			if got.Window != want.Window || got.Installations != want.Installations {
				t.Errorf("%s, as of %s: got %+v %+v, want %+v %+v", when, asOf, got.Window, got.Installations, want.Window, want.Installations)
			}
			if got.Counters[0].New != want.Counters[0].New || got.Counters[0].Active != want.Counters[0].Active {
				t.Errorf("%s, as of %s: got %+v, want %+v", when, asOf, got.Counters[0], want.Counters[0])
			}
		}
	}
	compact(t, never, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), strings.Join(linesOf(text, 2), "")))
	check("asked")
	if r := erase(t, dir, EraseOptions{Files: []string{raw}}); r.Sums != 1 {
		t.Errorf("got %d months kept as sums in the receipt, want 1", r.Sums)
	}
	check("erased")
	if in := find(t, idOf(1), dir, raw); len(in) > 0 {
		t.Errorf("the identifier is still in %s", in)
	}
	whole(t, dir)
	prune(t, dir, PruneOptions{Months: 1})
	whole(t, dir)
}

// linesOf are the lines with reports of one installation.
func linesOf(text string, n int) (list []string) {
	for _, l := range strings.SplitAfter(text, "\n") {
		if strings.Contains(l, guid(n)) {
			list = append(list, l)
		}
	}
	return list
}

// A negative retention is an error that says so.
func TestNegativeRetention(t *testing.T) {
	for _, o := range []PruneOptions{{RawDays: -1, Months: 1}, {RawDays: 1, Months: -1}} {
		if _, err := Prune(t.Context(), newDir(t), o); err == nil || !strings.Contains(err.Error(), "can be negative") {
			t.Errorf("%+v: got %v, want that neither can be negative", o, err)
		}
	}
}

// A retention that is longer than any time that can be counted keeps all.
func TestPruneKeepsForVeryLong(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	path := write(t, filepath.Join(raw, rotatedName), line(1, today-100, 1), line(2, today, 1))
	old := today.Time().AddDate(-3, 0, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	compact(t, dir, raw)
	for _, most := range []int{106_751, 106_752, 200_000, math.MaxInt32} { // 106,751 days are the longest time.Duration
		done := prune(t, dir, PruneOptions{Files: []string{raw}, RawDays: most, Months: most, DryRun: true})
		if len(done.RawFiles) != 0 || len(done.Months) != 0 {
			t.Errorf("%d days and months: got %+v, want that all is kept", most, done)
		}
	}
}
