package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"headcount.example/catalog"
)

// documents are the Markdown files of the repository by their path, with "/".
func documents(t *testing.T) map[string]string {
	t.Helper()
	root, list := top(t), map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name := d.Name(); d.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "node_modules") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".md") {
			return nil
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		list[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil || len(list) < 10 {
		t.Fatalf("got %d documents and %v", len(list), err)
	}
	return list
}

var (
	codeBlock = regexp.MustCompile("(?ms)^```.*?^```$")
	link      = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading   = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	unwanted  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// anchors are the names that headings have where Markdown is shown.
func anchors(text string) map[string]bool {
	list := map[string]bool{}
	for _, h := range heading.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
		name := unwanted.ReplaceAllString(strings.ToLower(h[1]), "")
		list[strings.ReplaceAll(name, " ", "-")] = true
	}
	return list
}

// TestLinks: what a document links to in this repository is there.
func TestLinks(t *testing.T) {
	list := documents(t)
	for name, text := range list {
		for _, l := range link.FindAllStringSubmatch(codeBlock.ReplaceAllString(text, ""), -1) {
			if strings.Contains(l[1], ":") {
				continue
			}
			path, anchor, _ := strings.Cut(l[1], "#")
			to := name
			if path != "" {
				to = filepath.ToSlash(filepath.Join(filepath.Dir(name), path))
			}
			if _, err := os.Stat(filepath.Join(top(t), to)); err != nil {
				t.Errorf("%s links to %s, which is not there", name, l[1])
			} else if anchor != "" && !anchors(list[to])[anchor] {
				t.Errorf("%s links to %s, and %s has no such heading", name, l[1], to)
			}
		}
	}
}

// TestPrivacyPolicy: the draft has every field of catalog.About.
func TestPrivacyPolicy(t *testing.T) {
	text := documents(t)["docs/privacy-policy.md"]
	for _, field := range reflect.VisibleFields(reflect.TypeFor[catalog.About]()) {
		row := regexp.MustCompile(`\| (\{[^|}]+\}) \| .*` + "`About." + field.Name + "`").FindStringSubmatch(text)
		if row == nil {
			t.Errorf("About.%s has no row", field.Name)
		} else if strings.Count(text, row[1]) < 2 {
			t.Errorf("%s is explained and not used", row[1])
		}
	}
}
