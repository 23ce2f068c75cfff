package clickhouse

import (
	"strings"
	"testing"

	"headcount.example/catalog/catalogtest"
	"headcount.example/cmd/headcount/internal/schema"
)

// The committed tables are those of the catalog.
func TestTables(t *testing.T) {
	list, err := schema.Load("compreface")
	if err != nil {
		t.Fatal(err)
	}
	ddl, err := DDL(list)
	if err != nil {
		t.Fatal(err)
	}
	catalogtest.File(t, "../../../../deploy/clickhouse/schema.sql", ddl)
}

// A word of a catalog stays a word in SQL.
func TestQuotes(t *testing.T) {
	list, err := schema.Parse([]byte(`{"product":"It's","metrics":[{"name":"a","kind":"range_gauge","attributes":[{"key":"r","values":["\\'); DROP TABLE x; --"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	ddl, err := DDL(list)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(ddl), `labels['r'] = '\\\'); DROP TABLE x; --'`) {
		t.Errorf("the value is not quoted:\n%s", ddl)
	}
	for _, sql := range Statements(ddl) {
		if strings.HasPrefix(sql, "DROP") {
			t.Errorf("a statement of the catalog's: %s", sql)
		}
	}
}
