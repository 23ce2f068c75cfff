package clickhousetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/clickhouse"
	"headcount.example/cmd/headcount/internal/day"
)

const (
	erased = "11111111-1111-4111-8111-111111111111"
	other  = "22222222-2222-4222-8222-222222222222"
)

// insert puts points in as the exporter does: one statement a table.
func insert(t *testing.T, e *engine, table string, rows ...string) {
	t.Helper()
	e.do(t, "INSERT INTO headcount.otel_metrics_"+table+" (ResourceAttributes, MetricName, Attributes, StartTimeUnix, TimeUnix, Value) VALUES "+strings.Join(rows, ", "))
}

func row(guid, metric string, value string) string {
	return fmt.Sprintf("({'install_guid': '%s'}, '%s', {}, '2026-11-25 13:00:00', '2026-11-25 00:00:00', %s)", guid, metric, value)
}

// What is no report is counted, keeps nothing else out, and is nowhere.
func TestRefusedPoints(t *testing.T) {
	e := startEngine(t)
	insert(t, e, "sum",
		row("not a UUID", "compreface.user.created", "1"),
		row("11111111-1111-1111-8111-111111111111", "compreface.user.created", "1"), // version 1
		row(strings.ToUpper("aaaaaaaa-1111-4111-8111-111111111111"), "compreface.user.created", "1"),
		row(erased, "compreface.user.created", "-1"),
		row(erased, "compreface.user.created", "nan"),
		row(other, "compreface.user.created", "5"))
	if got := e.do(t, "SELECT install_guid, `compreface.user.created` FROM headcount.reports"); got != other+"\t5" {
		t.Errorf("reports: got %q, want that of %s alone", got, other)
	}
	if got := e.do(t, "SELECT kind, sum(points) FROM headcount.refused GROUP BY kind ORDER BY kind"); got != "absurd_value\t2\nbad_install_guid\t3" {
		t.Errorf("refused: got %q", got)
	}
}

// After headcount erase the identifier is in no table, also when it reports
// again, and nothing else is gone. What was delivered twice is kept once.
func TestErasedIsInNoTable(t *testing.T) {
	e := startEngine(t)
	for range 2 {
		insert(t, e, "sum", row(erased, "compreface.user.created", "1"), row(other, "compreface.user.created", "5"))
	}
	insert(t, e, "gauge", row(erased, "headcount.erasure.requested", "1"))
	if r := eraseStore(t, e); r.Requests != 1 || r.Reports != 1 || r.Ever != 1 || r.Number != 1 {
		t.Errorf("receipt %+v, want 1 request and 1 report", r)
	}
	insert(t, e, "sum", row(erased, "compreface.user.created", "2"))
	insert(t, e, "gauge", row(erased, "headcount.erasure.requested", "1"))
	if r := eraseStore(t, e); r.Requests != 0 || r.Reports != 0 || r.Ever != 1 || r.Number != 2 {
		t.Errorf("second receipt %+v, want nothing new", r)
	}
	for _, table := range strings.Fields(e.do(t, "SELECT name FROM system.tables WHERE database = 'headcount' AND engine LIKE '%MergeTree'")) {
		if text := e.do(t, "SELECT * FROM headcount."+table+" FORMAT CSV"); strings.Contains(text, erased) {
			t.Errorf("%s holds the identifier: %s", table, text)
		}
	}
	if text := e.do(t, "SELECT command FROM system.mutations"); text == "" || strings.Contains(text, erased) {
		t.Errorf("the mutations that ClickHouse remembers: got %q, want some, without the identifier", text)
	}
	if got := e.do(t, "SELECT DISTINCT install_guid, hour FROM headcount.reports"); got != other+"\t13" {
		t.Errorf("reports: got %q, want that of %s alone", got, other)
	}
	if got := e.do(t, "SELECT count() FROM (SELECT DISTINCT * FROM headcount.late)"); got != "1" {
		t.Errorf("late: got %s, want 1", got)
	}
}

// The tables can be made again over those that are there, and a longer list
// adds a column without touching what is kept.
func TestTablesAgain(t *testing.T) {
	e := startEngine(t)
	insert(t, e, "sum", row(other, "compreface.user.created", "5"))
	longer := list(t)
	longer.Notice++
	longer.Metrics[0].Name, longer.Series[0].Name = "compreface.visit.counted", "compreface.visit.counted"
	ddl, err := clickhouse.DDL(longer)
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range clickhouse.Statements(ddl) {
		e.do(t, sql)
	}
	insert(t, e, "sum", row(other, "compreface.visit.counted", "9"))
	got := e.do(t, "SELECT max(`compreface.user.created`), max(`compreface.visit.counted`) FROM headcount.reports GROUP BY install_guid, day, hour")
	if got != "5\t9" {
		t.Errorf("got %q, want the old column's 5 and the new one's 9", got)
	}
}

// What changes the reports of a month that is summed up changes the answer:
// one that comes late, and one that is deleted.
func TestChangeOfAMonthThatIsSummedUp(t *testing.T) {
	e := startEngine(t)
	over := day.Of(time.Now()).Month() - 3
	put := fmt.Sprintf("INSERT INTO headcount.reports (install_guid, day, hour, `compreface.user.created`) VALUES ('%%s', toDate(%d), 1, 7)", over)
	report := func() string {
		out, err := headcount("report", "--store", e.store(), "--as-of", over.String(), "--format", "json")
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	e.do(t, fmt.Sprintf(put, erased))
	for _, change := range []string{fmt.Sprintf(put, other), "ALTER TABLE headcount.reports DELETE WHERE install_guid = '" + other + "' SETTINGS mutations_sync = 2"} {
		sumUp(t, e)
		if n := e.do(t, "SELECT count() FROM headcount.bases"); n == "0" {
			t.Fatal("nothing is summed up")
		}
		before := report()
		e.do(t, change)
		got := report()
		e.do(t, "TRUNCATE TABLE headcount.bases")
		if want := report(); got != want || got == before {
			t.Errorf("%.60s: got\n%s\nwant\n%s\nbefore\n%s", change, got, want, before)
		}
	}
}

// A part whose first row an operator took out with DELETE FROM is a part all
// the same: prune removes what is left of its month.
func TestPruneAfterALightweightDelete(t *testing.T) {
	e := startEngine(t)
	old := day.Of(time.Now()).Month() - 800
	e.do(t, fmt.Sprintf("INSERT INTO headcount.reports (install_guid, day, hour, `compreface.user.created`) VALUES ('%s', toDate(%d), 1, 7), ('%s', toDate(%[2]d), 1, 7)", erased, old, other))
	e.do(t, "DELETE FROM headcount.reports WHERE install_guid = '"+e.do(t, "SELECT install_guid FROM headcount.reports WHERE _part_offset = 0")+"'")
	if n := e.do(t, "SELECT count(), countIf(_part_offset = 0) FROM headcount.reports"); n != "1\t0" {
		t.Fatalf("got %q reports and first rows, want 1 and 0", n)
	}
	if out, err := headcount("prune", "--store", e.store()); err != nil {
		t.Fatalf("%s%v", out, err)
	}
	if n := e.do(t, "SELECT count() FROM headcount.reports"); n != "0" {
		t.Errorf("got %s reports, want none", n)
	}
}
