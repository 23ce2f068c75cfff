package house

import (
	"bytes"
	"go/ast"
	"go/printer"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// shown are the packages that applications import.
var shown = []string{"bucketing", "catalog", "catalog/catalogtest", "consent", "panel", "prompt", "sqlstate", "telemetry", "telemetrytest"}

// declarations are what a package shows, each as in its code but without
// comments, bodies and what is not exported.
func declarations(t *testing.T, room string) []string {
	t.Helper()
	set, list := files(t, room)
	var all []string
	for _, f := range list {
		f.Comments = nil
		ast.FileExports(f)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && !ast.IsExported(receiver(d)) {
					continue
				}
				d.Body, d.Doc = nil, nil
			case *ast.GenDecl:
				d.Doc = nil
			}
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.Field:
					n.Doc, n.Comment = nil, nil
				case *ast.ValueSpec:
					n.Doc, n.Comment = nil, nil
				case *ast.TypeSpec:
					n.Doc, n.Comment = nil, nil
				}
				return true
			})
			var b bytes.Buffer
			if err := printer.Fprint(&b, set, d); err != nil {
				t.Fatal(err)
			}
			var lines []string // the code's empty lines depend on its comments
			for line := range strings.Lines(b.String()) {
				if strings.TrimSpace(line) != "" {
					lines = append(lines, strings.TrimRight(line, "\n"))
				}
			}
			if text := strings.Join(lines, "\n"); !strings.HasPrefix(text, "import") {
				all = append(all, text)
			}
		}
	}
	slices.Sort(all)
	return all
}

// receiver is the name of a method's type.
func receiver(f *ast.FuncDecl) string {
	switch t := f.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		return t.X.(*ast.Ident).Name
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// TestAPI: what applications can use changes only together with the record of
// it, so that a change is seen. UPDATE_GOLDEN=1 writes the record.
func TestAPI(t *testing.T) {
	var b strings.Builder
	for _, room := range shown {
		list := declarations(t, room)
		if len(list) == 0 {
			t.Errorf("%s shows nothing", room)
		}
		b.WriteString("package " + module + "/" + room + "\n\n" + strings.Join(list, "\n") + "\n\n")
	}
	path := filepath.Join("testdata", "api.txt")
	if os.Getenv("UPDATE_GOLDEN") == "1" {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range differences(b.String(), string(want)) {
		t.Errorf("%s: %s", path, difference)
	}
	if b.String() != string(want) {
		t.Errorf("what applications can use has changed: say so in CHANGELOG.md, and run UPDATE_GOLDEN=1 go test ./internal/house")
	}
}

// differences lists the lines of the code that are not recorded, and the other
// way round.
func differences(code, record string) (list []string) {
	got, recorded := strings.Split(code, "\n"), strings.Split(record, "\n")
	for _, line := range got {
		if !slices.Contains(recorded, line) {
			list = append(list, "not recorded: "+line)
		}
	}
	for _, line := range recorded {
		if !slices.Contains(got, line) {
			list = append(list, "recorded, and no more in the code: "+line)
		}
	}
	return list
}

// The check above can fail: a function that is new, and one that takes
// something else, are seen in each package.
func TestAPIDifferences(t *testing.T) {
	for _, room := range shown {
		record := "package " + room + "\n" + strings.Join(declarations(t, room), "\n")
		if got := differences(record, record); len(got) != 0 {
			t.Errorf("%s: got %q, want nothing", room, got)
		}
		if got := differences(record+"\nfunc Another()", record); len(got) != 1 {
			t.Errorf("%s: got %q, want the new function", room, got)
		}
		if got := differences(strings.Replace(record, "func ", "func x", 1), record); len(got) == 0 {
			t.Errorf("%s: a changed function is not seen", room)
		}
	}
}
