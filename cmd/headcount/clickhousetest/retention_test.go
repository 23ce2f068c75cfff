package clickhousetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/day"
)

// After headcount prune no row is of a month that is not kept, and the answers
// are those of before, and of an archive that was pruned the same way: also
// after later reports, erasure, and another prune.
func TestPrunedAsAnArchive(t *testing.T) {
	yesterday := day.Of(time.Now()) - 1
	e := startEngine(t)
	c := startCollector(t, e)
	a := newArchived(t, c)
	events := history(t, 21, 40, 150, yesterday)
	cut := len(events) * 8 / 10
	send(t, events[:cut], c)
	want := a.reportAsOf(t, yesterday)
	sameAsOf(t, "before", e, want, yesterday)
	inFiles, first := pruneBoth(t, e, a, 2)
	if len(inFiles.Months) == 0 || inFiles.Installations == 0 {
		t.Errorf("nothing was pruned: %+v", inFiles)
	}
	if got := a.reportAsOf(t, yesterday); !bytes.Equal(got, want) {
		t.Fatalf("the archive's answer changed: %s", firstDifference(got, want))
	}
	sameAsOf(t, "pruned", e, want, yesterday)

	var later []event // what is of a month that is gone is refused by the archive
	for _, x := range events[cut:] {
		if x.day >= first {
			later = append(later, x)
		}
	}
	send(t, later, c)
	want = a.reportAsOf(t, yesterday)
	sameAsOf(t, "later", e, want, yesterday)
	if files, store := a.erase(t), eraseStore(t, e); files.Requests != store.Requests || files.Reports != store.Reports || files.Ever != store.Ever || files.Sums != store.Sums {
		t.Errorf("receipts: the files' is %+v, the store's %+v", files, store)
	}
	want = a.reportAsOf(t, yesterday)
	sameAsOf(t, "erased", e, want, yesterday)
	pruneBoth(t, e, a, 1)
	sameAsOf(t, "pruned again", e, want, yesterday)
}

// pruneBoth returns what was removed, and the first month that is kept.
func pruneBoth(t *testing.T, e *engine, a *archived, months int) (*archive.Pruned, day.Day) {
	t.Helper()
	files, store := prune(t, months, "--archive", a.dir), prune(t, months, "--store", e.store())
	if fmt.Sprint(files) != fmt.Sprint(store) {
		t.Errorf("%d months: the archive's is %+v, the store's %+v", months, files, store)
	}
	first := archive.FirstKept(time.Now(), months)
	for table, column := range map[string]string{"reports": "day", "installations": "month"} {
		if n := e.do(t, fmt.Sprintf("SELECT count() FROM headcount.%s WHERE %s < toDate(%d)", table, column, first)); n != "0" {
			t.Errorf("%s has %s rows before %s", table, n, first)
		}
	}
	gone := fmt.Sprintf("SELECT uniqExact(install_guid) FROM headcount.states WHERE first = toDate(%d) AND install_guid NOT IN (SELECT install_guid FROM headcount.reports)", first)
	if n := e.do(t, gone); n != "0" {
		t.Errorf("states has %s installations without a report since %s", n, first)
	}
	return files, first
}

func prune(t *testing.T, months int, args ...string) *archive.Pruned {
	t.Helper()
	out, err := headcount(append([]string{"prune", "--months", fmt.Sprint(months), "--format", "json"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	p := &archive.Pruned{}
	if err := json.Unmarshal(out, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// Where headcount prune does not run, TTL removes what is older than the
// notice promises: also in tables that were made without it.
func TestRowsEnd(t *testing.T) {
	e := startEngine(t) // without TTL
	promised := list(t).About.FigureDays
	e.do(t, "SYSTEM STOP MERGES")
	for _, age := range []int{promised - 40, promised + 1} { // a month is a row of installations
		on := time.Now().UTC().AddDate(0, 0, -age).Format(time.DateOnly)
		e.do(t, fmt.Sprintf("INSERT INTO headcount.otel_metrics_sum (ResourceAttributes, MetricName, Attributes, StartTimeUnix, TimeUnix, Value) VALUES ({'install_guid': '%s'}, 'compreface.user.created', {}, '%s 13:00:00', '%[2]s 00:00:00', 1)", other, on))
		e.do(t, fmt.Sprintf("INSERT INTO headcount.states VALUES (1, '%s', '%s', '')", on, other))
	}
	e.do(t, "SYSTEM START MERGES")
	e.tables(t)
	for _, table := range []string{"reports", "installations", "states"} {
		until(t, time.Minute, func() error {
			if _, err := e.try("OPTIMIZE TABLE headcount." + table + " FINAL"); err != nil {
				return err
			}
			if n := e.do(t, "SELECT count() FROM headcount."+table); n != "1" {
				return fmt.Errorf("%s has %s rows, want the one that is not too old", table, n)
			}
			return nil
		})
	}
}
