package main

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
)

// aRecord is one in which every target is met, most of them just so.
func aRecord() Answers {
	spent := func(cpu float64, rss int64) Spent {
		return Spent{CPU: cpu, Wall: 2 * cpu, RSS: rss, Read: 3_000_000_000}
	}
	month := Compact{What: "one month", Installations: 100_000, Days: 30, Reports: 2_000_000, Bytes: 3_000_000_000, Archive: 12_000_000,
		Runs: []Spent{spent(10, 256e6), spent(9, 1e6), spent(11, 1e6)}}
	large := month
	large.Installations, large.Days, large.Reports, large.Archive = 1_000_000, 60, 40_000_000, 240_000_000
	large.Runs = []Spent{spent(4, 256e6), spent(6, 1e6)}
	return Answers{Date: "a day", Parse: Parse{Rate: 900, Allocs: 0.5}, Months: []Compact{month, month}, DuckDB: spent(36, 1e9),
		Report: []Spent{spent(1, 200e6)}, HTML: []Spent{spent(1.03125, 1e6)}, Page: 150_000, Compared: 19,
		Large: Large{Compact: large, Report: []Spent{spent(4, 400e6)}, HTML: []Spent{spent(4, 1e6)}, More: month}}
}

func TestAnswersTargets(t *testing.T) {
	for _, target := range answersTargets(aRecord()) {
		if !target.met() {
			t.Errorf("%s: got %v, and the limit is %v: want it met", target.what, target.value, target.limit)
		}
	}
	for _, target := range answersTargets(Answers{}) {
		if target.met() {
			t.Errorf("%s: got %v of a run that measured nothing: want it missed", target.what, target.value)
		}
	}
	for i, worse := range []func(*Answers){
		func(a *Answers) { a.Months[0].Runs = []Spent{{CPU: 10.1}} },
		func(a *Answers) { a.Months[1].Runs = []Spent{{CPU: 10.1}} },
		func(a *Answers) { a.Large.Runs = []Spent{{CPU: 10.1}} },
		func(a *Answers) { a.Large.Runs[0].RSS = 256_000_001 },
		func(a *Answers) { a.DuckDB.CPU = 34.9 },
		func(a *Answers) { a.Months[0].Days = 19 },
		func(a *Answers) { a.Months[0].Archive++ },
		func(a *Answers) { a.Months[1].Days = 19 },
		func(a *Answers) { a.Months[1].Archive++ },
		func(a *Answers) { a.Large.Days = 39 },
		func(a *Answers) { a.Large.Archive++ },
		func(a *Answers) { a.Report[0].CPU, a.HTML[0].CPU = 1.01, 1.02 },
		func(a *Answers) { a.Report[0].RSS++ },
		func(a *Answers) { a.Large.Report[0].CPU = 4.01 },
		func(a *Answers) { a.Large.Report[0].RSS++ },
		func(a *Answers) { a.Page++ },
		func(a *Answers) { a.HTML[0].CPU = 1.0625 },
	} {
		a := aRecord()
		worse(&a)
		for j, target := range answersTargets(a) {
			if got, want := target.met(), i != j; got != want {
				t.Errorf("after change %d, %s (%v) is met: got %t, want %t", i, target.what, target.value, got, want)
			}
		}
		if got := strings.Count(answersTables(a), "**missed**"); got != 1 {
			t.Errorf("after change %d the table shows %d missed targets, want 1", i, got)
		}
	}
}

// The document shows what was recorded, and nothing else.
func TestAnswersDocumentShowsTheRecord(t *testing.T) {
	var a Answers
	if err := loadJSON("answers.json", &a); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := t.TempDir()
	if err := os.WriteFile(filepath.Join(docs, "performance.md"), want, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := answersDocument(docs, a); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(docs, "performance.md")); err != nil || string(got) != string(want) {
		t.Errorf("docs/performance.md is not what answers.json says (%v): go run . answers -render", err)
	}
}

func TestAnswersRecordIsKept(t *testing.T) {
	path, want := filepath.Join(t.TempDir(), "answers.json"), aRecord()
	if err := saveJSON(path, want); err != nil {
		t.Fatal(err)
	}
	var got Answers
	if err := loadJSON(path, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
}

func TestParsed(t *testing.T) {
	const line = "BenchmarkParse/Read \t 100\t 2000000 ns/op\t 1000.00 MB/s\t 500.0 MB/CPU-s\t 250000 reports/CPU-s\t 4096 B/op\t 2000 allocs/op\n"
	// 2 ms at 1,000 MB/s are 2 MB, and of these 500 reports a MB.
	got, err := parsed(line)
	if want := (Parse{Rate: 500, Allocs: 2}); err != nil || got.Rate != want.Rate || math.Abs(got.Allocs-want.Allocs) > 1e-9 {
		t.Errorf("got %+v and %v, want %+v", got, err, want)
	}
	if got, err := parsed("PASS\n"); err == nil {
		t.Errorf("got %+v of a run without a benchmark, want an error", got)
	}
}

const (
	oursJSON = `{"installations":{"active_28d":2,"ever":3},"input":{"reports":5},
		"counters":[{"name":"c","labels":{"k":"v"},"total":7}],"gauges":[{"name":"g","range":"1-10","things":9}]}`
	theirsJSON = `{"reports":5,"installations":3,"active_28d":2,"totals":{"c{k=v}":7},"things":{"g|1-10":9}}`
)

func TestCompare(t *testing.T) {
	if n, err := compare([]byte(oursJSON), []byte(theirsJSON)); n != 5 || err != nil {
		t.Errorf("got %d equal figures and %v, want 5 and none", n, err)
	}
	for _, c := range []struct{ name, from, to string }{
		{"reports", `"reports":5`, `"reports":6`},
		{"installations", `"installations":3`, `"installations":4`},
		{"active", `"active_28d":2`, `"active_28d":1`},
		{"total", `"c{k=v}":7`, `"c{k=v}":8`},
		{"things", `"g|1-10":9`, `"g|1-10":8`},
		{"one more series", `{"c{k=v}":7`, `{"x":0,"c{k=v}":7`},
		{"no ranges", `{"g|1-10":9}`, `{}`},
		{"no JSON", `{"reports"`, `{`},
	} {
		t.Run(c.name, func(t *testing.T) {
			other := strings.Replace(theirsJSON, c.from, c.to, 1)
			if other == theirsJSON {
				t.Fatalf("%s is not in it", c.from)
			}
			if _, err := compare([]byte(oursJSON), []byte(other)); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

func TestSplit(t *testing.T) {
	const early, late = `{"timeUnixNano":"1793318400000000000"}` + "\n", `{"timeUnixNano":"` + moreBegin + `"}` + "\n"
	for _, c := range []struct {
		name         string
		files        []string
		before, last []string // contents
	}{
		{"one file", []string{early + early + late}, []string{early + early}, []string{late}},
		{"at the border", []string{early, late, late}, []string{early}, []string{late, late}},
		{"in the second", []string{early, early + late, late}, []string{early, early}, []string{late, late}},
		{"nothing before", []string{late}, nil, []string{late}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var paths []string
			for i, text := range c.files {
				paths = append(paths, filepath.Join(t.TempDir(), string(rune('a'+i))))
				if err := os.WriteFile(paths[i], []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			before, last, err := split(paths)
			if err != nil {
				t.Fatal(err)
			}
			if got := contents(t, before); !reflect.DeepEqual(got, c.before) {
				t.Errorf("before the last day: got %q, want %q", got, c.before)
			}
			if got := contents(t, last); !reflect.DeepEqual(got, c.last) {
				t.Errorf("the last day: got %q, want %q", got, c.last)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte(early), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := split([]string{path}); err == nil {
		t.Error("got no error for files without the last day, want one")
	}
}

func TestParts(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for i, size := range []int{3, 1, 1, 1, 5, 2} {
		files = append(files, filepath.Join(dir, fmt.Sprint(i)))
		if err := os.WriteFile(files[i], make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := [][]string{files[:1], files[1:4], files[4:5], files[5:]}
	if got := parts(files, 3); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := parts(nil, 3); got != nil {
		t.Errorf("got %q, want none", got)
	}
}

func contents(t *testing.T, files []string) (list []string) {
	t.Helper()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(data))
	}
	return list
}

// TestAnswersRun is a run in little: every figure is there, DuckDB agrees,
// and nothing is left on the disk.
func TestAnswersRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles programs")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	a, err := measureAnswers(context.Background(), answersOptions{small: 300, smallDays: 30, large: 900, largeDays: 60, slice: 16 << 20, rounds: 2}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Months) != 2 || a.Compared != 19 {
		t.Errorf("got %d small fleets and %d figures equal to DuckDB's, want 2 and 19", len(a.Months), a.Compared)
	}
	for _, c := range append(a.Months, a.Large.Compact, a.Large.More) {
		if c.Reports < 100 || c.Bytes < 1000*c.Reports || c.Archive == 0 || len(c.Runs) == 0 {
			t.Errorf("got %+v, want reports, bytes and an archive", c)
		}
	}
	if len(a.Large.Runs) < 2 {
		t.Errorf("got %d slices, want several", len(a.Large.Runs))
	}
	for _, target := range answersTargets(a) {
		if math.IsNaN(target.value) {
			t.Errorf("%s has no figure", target.what)
		}
	}
	if a.Parse.Rate <= 0 || a.Erase.Raw.CPU <= 0 || a.Large.More.Runs[0].CPU <= 0 {
		data, _ := json.Marshal(a)
		t.Errorf("a figure is missing: %s", data)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("got %v and %v left in the directory for temporary files, want nothing", left, err)
	}
}
