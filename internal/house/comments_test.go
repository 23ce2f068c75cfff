package house

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"slices"
	"testing"
)

// Every exported name has a comment: packages, functions, types, methods,
// constants, variables, fields, and what interfaces ask for.
func TestEveryNameIsDocumented(t *testing.T) {
	for room := range rooms {
		set, list := files(t, room)
		if len(list) == 0 {
			continue
		}
		for _, name := range silent(t, room, set, list) {
			t.Errorf("%s: %s has no comment", room, name)
		}
	}
}

// silent lists the exported names that have no comment. A constant or variable
// may have its block's. Fields, and methods of an interface, that stand
// together without an empty line between them may have one for all; the first
// of them may have the type's.
func silent(t *testing.T, room string, set *token.FileSet, list []*ast.File) (names []string) {
	t.Helper()
	p, err := doc.NewFromFiles(set, list, module+"/"+room)
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, said bool) {
		if !said {
			names = append(names, name)
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, spec := range v.Decl.Specs {
				spec := spec.(*ast.ValueSpec)
				said := spec.Doc != nil || spec.Comment != nil || v.Doc != ""
				for _, name := range spec.Names {
					check(name.Name, said || !name.IsExported())
				}
			}
		}
	}
	functions := func(of string, list []*doc.Func) {
		for _, f := range list {
			check(of+f.Name, f.Doc != "" || f.Name == "Error")
		}
	}
	check("the package", p.Doc != "")
	functions("", p.Funcs)
	values(slices.Concat(p.Consts, p.Vars))
	for _, typ := range p.Types {
		check(typ.Name, typ.Doc != "")
		functions("", typ.Funcs)
		functions(typ.Name+".", typ.Methods)
		values(slices.Concat(typ.Consts, typ.Vars))
		for _, spec := range typ.Decl.Specs {
			switch written := spec.(*ast.TypeSpec).Type.(type) {
			case *ast.StructType:
				fields(set, typ.Name, written.Fields.List, check)
			case *ast.InterfaceType:
				fields(set, typ.Name, written.Methods.List, check)
			}
		}
	}
	slices.Sort(names)
	return names
}

// fields checks those that have a name: what is embedded is documented where
// it is declared.
func fields(set *token.FileSet, of string, list []*ast.Field, check func(string, bool)) {
	line := func(p token.Pos) int { return set.Position(p).Line }
	var paragraphs [][]*ast.Field
	for i, f := range list {
		begin := f.Pos()
		if f.Doc != nil {
			begin = f.Doc.Pos()
		}
		if i == 0 || line(begin) > line(list[i-1].End())+1 {
			paragraphs = append(paragraphs, nil)
		}
		last := &paragraphs[len(paragraphs)-1]
		*last = append(*last, f)
	}
	for i, together := range paragraphs {
		said := i == 0 || slices.ContainsFunc(together, func(f *ast.Field) bool { return f.Doc != nil || f.Comment != nil })
		for _, f := range together {
			for _, name := range f.Names {
				check(of+"."+name.Name, said || !name.IsExported())
			}
		}
	}
}

// The check above can fail: it finds each of these, and nothing of the rest.
func TestMissingCommentsAreFound(t *testing.T) {
	const code = `// Package p is an example.
package p

// One is a variable.
var One int

var Two int // is one as well

var (
	// Three is a variable.
	Three int
	Bare1 int
	four  int
)

// These two are alike.
const (
	Five = iota
	Six
)

var Bare2 = 6

const Bare3 = 7

// T is a type.
type T struct {
	Seven int

	// Eight and Nine are alike.
	Eight int
	Nine  int

	Bare4 int
	ten   int
}

type Bare5 interface {
	// Eleven is asked for.
	Eleven()

	Bare6()
}

func Bare7() {}

func (T) Bare8() {}

func (T) Error() string { return "" }

func (T) twelve() {}
`
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "p.go", code, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Bare1", "Bare2", "Bare3", "Bare5", "Bare5.Bare6", "Bare7", "T.Bare4", "T.Bare8"}
	if names := silent(t, "p", set, []*ast.File{f}); !slices.Equal(names, want) {
		t.Errorf("found %q, want %q", names, want)
	}
}
