package house

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The vendor's command reads the catalogs, and uses nothing else of the
// library. It builds without cgo, so no file imports "C".
func TestHeadcountImportsTheCatalogAlone(t *testing.T) {
	root := filepath.Join(top(t), "cmd", "headcount")
	catalogs := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, i := range f.Imports {
			imported, _ := strconv.Unquote(i.Path.Value)
			if strings.HasPrefix(imported, module+"/catalog") {
				catalogs++
			}
			if !vendorMay(imported) {
				t.Errorf("%s may not import %q", path, imported)
			}
		}
		return nil
	})
	if err != nil || catalogs == 0 {
		t.Errorf("%d imports of a catalog were found, %v; want one or more", catalogs, err)
	}
}

func vendorMay(path string) bool {
	if path != module && !strings.HasPrefix(path, module+"/") {
		return path != "C"
	}
	for _, may := range []string{"catalog", "cmd/headcount"} {
		if path == module+"/"+may || strings.HasPrefix(path, module+"/"+may+"/") {
			return true
		}
	}
	return false
}

// The check above can fail.
func TestVendorMay(t *testing.T) {
	for path, want := range map[string]bool{
		"C": false, "fmt": true, "github.com/spf13/cobra": true,
		module: false, module + "/telemetry": false, module + "/bucketing": false, module + "/catalogs": false,
		module + "/catalog": true, module + "/catalog/compreface": true, module + "/cmd/headcount/internal/day": true,
	} {
		if got := vendorMay(path); got != want {
			t.Errorf("%q: got %t, want %t", path, got, want)
		}
	}
}

// No database engine is inside: the command is one static binary.
func TestHeadcountHasNoEngineInside(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top(t), "cmd", "headcount", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if found := regexp.MustCompile(`(?i)duckdb|sqlite|clickhouse|chdb`).Find(text); found != nil {
		t.Errorf("cmd/headcount/go.mod names %q", found)
	}
	if !strings.Contains(string(text), "parquet-go") {
		t.Error("cmd/headcount/go.mod does not name parquet-go: is this the right file?")
	}
}
