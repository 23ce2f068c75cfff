package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// calledByOthers are functions that an application has but does not call, and
// who calls them.
var calledByOthers = map[string]string{
	"catalog: Counter.Index":          "the client of telemetry",
	"catalog: Counter.String":         "fmt",
	"catalog: RangeGauge.String":      "fmt",
	"consent: Decision.MarshalText":   "encoding/json",
	"consent: Decision.String":        "fmt",
	"consent: Decision.UnmarshalText": "encoding/json",
	"sqlstate: Dialect.String":        "fmt",
	"sqlstate: Store.Load":            "the client of telemetry",
	"sqlstate: Store.Swap":            "the client of telemetry",
	"telemetry: Point.String":         "fmt",
	"telemetry: Report.String":        "fmt",
}

// TestExamples: every function and method that an application calls is called
// in an Example of its package.
func TestExamples(t *testing.T) {
	stale := maps.Clone(calledByOthers)
	for _, room := range shown {
		_, list := files(t, room)
		paths, err := filepath.Glob(filepath.Join(top(t), room, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		var tests []*ast.File
		for _, path := range paths {
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			tests = append(tests, f)
		}
		for _, name := range withoutExample(list, tests) {
			if name = room + ": " + name; calledByOthers[name] == "" {
				t.Errorf("%s is called in no Example", name)
			}
			delete(stale, name)
		}
	}
	for name := range stale {
		t.Errorf("%s needs no exception: it has an Example, or is not there", name)
	}
}

// withoutExample lists the exported functions and methods of a package that no
// Example of its tests names.
func withoutExample(list, tests []*ast.File) (names []string) {
	named := map[string]bool{}
	for _, f := range tests {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Recv == nil && strings.HasPrefix(d.Name.Name, "Example") {
				ast.Inspect(d.Body, func(n ast.Node) bool {
					if s, ok := n.(*ast.SelectorExpr); ok {
						named[s.Sel.Name] = true
					}
					return true
				})
			}
		}
	}
	for _, f := range list {
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || !d.Name.IsExported() || named[d.Name.Name] {
				continue
			}
			name := d.Name.Name
			if d.Recv != nil {
				if !ast.IsExported(receiver(d)) {
					continue
				}
				name = receiver(d) + "." + name
			}
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// The check above can fail.
func TestWithoutExample(t *testing.T) {
	parse := func(code string) []*ast.File {
		f, err := parser.ParseFile(token.NewFileSet(), "p.go", "package p\n"+code, 0)
		if err != nil {
			t.Fatal(err)
		}
		return []*ast.File{f}
	}
	code := parse("func Shown() {}\nfunc Missing() {}\nfunc inner() {}\nfunc (T) Method() {}\nfunc (*T) Other() {}\nfunc (t) Hidden() {}\n")
	tests := parse("func Example() { p.Shown(); x.Other() }\nfunc TestMissing() { p.Missing() }\n")
	if got, want := withoutExample(code, tests), []string{"Missing", "T.Method"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
