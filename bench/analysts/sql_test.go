package analysts

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"
)

// reported is what the test reads of headcount report --format json.
type reported struct {
	Installations map[string]int64 `json:"installations"`
	Counters      []struct {
		Name          string
		Labels        map[string]string
		Total         int64
		New           int64 `json:"new_28d"`
		Installations int64
	}
	Gauges []struct {
		Name, Range           string
		Things, Installations int64
	}
	Cohorts []struct {
		Week   string
		Active []int64
	}
	Activity []struct {
		Day    string
		Active int64 `json:"active_1d"`
	}
}

// The questions of docs/analysts.md as SQL have the same answers as the
// command, for a fleet in which everything goes wrong.
func TestAnalystsSQL(t *testing.T) {
	questions := analystsSQL(t)
	a := answersOfAFleet(t)
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // a view is of one connection
	if _, err := db.Exec(questions["reports"]); err != nil {
		t.Fatal(err)
	}
	want := a.figures()
	for question, names := range map[string]func(row []any) map[string]int64{
		"active":       installations("active_1d", "active_7d", "active_28d", "ever"),
		"movement":     installations("new_28d", "churned_28d", "returned_28d", "seen_one_day"),
		"totals":       series("total", "new", "installations"),
		"distribution": series("things", "installations"),
		"retention": func(row []any) map[string]int64 {
			return map[string]int64{fmt.Sprintf("cohort %s %s", date(row[0]), date(row[1])): whole(row[2])}
		},
	} {
		t.Run(question, func(t *testing.T) {
			rows := ask(t, db, questions[question])
			if len(rows) == 0 {
				t.Fatal("no rows")
			}
			for _, row := range rows {
				for name, got := range names(row) {
					if n, ok := want[name]; !ok || n != got {
						t.Errorf("%s: got %d with SQL, want %d, as the command says", name, got, n)
					}
					delete(want, name)
				}
			}
		})
	}
	// What no question has a row for is 0.
	for name, n := range want {
		if n != 0 {
			t.Errorf("%s: got no row with SQL, want %d, as the command says", name, n)
		}
	}
	t.Run("masks", func(t *testing.T) {
		row := ask(t, db, questions["masks"])[0]
		if got, want := whole(row[0]), a.activeDays(t, db); got != want || got == 0 {
			t.Errorf("got %d active days in the masks, want %d", got, want)
		}
	})
	t.Run("the line for DuckDB", func(t *testing.T) {
		if rows := ask(t, db, questions["line"]); len(rows) != 10 || len(rows[0]) < 10 {
			t.Errorf("got %d rows, want 10 with a column for each series", len(rows))
		}
	})
}

// analystsSQL are the SQL blocks of docs/analysts.md by their names.
func analystsSQL(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/analysts.md")
	if err != nil {
		t.Fatal(err)
	}
	questions := map[string]string{}
	for _, b := range regexp.MustCompile("(?s)<!-- sql: (\\w+) -->\n```sql\n(.*?)```").FindAllSubmatch(text, -1) {
		questions[string(b[1])] = string(b[2])
	}
	if all := strings.Count(string(text), "```sql"); all != len(questions) || all < 7 {
		t.Errorf("%d of %d SQL blocks have a name of their own, want all of 7 or more", len(questions), all)
	}
	if line := regexp.MustCompile("DuckDB: `(SELECT .*)`").FindSubmatch(text); line != nil {
		questions["line"] = string(line[1])
	} else {
		t.Error("docs/analysts.md has no line for DuckDB")
	}
	return questions
}

// answersOfAFleet makes a fleet and its archive in the current directory, a
// new one, and returns what the command answers.
func answersOfAFleet(t *testing.T) *reported {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "headcount")
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", binary, ".")
	build.Dir, build.Env = "../../cmd/headcount", append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Chdir(t.TempDir())
	var out []byte
	for _, args := range []string{
		"simulate --installations 400 --days 120 --end 2026-11-25 --seed 11 --out otelcol",
		"compact --archive archive --catalog compreface otelcol",
		"erase --archive archive --closed otelcol",
		"report --archive archive --as-of 2026-11-25 --format json",
	} {
		var err error
		if out, err = exec.Command(binary, strings.Fields(args)...).Output(); err != nil {
			t.Fatalf("headcount %s: %v", args, err)
		}
	}
	a := &reported{}
	if err := json.Unmarshal(out, a); err != nil {
		t.Fatal(err)
	}
	if a.Installations["erased"] == 0 || a.Installations["ever"] < 300 || len(a.Cohorts) < 10 {
		t.Errorf("got %v and %d cohorts, want a fleet with erasures", a.Installations, len(a.Cohorts))
	}
	return a
}

// figures are what the questions ask for, each under a name.
func (a *reported) figures() map[string]int64 {
	f := map[string]int64{}
	for name, n := range a.Installations {
		if name != "erased" { // of which nothing is left to count
			f[name] = n
		}
	}
	for _, c := range a.Counters {
		name := c.Name
		for k, v := range c.Labels {
			name += "{" + k + "=" + v + "}"
		}
		f[name+" total"], f[name+" new"], f[name+" installations"] = c.Total, c.New, c.Installations
	}
	for _, g := range a.Gauges {
		name := g.Name + "{compreface.faces.range=" + g.Range + "}"
		f[name+" things"], f[name+" installations"] = g.Things, g.Installations
	}
	for _, c := range a.Cohorts {
		first, _ := time.Parse(time.DateOnly, c.Week)
		for i, n := range c.Active {
			f[fmt.Sprintf("cohort %s %s", c.Week, first.AddDate(0, 0, 7*i).Format(time.DateOnly))] = n
		}
	}
	return f
}

// activeDays is what the masks of the month must come to: all that the archive
// has of it, also what is later than the report.
func (a *reported) activeDays(t *testing.T, db *sql.DB) (n int64) {
	t.Helper()
	for _, day := range a.Activity {
		if strings.HasPrefix(day.Day, "2026-11-") {
			n += day.Active
		}
	}
	later := ask(t, db, `SELECT count(DISTINCT (install_guid, day)) FROM read_parquet('archive/reports/2026-11.*.parquet') WHERE day > DATE '2026-11-25'`)
	return n + whole(later[0][0])
}

func installations(names ...string) func([]any) map[string]int64 {
	return func(row []any) map[string]int64 {
		f := map[string]int64{}
		for i, name := range names {
			f[name] = whole(row[i])
		}
		return f
	}
}

func series(names ...string) func([]any) map[string]int64 {
	return func(row []any) map[string]int64 {
		f := map[string]int64{}
		for i, name := range names {
			f[fmt.Sprint(row[0], " ", name)] = whole(row[i+1])
		}
		return f
	}
}

// ask returns the rows of a question.
func ask(t *testing.T, db *sql.DB, question string) (list [][]any) {
	t.Helper()
	rows, err := db.Query(question)
	if err != nil {
		t.Fatalf("%v\n%s", err, question)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		list = append(list, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// whole reads a whole number, which DuckDB's sums give as a large one.
func whole(v any) int64 {
	var n int64
	fmt.Sscan(fmt.Sprint(v), &n)
	return n
}

func date(v any) string { return v.(time.Time).Format(time.DateOnly) }
