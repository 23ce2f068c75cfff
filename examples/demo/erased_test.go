package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const guid = "81b241ab-17da-4f5f-9edb-f1e63d737acf"

// An identifier is found as text and as bytes, wherever it stands in a file,
// and another one is not.
func TestHolding(t *testing.T) {
	bytes := "\x81\xb2\x41\xab\x17\xda\x4f\x5f\x9e\xdb\xf1\xe6\x3d\x73\x7a\xcf"
	for name, test := range map[string]struct {
		content string
		held    bool
	}{
		"text":            {`{"stringValue":"` + guid + `"}`, true},
		"upper case":      {strings.ToUpper(guid), true},
		"without hyphens": {strings.ReplaceAll(guid, "-", ""), true},
		"bytes":           {"PAR1" + bytes + "PAR1", true},
		"text cut short":  {guid[:len(guid)-1], false},
		"bytes cut short": {bytes[:15], false},
		"another one":     {"91" + guid[2:] + "\x91" + bytes[1:], false},
		"nothing":         {"", false},
		"a name alone":    {"install_guid", false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "a", "file")
			if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			for path, content := range map[string]string{path: test.content, filepath.Join(dir, "other"): "other"} {
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var want []string
			if test.held {
				want = []string{path}
			}
			found, files, err := holding(dir, guid)
			if err != nil || files != 2 || !slices.Equal(found, want) {
				t.Errorf("found in %q of %d files, %v; want %q of 2", found, files, err, want)
			}
		})
	}
	for _, none := range []string{"", guid[:35], guid + "00", "an identifier"} {
		if _, _, err := holding(t.TempDir(), none); err == nil {
			t.Errorf("%q was looked for: got no error", none)
		}
	}
	if _, _, err := holding(filepath.Join(t.TempDir(), "nowhere"), guid); err == nil {
		t.Error("no directory: got no error")
	}
}
