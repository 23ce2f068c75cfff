package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// sum adds up runs, of which each did a part.
func sum(list []Spent) (s Spent) {
	for _, x := range list {
		s.CPU, s.Wall, s.RSS, s.Read = s.CPU+x.CPU, s.Wall+x.Wall, max(s.RSS, x.RSS), s.Read+x.Read
	}
	return s
}

// middleOf is the median of runs, of which each did the same, with the most
// memory of all.
func middleOf(list []Spent) Spent {
	s := sum(list)
	return Spent{CPU: median(cpus(list)), Wall: median(walls(list)), RSS: s.RSS}
}

// rate is MB for each second of processor time.
func rate(bytes int64, s Spent) float64 { return per(float64(bytes)/1e6, s.CPU) }

// per is a over b, and not a number where b is nothing.
func per(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

func (c Compact) perReport() float64 { return per(float64(c.Archive), float64(c.Reports)) }

// perDay counts the days on which an installation did not report too.
func (c Compact) perDay() float64 { return per(float64(c.Archive), float64(c.Installations*c.Days)) }

// size names a fleet: 100,000 × 30 days.
func (c Compact) size() string {
	return fmt.Sprintf("%s × %d days", thousands(int64(c.Installations)), c.Days)
}

// name is its size, and how it lies in time.
func (c Compact) name() string { return c.size() + ", " + c.What }

// small is one of the two small fleets; without figures if it is not there.
func (a Answers) small(i int) Compact {
	if i < len(a.Months) {
		return a.Months[i]
	}
	return Compact{}
}

func answersTargets(a Answers) []target {
	month := a.small(0)
	page := math.NaN()
	if a.Page > 0 {
		page = float64(a.Page) / 1000
	}
	return append(compactTargets(a), []target{
		{what: "report, " + month.size() + ", processor time", limit: 1, unit: " s", value: median(cpus(a.Report))},
		{what: "its memory", limit: 200, unit: " MB", value: highest(a.Report)},
		{what: "report, " + a.Large.size() + ", processor time", limit: 4, unit: " s", value: median(cpus(a.Large.Report))},
		{what: "its memory", limit: 400, unit: " MB", value: highest(a.Large.Report)},
		{what: "page", limit: 150, unit: " kB", value: page},
		{what: "page, rendered after the answers", limit: 50, unit: " ms", value: max(0, median(cpus(a.HTML))-median(cpus(a.Report))) * 1000},
	}...)
}

func compactTargets(a Answers) (list []target) {
	month, months := a.small(0), a.small(1)
	fleets := []Compact{month, months, a.Large.Compact}
	fast := []float64{rate(month.Bytes, middleOf(month.Runs)), rate(months.Bytes, middleOf(months.Runs)), rate(a.Large.Bytes, sum(a.Large.Runs))}
	for i, c := range fleets {
		list = append(list, target{what: "compact, " + c.name(), limit: 300, least: true, unit: " MB per CPU-s", value: fast[i]})
	}
	list = append(list,
		target{what: "the most memory of any compact", limit: 256, unit: " MB",
			value: highest(slices.Concat(month.Runs, months.Runs, a.Large.Runs, a.Large.More.Runs))},
		target{what: "faster than DuckDB's read_json, processor time", limit: 3.5, least: true, unit: " ×", value: per(a.DuckDB.CPU, middleOf(month.Runs).CPU)})
	for _, c := range fleets {
		list = append(list,
			target{what: "archive, for each installation and day, " + c.name(), limit: 6, unit: " bytes", value: c.perDay()},
			target{what: "archive, for each report, " + c.name(), limit: 6, unit: " bytes", value: c.perReport()})
	}
	return list
}

// answersTables is everything that was measured, in Markdown.
func answersTables(a Answers) string {
	var rows [][]string
	for _, t := range answersTargets(a) {
		rows = append(rows, t.row())
	}
	commit := ""
	if a.Machine.Commit != "" {
		commit = ", commit " + a.Machine.Commit
	}
	return fmt.Sprintf("Measured %s on %s, %d cores, %s, %s%s. The machine was shared with other work. %d figures were equal to DuckDB's.\n",
		a.Date, a.Machine.CPU, a.Machine.Cores, a.Machine.System, a.Machine.Go, commit, a.Compared) +
		"\n" + table([]string{"what", "target", "measured", ""}, rows) +
		"\n" + compactTable(a) +
		"\n" + processTable(a) +
		fmt.Sprintf("\nThe reader of the Collector's files alone, in memory: %s MB per CPU-second, %s allocations a report.\n",
			figure(a.Parse.Rate), figure(a.Parse.Allocs))
}

func compactTable(a Answers) string {
	row := func(name string, c Compact, s Spent) []string {
		row := []string{name, thousands(c.Bytes / 1e6), thousands(c.Reports), figure(s.CPU), figure(s.Wall), figure(rate(c.Bytes, s)),
			figure(float64(s.RSS) / 1e6), "–", "–"}
		if c.Archive > 0 {
			row[7], row[8] = figure(c.perReport()), figure(c.perDay())
		}
		return row
	}
	var rows [][]string
	for _, c := range a.Months {
		rows = append(rows, row("**"+c.name()+"**", c, middleOf(c.Runs)))
	}
	peer := a.small(0)
	peer.Archive = 0
	rows = append(rows, row("the same, DuckDB's read_json to Parquet", peer, a.DuckDB))
	rows = append(rows, row(fmt.Sprintf("**%s, in %d slices**", a.Large.size(), len(a.Large.Runs)), a.Large.Compact, sum(a.Large.Runs)))
	more := a.Large.More
	more.Archive = 0
	rows = append(rows, row("**one more day of it**", more, sum(more.Runs)))
	return table([]string{"compact, one thread", "MB of JSON", "reports", "CPU-s", "clock, s", "MB per CPU-s", "memory, MB",
		"archive, bytes a report", "an installation and day"}, rows)
}

func processTable(a Answers) string {
	small, large := a.small(0).size(), a.Large.size()
	var rows [][]string
	for _, p := range []struct {
		name string
		s    Spent
	}{
		{"report, " + small, middleOf(a.Report)},
		{"report --format html, " + small, middleOf(a.HTML)},
		{"report, " + large, middleOf(a.Large.Report)},
		{"report --format html, " + large, middleOf(a.Large.HTML)},
		{"compact of one request to erase, " + small, a.Erase.Request},
		{"erase of it, the archive", a.Erase.Archive},
		{fmt.Sprintf("erase once more, with the raw file of %.1f GB", float64(a.small(0).Bytes)/1e9), a.Erase.Raw},
	} {
		rows = append(rows, []string{p.name, figure(p.s.CPU), figure(p.s.Wall), figure(float64(p.s.RSS) / 1e6)})
	}
	return table([]string{"whole process", "CPU-s", "clock, s", "memory, MB"}, rows)
}

// The figures of this half stand between these lines.
const (
	answersBegin = "<!-- answers, written by make bench-answers -->\n"
	answersEnd   = "<!-- end of answers -->\n"
)

// answersDocument renders the record into performance.md.
func answersDocument(docs string, a Answers) error {
	path := filepath.Join(docs, "performance.md")
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := between(string(old), answersBegin, answersEnd, answersTables(a))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
