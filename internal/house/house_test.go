// Package house holds the tests of the house itself: which room may use
// which, how many names each shows, what an application gets with the
// library, and that the README is true.
package house

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
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
	"catalog":             {"bucketing"},
	"catalog/compreface":  {"bucketing", "catalog"},
	"catalog/affiliate":   {"bucketing", "catalog"},
	"catalog/catalogtest": {"catalog"},
	"consent":             {"github.com/gofrs/flock"},
	"consent/panel":       {"catalog", "consent", "telemetry"},
	"consent/prompt":      {"consent", "golang.org/x/sys"},
	"internal/ledger":     {"github.com/gofrs/flock", "github.com/edsrzf/mmap-go", "github.com/google/uuid", "golang.org/x/sys"},
	"internal/gate": {"catalog", "github.com/google/uuid", "go.opentelemetry.io/otel", "go.opentelemetry.io/proto/otlp",
		"google.golang.org/protobuf"},
	"telemetry": {"catalog", "consent", "internal/durable", "internal/gate", "internal/journal", "internal/ledger", "github.com/google/uuid",
		"go.opentelemetry.io/proto/otlp", "go.opentelemetry.io/otel/sdk/metric"},
	"internal/house":   {},
	"internal/durable": {"github.com/gofrs/flock"},
	"internal/journal": {"internal/durable"},
}

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
// are in no other module.
func packages(t *testing.T) []string {
	t.Helper()
	root := top(t)
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root:
			if _, err := os.Stat(filepath.Join(path, "go.mod")); err == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
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

// Nothing runs at import and nothing is shared between two clients of one
// process, so no init and no assignment to a package's variable.
func TestNoInit(t *testing.T) {
	for room := range rooms {
		_, list := files(t, room)
		for _, f := range list {
			for _, d := range f.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
					t.Errorf("%s has an init function", room)
				}
			}
		}
	}
}

// names are what a room shows: package-level names and methods, without the
// methods of the standard interfaces that printing and encoding call.
func names(t *testing.T, room string) []string {
	t.Helper()
	set, list := files(t, room)
	p, err := doc.NewFromFiles(set, list, module+"/"+room)
	if err != nil {
		t.Fatal(err)
	}
	standard := []string{"String", "Error", "MarshalText", "UnmarshalText"}
	var shown []string
	functions := func(of string, list []*doc.Func) {
		for _, f := range list {
			if of == "" || !slices.Contains(standard, f.Name) {
				shown = append(shown, strings.TrimPrefix(of+"."+f.Name, "."))
			}
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, name := range v.Names {
				if token.IsExported(name) {
					shown = append(shown, name)
				}
			}
		}
	}
	functions("", p.Funcs)
	values(p.Consts)
	values(p.Vars)
	for _, typ := range p.Types {
		shown = append(shown, typ.Name)
		functions("", typ.Funcs)
		functions(typ.Name, typ.Methods)
		values(typ.Consts)
		values(typ.Vars)
	}
	slices.Sort(shown)
	return shown
}

func TestFewNames(t *testing.T) {
	for room, most := range map[string]int{"bucketing": 8, "consent": 15, "telemetry": 18, "catalog": 25, "catalog/catalogtest": 4, "consent/panel": 12, "consent/prompt": 2} {
		shown := names(t, room)
		if len(shown) == 0 || len(shown) > most {
			t.Errorf("%s shows %d names, more than %d (or none): %q", room, len(shown), most, shown)
		}
		t.Logf("%s: %d of %d names: %q", room, len(shown), most, shown)
	}
}

// Every exported name has a comment.
func TestEveryNameIsDocumented(t *testing.T) {
	for room := range rooms {
		set, list := files(t, room)
		if len(list) == 0 {
			continue
		}
		p, err := doc.NewFromFiles(set, list, module+"/"+room)
		if err != nil {
			t.Fatal(err)
		}
		if p.Doc == "" {
			t.Errorf("%s has no package comment", room)
		}
		check := func(name, text string) {
			if text == "" && token.IsExported(strings.TrimLeft(name, ".")) {
				t.Errorf("%s: %s has no comment", room, name)
			}
		}
		for _, f := range p.Funcs {
			check(f.Name, f.Doc)
		}
		for _, typ := range p.Types {
			check(typ.Name, typ.Doc)
			for _, f := range slices.Concat(typ.Funcs, typ.Methods) {
				if f.Name != "Error" && token.IsExported(typ.Name) {
					check(typ.Name+"."+f.Name, f.Doc)
				}
			}
		}
	}
}
