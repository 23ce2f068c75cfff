package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// TestRetention: what the catalog promises is kept, and the days of the notice
// are never exceeded by the months.
func TestRetention(t *testing.T) {
	promised := func(report, figure int) *schema.Schema {
		s := schema.New()
		s.About = schema.About{ReportDays: report, FigureDays: figure}
		return s
	}
	for _, test := range []struct {
		catalog      *schema.Schema
		days, months int
	}{
		{nil, DefaultRawDays, DefaultMonths},
		{promised(0, 0), DefaultRawDays, DefaultMonths},
		{promised(7, 400), 7, 11},
		{promised(90, 1), 90, 1},
		{promised(1, 61), 1, 1},
		{promised(1, 62), 1, 1},
		{promised(1, 92), 1, 1},
		{promised(1, 93), 1, 2},
	} {
		m := &manifest{Catalog: test.catalog}
		if days, months := m.retention(); days != test.days || months != test.months {
			t.Errorf("got %d days and %d months, want %d and %d", days, months, test.days, test.months)
		}
	}
}

// The promise, day by day: the file is rotated each week, and prune runs each
// day. No report is in a raw file on the day that the promise ends, and none
// goes before it must. A file that is not rotated is named on that day.
func TestRawDaysCountFromTheFirstReport(t *testing.T) {
	for name, every := range map[string]int{"each week": 7, "never": 1000} {
		t.Run(name, func(t *testing.T) {
			raw, dir := t.TempDir(), newDir(t)
			live, began := filepath.Join(raw, "usage.jsonl"), today-200
			for on := began; on < began+40; on++ {
				if n := int(on - began); n > 0 && n%every == 0 {
					rename(t, live, filepath.Join(raw, "usage-"+on.String()+"T00-00-00.000.jsonl"))
				}
				if _, err := os.Stat(live); err != nil {
					write(t, live)
				}
				appendTo(t, live, line(1, on, 1))
				evening := (on + 1).Time().Add(-time.Minute) // the time of the last write
				if err := os.Chtimes(live, evening, evening); err != nil {
					t.Fatal(err)
				}
				compact(t, dir, raw)
				next := on + 1
				done := prune(t, dir, PruneOptions{Files: []string{raw}, Now: next.Time().Add(20 * time.Minute)})
				text := raws(t, raw)
				promised := next - DefaultRawDays
				late := strings.Contains(text, line(1, promised, 1))
				if every == 7 && late {
					t.Fatalf("%s: a report of %s is still there, 30 days later", next, promised)
				}
				if late != (len(done.Overdue) == 1) {
					t.Fatalf("%s: got %q overdue, want %v", next, done.Overdue, late)
				}
				if young := max(next-DefaultRawDays+7, began); !strings.Contains(text, line(1, young, 1)) {
					t.Fatalf("%s: the report of %s is gone too early", next, young)
				}
			}
		})
	}
}

// What was rejected goes 30 days after it may have arrived, which is the day
// before it was read; with a retention of a day, one day after it was read.
func TestRetentionOfRejected(t *testing.T) {
	for _, test := range []struct{ rawDays, later, want int }{{30, 28, 0}, {30, 29, 1}, {1, 0, 0}, {1, 1, 1}} {
		var dir string
		var read day.Day // what compact notes

		// Once more if midnight came in between.
		for before := day.Day(0); read == 0 || before != read; {
			dir, before = newDir(t), day.Of(time.Now())
			compact(t, dir, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), line(1, today, 1), "foreign\n"))
			read = day.Of(time.Now())
		}
		done := prune(t, dir, PruneOptions{RawDays: test.rawDays, DryRun: true, Now: (read + day.Day(test.later)).Time()})
		if done.Rejected != int64(test.want) {
			t.Errorf("%d days, %d later: got %d removed, want %d", test.rawDays, test.later, done.Rejected, test.want)
		}
	}
}

// raws is the text of all raw files.
func raws(t *testing.T, dir string) (text string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text += string(data)
	}
	return text
}

// The first stamp of the Collector in a file is its age; a stamp that no
// Collector's clock gives, or one after the last write, is not.
func TestAge(t *testing.T) {
	old := today.Time().AddDate(0, 0, -40)
	for name, test := range map[string]struct {
		text  string
		write int // days ago
		want  int
	}{
		"the first report":      {line(1, today-9, 1) + line(2, today, 1), 0, 9},
		"a torn one":            {line(1, today-9, 1)[300:] + line(2, today-8, 1), 0, 8},
		"a clock in 1970":       {line(1, 0, 1) + line(2, today-9, 1), 0, 9},
		"a clock that is ahead": {line(1, today+90, 1), 3, 3},
		"no report":             {"foreign\n", 4, 4},
		"empty":                 {"", 5, 5},
	} {
		t.Run(name, func(t *testing.T) {
			for file, text := range map[string]string{"usage.jsonl": test.text, "usage.jsonl.gz": gzipped(t, test.text)} {
				path := write(t, filepath.Join(t.TempDir(), file), text)
				at := today.Time().AddDate(0, 0, -test.write)
				if err := os.Chtimes(path, old, at); err != nil {
					t.Fatal(err)
				}
				o, err := newIndex(nil).open(path)
				if err != nil {
					t.Fatal(err)
				}
				defer o.file.Close()
				if got, err := o.age(today.Time()); got != test.want || err != nil {
					t.Errorf("%s: got %d days, %v, want %d", file, got, err, test.want)
				}
			}
		})
	}
}
