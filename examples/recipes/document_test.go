package recipes

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocument: every block of Go in the document is code of this package, and
// every exported function is in the document.
func TestDocument(t *testing.T) {
	read := func(path string) string {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	document := read("../../docs/recipes.md")
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %v and %v", files, err)
	}
	var code string
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.go") {
			code += read(file)
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(document, -1)
	if len(blocks) == 0 {
		t.Fatal("got no blocks of Go in the document")
	}
	shown := ""
	for _, block := range blocks {
		if !strings.Contains(code, block[1]) {
			t.Errorf("the document shows what is not in this package:\n%s", block[1])
		}
		shown += block[1]
	}
	for _, f := range regexp.MustCompile(`(?m)^func ([A-Z]\w*)\(`).FindAllStringSubmatch(code, -1) {
		if !strings.Contains(shown, "func "+f[1]+"(") {
			t.Errorf("%s is not in the document", f[1])
		}
	}
}
