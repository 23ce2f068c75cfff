package clickhouse

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"headcount.example/cmd/headcount/internal/schema"
)

//go:embed schema.sql.tmpl
var ddlText string

var ddlTemplate = template.Must(template.New("ddl").Funcs(template.FuncMap{"name": name, "text": text, "ttl": newTTL}).Parse(ddlText))

// DDL renders the tables and views for a catalog. The statements end with ;
// and a new line, and can be run again: after a change of the catalog too.
func DDL(list *schema.Schema) ([]byte, error) {
	catalog, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	type column struct{ Name, Is string }
	type input struct {
		Name string
		Max  int64
	}
	var columns []column
	for _, s := range list.Series {
		columns = append(columns, column{s.Name, condition(list, s)})
	}
	var b bytes.Buffer
	err = ddlTemplate.Execute(&b, map[string]any{"Product": list.Product, "Notice": list.Notice, "Series": columns,
		"Catalog": string(catalog), "FigureDays": list.About.FigureDays, "Erasure": schema.Erasure, "Inputs": []input{{"sum", list.Max}, {"gauge", list.Max}}})
	return b.Bytes(), err
}

// A ttl is after how many days the rows of a table go; 0: never.
type ttl struct {
	Table, Column string
	Days          int
}

func newTTL(table, column string, days int) ttl { return ttl{table, column, days} }

// Statements splits what DDL renders.
func Statements(ddl []byte) (list []string) {
	for _, s := range strings.Split(string(ddl), ";\n") {
		if s = strings.TrimSpace(withoutComments(s)); s != "" {
			list = append(list, s)
		}
	}
	return list
}

func withoutComments(sql string) string {
	var lines []string
	for _, line := range strings.Split(sql, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// condition is true for the points of a series.
func condition(list *schema.Schema, s schema.Series) string {
	m := list.Metrics[s.Metric]
	is := "metric = " + text(m.Name)
	for i, a := range m.Attributes {
		is += fmt.Sprintf(" AND labels[%s] = %s", text(a.Key), text(s.Values[i]))
	}
	return is
}

// name quotes the name of a column.
func name(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}

// text quotes a string.
func text(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}
