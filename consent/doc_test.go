package consent

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// sources parses the files of the package that are not tests.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	return files
}

// TestImports holds doc.go to "writes to no log": the package imports nothing of the
// standard library that could log, or reach a network.
func TestImports(t *testing.T) {
	for name, file := range sources(t) {
		for _, spec := range file.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if slices.Contains([]string{"log", "log/slog", "net", "net/http", "os/exec"}, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

// TestNoGoroutine holds doc.go to "starts no goroutine".
func TestNoGoroutine(t *testing.T) {
	for name, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s starts a goroutine", name)
			}
			return true
		})
	}
}

// TestDocTable carries out the precedence table of doc.go, row by row.
func TestDocTable(t *testing.T) {
	const variable = "COMPREFACE_TELEMETRY"
	now := time.Now()
	record := func(d Decision, notice int) Source {
		return fixed{record: Record{Decision: d, Notice: notice, Time: now, Where: ""}}
	}
	records := map[string][]Source{
		"the record cannot be read, or its source panics":     {fixed{err: errors.New("x")}, (*pointer)(nil)},
		"the record says denied, for whichever notice":        {record(Denied, 1), record(Denied, 2), record(Denied, 3)},
		"the record is impossible (unknown decision, future)": {record(7, 2), fixed{record: Record{Decision: Granted, Notice: 2, Time: now.AddDate(1, 0, 0), Where: ""}}},
		"the record says granted for notice 2, and it is 2":   {record(Granted, 2)},
		"the record says granted for another product":         {fixed{record: Record{Decision: Granted, Notice: 2, Time: now, For: "SHOP_TELEMETRY"}}},
		"the record says granted for another notice":          {record(Granted, 1), record(Granted, 3)},
		"nothing": {nil, fixed{}},
	}
	doc := sources(t)["doc.go"].Doc.Text()
	_, table, _ := strings.Cut(doc, "effective\n")
	table, _, _ = strings.Cut(table, "\n\n")
	rowForm := regexp.MustCompile(`^\t(.*?) +(granted|denied|undecided)$`)
	setting := regexp.MustCompile(`^([A-Z_]+)=(\S+)`)
	rows := strings.Split(table, "\n")
	if len(rows) != 13 {
		t.Fatalf("the table has %d rows", len(rows))
	}
	for _, row := range rows {
		part := rowForm.FindStringSubmatch(row)
		if part == nil {
			t.Fatalf("not a row: %q", row)
		}
		env, srcs := environ{}, records[part[1]]
		if set := setting.FindStringSubmatch(part[1]); set != nil {
			env[set[1]], srcs = set[2], []Source{nil}
		}
		if srcs == nil {
			t.Errorf("no test for the row %q", part[1])
		}
		for _, src := range srcs {
			if got := Evaluate(context.Background(), variable, 2, env.lookup, src); got.Decision.String() != part[2] {
				t.Errorf("%q is %v (%s)", part[1], got.Decision, got.Reason)
			}
		}
	}
}

// TestFormatRules holds what doc.go says about the file to the code.
func TestFormatRules(t *testing.T) {
	_, rules, _ := strings.Cut(sources(t)["doc.go"].Doc.Text(), "# What is stored")
	_, example, _ := strings.Cut(rules, "\n\n\t{")
	example, _, _ = strings.Cut(example, "\n\n")
	if records, err := parse([]byte("{"+example), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)); err != nil || len(records) != 1 {
		t.Errorf("the example is not a file: %v", err)
	}
	for _, word := range []string{"last 100 decisions", "128 KiB", "mode 0600", fileName, damagedName, lockName} {
		if !strings.Contains(rules, word) {
			t.Errorf("%q is not in the rules", word)
		}
	}
	if maxRecords != 100 || maxFile != 128*1024 {
		t.Error("the rules and the constants differ")
	}
}
