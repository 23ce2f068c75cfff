package panel

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestFieldsAreInTheDocument: go doc names each field of the JSON.
func TestFieldsAreInTheDocument(t *testing.T) {
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "# Fields of the JSON")
	section, _, _ = strings.Cut(section, "\n// # ")
	words, seen := map[string]bool{}, 0
	for _, word := range regexp.MustCompile(`[a-z_]+`).FindAllString(section, -1) {
		words[word] = true
	}
	for _, v := range []any{page{}, sent{}, report{}, preview{}, erasure{}, signUp{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			if seen++; !words[name] {
				t.Errorf("%T: the field %q is not in doc.go", v, name)
			}
		}
	}
	if seen < 40 {
		t.Errorf("got %d fields, want all of them", seen)
	}
}
