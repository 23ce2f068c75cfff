package catalog_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The example at the top of the package's documentation is the one that
// ExampleNew compiles and runs.
func TestDocumentationShowsTheExample(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var shown []string
	for line := range strings.Lines(string(doc)) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok {
			shown = append(shown, code)
		}
	}
	if len(shown) < 5 {
		t.Fatalf("doc.go shows %d lines of code", len(shown))
	}
	// The blank line of the example is "//" in the documentation.
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if !strings.Contains(squeeze(string(example)), squeeze(strings.Join(shown, ""))) {
		t.Errorf("not in example_test.go:\n%s", strings.Join(shown, ""))
	}
}

// A catalog that costs an application OpenTelemetry would not be put where
// it belongs, beside the code that it is about.
func TestImportsLittle(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	for _, path := range strings.Fields(string(out)) {
		switch path {
		case "headcount.example/bucketing", "headcount.example/catalog", "headcount.example/internal/texts":
		default:
			t.Errorf("catalog needs %s", path)
		}
	}
}
