package clickhousetest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/clickhouse"
)

// What cannot be run here is at least ClickHouse's SQL: users.sql, and the
// tables with the changes that replicated.md lists.
func TestSQLThatIsNotRunIsParsed(t *testing.T) {
	e := startEngine(t)
	users, err := os.ReadFile("../../../deploy/clickhouse/users.sql")
	if err != nil {
		t.Fatal(err)
	}
	statements := clickhouse.Statements(users)
	if example := regexp.MustCompile(`(?m)^--   (CREATE USER .*);$`).FindSubmatch(users); example == nil {
		t.Error("users.sql has no example of a user")
	} else {
		statements = append(statements, strings.Split(string(example[1]), "; ")...)
	}
	statements = append(statements, clickhouse.Statements([]byte(replicated(string(ddl(t)))))...)
	for _, sql := range statements {
		if _, err := e.try("EXPLAIN AST " + sql); err != nil {
			t.Errorf("%.200s: %v", sql, err)
		}
	}
	if _, err := e.try("EXPLAIN AST GRANT SELECT ON"); err == nil {
		t.Error("what is no SQL is parsed too")
	}
	for _, table := range regexp.MustCompile(`ON (headcount\.\w+) TO`).FindAllSubmatch(users, -1) {
		if e.do(t, "EXISTS TABLE "+string(table[1])) != "1" {
			t.Errorf("users.sql names %s, which is no table", table[1])
		}
	}
}

// replicated changes the tables as replicated.md says.
func replicated(ddl string) string {
	ddl = regexp.MustCompile(`(?m)^((?:CREATE|ALTER) (?:DATABASE|TABLE|MATERIALIZED VIEW) (?:IF NOT EXISTS )?[\w.]+)`).ReplaceAllString(ddl, "$1 ON CLUSTER headcount")
	return regexp.MustCompile(`ENGINE = (\w*MergeTree)`).ReplaceAllString(ddl, "ENGINE = Replicated$1")
}
