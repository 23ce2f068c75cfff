// Package house holds the tests of the house itself: which room may use
// which, what each shows to applications, what an application gets with the
// library, and that the documents are true.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "headcount.example"

// rooms are what each package may import beside the standard library. What
// is not here may import nothing of ours and nothing of others.
var rooms = map[string][]string{
	"bucketing":           {},
	"catalog":             {"bucketing", "internal/texts"},
	"catalog/compreface":  {"bucketing", "catalog"},
	"catalog/affiliate":   {"bucketing", "catalog"},
	"catalog/catalogtest": {"catalog"},
	"consent":             {"internal/durable"},
	"panel": {"catalog", "consent", "internal/answer", "internal/bounded", "internal/told", "internal/words",
		"telemetry"},
	"prompt":           {"catalog", "consent", "internal/bounded", "internal/words", "golang.org/x/sys", "golang.org/x/text"},
	"internal/answer":  {"consent"},
	"internal/bounded": {},
	"internal/told":    {"catalog", "internal/words", "telemetry"},
	"internal/texts":   {},
	"internal/words":   {"internal/texts", "golang.org/x/text"},
	"internal/ledger":  {"internal/bounded", "internal/durable", "github.com/google/uuid"},
	"internal/gate": {"catalog", "github.com/google/uuid", "go.opentelemetry.io/otel", "go.opentelemetry.io/proto/otlp",
		"google.golang.org/protobuf"},
	"internal/erasure": {"internal/durable", "github.com/google/uuid"},
	"telemetry": {"catalog", "consent", "internal/bounded", "internal/erasure", "internal/gate", "internal/journal", "internal/ledger", "github.com/google/uuid",
		"go.opentelemetry.io/otel/sdk/metric"},
	"telemetrytest":    {"catalog", "consent", "telemetry", "go.opentelemetry.io/otel/attribute", "go.opentelemetry.io/otel/sdk/metric"},
	"internal/house":   {},
	"internal/durable": {"github.com/gofrs/flock"},
	"internal/journal": {"internal/durable"},
	"internal/suite":   {},
	"sqlstate":         {"consent", "internal/ledger"},
}

// kept are rooms in modules of their own that applications import as they do
// the library. No database driver is among what they may import: the
// application brings its own.
var kept = []string{"sqlstate"}

// top is the directory of the library module.
func top(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// packages lists the library's own packages: directories with Go files that
// are in no other module, but for those that are kept.
func packages(t *testing.T) []string {
	t.Helper()
	root := top(t)
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root:
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if module := err == nil && !slices.Contains(kept, d.Name()); module || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
				return filepath.SkipDir
			}
		case strings.HasSuffix(path, ".go"):
			room, err := filepath.Rel(root, filepath.Dir(path))
			if err != nil {
				return err
			}
			found[filepath.ToSlash(room)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// files parses the files of a room that are not tests, for every platform.
func files(t *testing.T, room string) (*token.FileSet, []*ast.File) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(top(t), room, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var list []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return set, list
}

func TestArrows(t *testing.T) {
	if got, want := packages(t), slices.Sorted(maps.Keys(rooms)); !slices.Equal(got, want) {
		t.Errorf("the rooms are %q, the list here says %q", got, want)
	}
	for room, may := range rooms {
		t.Run(room, func(t *testing.T) {
			_, list := files(t, room)
			for _, f := range list {
				for _, i := range f.Imports {
					path, _ := strconv.Unquote(i.Path.Value)
					if !allowed(path, may) {
						t.Errorf("%s may not import %q", room, path)
					}
				}
			}
		})
	}
}

func allowed(path string, may []string) bool {
	first, _, _ := strings.Cut(path, "/")
	if !strings.Contains(first, ".") {
		return true // the standard library
	}
	for _, m := range may {
		if first, _, _ := strings.Cut(m, "/"); !strings.Contains(first, ".") {
			if path == module+"/"+m {
				return true
			}
		} else if path == m || strings.HasPrefix(path, m+"/") {
			return true
		}
	}
	return false
}

// Two clients of one process share nothing: no room has an init function, and
// no function changes a variable of its package.
func TestNoInit(t *testing.T) {
	for room := range rooms {
		set, list := files(t, room)
		for _, f := range list {
			for _, d := range f.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					t.Errorf("%s has an init function", room)
				}
			}
		}
		for _, at := range changes(room, set, list) {
			t.Errorf("%s: a variable of the package is changed", at)
		}
	}
}

// changes lists where functions assign to variables of their package, or to a
// part of one. What is imported is not looked at: whose a name is can be told
// without.
func changes(room string, set *token.FileSet, list []*ast.File) (places []token.Position) {
	info := types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Error: func(error) {}}
	p, _ := config.Check(module+"/"+room, set, list, &info)
	assigned := func(targets ...ast.Expr) {
		for _, target := range targets {
			if v, ok := info.Uses[root(target)].(*types.Var); ok && v.Parent() == p.Scope() {
				places = append(places, set.Position(target.Pos()))
			}
		}
	}
	for _, f := range list {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				assigned(n.Lhs...)
			case *ast.IncDecStmt:
				assigned(n.X)
			case *ast.RangeStmt:
				assigned(n.Key, n.Value)
			}
			return true
		})
	}
	return places
}

// root is the variable that an assignment to x, x.y, x[i] or *x changes.
func root(target ast.Expr) *ast.Ident {
	switch x := target.(type) {
	case *ast.Ident:
		return x
	case *ast.SelectorExpr:
		return root(x.X)
	case *ast.IndexExpr:
		return root(x.X)
	case *ast.StarExpr:
		return root(x.X)
	case *ast.ParenExpr:
		return root(x.X)
	}
	return nil
}

// The check above can fail: it finds each of these, and nothing of the rest.
func TestChangesAreFound(t *testing.T) {
	const code = `package p

import "elsewhere"

var (
	number, other int
	list          []int
	thing         struct{ field int }
	pointer       = new(int)
)

func bad() {
	number = 1
	number, other = 2, 3
	number++
	list[0] = 1
	thing.field += 1
	(*pointer) = 1
	for number = range list {
	}
}

func good(number int) {
	number = elsewhere.Number
	list := []int{other}
	list[0]++
	local := thing
	local.field = number
	_ = local
}
`
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "p.go", code, 0)
	if err != nil {
		t.Fatal(err)
	}
	var lines []int
	for _, at := range changes("p", set, []*ast.File{f}) {
		lines = append(lines, at.Line)
	}
	if want := []int{13, 14, 14, 15, 16, 17, 18, 19}; !slices.Equal(lines, want) {
		t.Errorf("found in lines %d, want %d", lines, want)
	}
}
