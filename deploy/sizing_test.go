package deploy_test

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What docs/sizing.md computes with, and where it is measured.
const (
	perCPUSecond  = 1360             // requests that a Collector takes: docs/operators.md, Capacity
	rawBytes      = 1400             // of a report in the Collector's file: the same
	archiveBytes  = 6                // of an installation and day, at most: the same
	compactBytes  = 400e6            // a CPU-second, at least: the same
	rawDays       = 30               // raw files are kept, the default of headcount prune
	archiveDays   = 25 * 365.25 / 12 // rows are kept, the default of headcount prune
	outageSeconds = 3600             // in which all come, if all were away: an assumption

	tableBytes   = 6.9     // of a report in ClickHouse's tables: docs/clickhouse.md, What it costs
	reportCPU    = 1.17e-6 // seconds of headcount report --store for a report of the month: the same
	syncs        = 2       // fdatasync of a Collector's queue for a report that comes in: counted with strace
	syncsThrough = 2 + 4   // for one that also goes out: the same
)

// A sizing is a row of a table, for a number of installations.
type sizing struct {
	what string
	of   func(n float64) string
}

func hasTable(t *testing.T, rows []sizing) {
	t.Helper()
	var table strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", row.what, row.of(1e4), row.of(1e6), row.of(5e7))
	}
	if text := read(t, "../docs/sizing.md"); !strings.Contains(text, table.String()) {
		t.Errorf("docs/sizing.md has another table than\n%s", table.String())
	}
}

// The tables in docs/sizing.md are what its constants give.
func TestSizingIsComputed(t *testing.T) {
	hasTable(t, []sizing{
		{"reports a second, spread over the day", func(n float64) string { return number(n / 86400) }},
		{"reports a second, all in one hour after an outage", func(n float64) string { return number(n / outageSeconds) }},
		{"cores for the Collector in that hour", func(n float64) string { return number(n / outageSeconds / perCPUSecond) }},
		{"raw files, a day", func(n float64) string { return size(n * rawBytes) }},
		{"raw files, 30 days", func(n float64) string { return size(n * rawBytes * rawDays) }},
		{"`compact`, a day's reports, CPU-seconds", func(n float64) string { return number(n * rawBytes / compactBytes) }},
		{"archive, a day", func(n float64) string { return size(n * archiveBytes) }},
		{"archive, 25 months", func(n float64) string { return size(n * archiveBytes * archiveDays) }},
	})
	hasTable(t, []sizing{
		{"`reports` and `installations`, a day", func(n float64) string { return size(n * tableBytes) }},
		{"the same, 400 days", func(n float64) string { return size(n * tableBytes * 400) }},
		{"`headcount report --store` on the last day of a month, after `headcount prune`, CPU-seconds", func(n float64) string { return number(n * 30 * reportCPU) }},
		{"fdatasync of the queues, a second, spread over the day", func(n float64) string { return number(n * syncsThrough / 86400) }},
		{"the same while all come in one hour after an outage", func(n float64) string { return number(n * syncs / outageSeconds) }},
	})
	capacity := read(t, "../docs/operators.md")
	for _, source := range []string{"1,360 requests per CPU-second", "1.4 kB a report", "below 6 bytes per installation and day", "400 MB or more per CPU-second"} {
		if !strings.Contains(capacity, source) {
			t.Errorf("docs/operators.md no longer says %q, which docs/sizing.md computes with", source)
		}
	}
}

// A simulated fleet has reports as large as docs/sizing.md says.
func TestSizingOfASlice(t *testing.T) {
	dir := t.TempDir()
	headcount := build(t, "../cmd/headcount", dir, "headcount")
	run(t, exec.Command(headcount, "simulate", "--installations", "300", "--days", "20", "--clean", "--out", filepath.Join(dir, "raw")))
	files, err := filepath.Glob(filepath.Join(dir, "raw", "*.jsonl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("got %v, %v; want files", files, err)
	}
	bytes, reports := 0, 0
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		bytes, reports = bytes+len(data), reports+strings.Count(string(data), "install_guid")
	}
	got := float64(bytes) / float64(reports)
	if math.Abs(got-rawBytes) > rawBytes/5 {
		t.Errorf("got %.0f bytes a report, want about %d", got, rawBytes)
	}
	t.Logf("%d reports, %.0f bytes each", reports, got)
}

// number has two digits that count.
func number(n float64) string {
	if n >= 10 {
		return fmt.Sprintf("%.0f", n)
	}
	return fmt.Sprintf("%.2g", n)
}

func size(bytes float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB"} {
		if bytes < 1000 {
			return number(bytes) + " " + unit
		}
		bytes /= 1000
	}
	return number(bytes) + " TB"
}
