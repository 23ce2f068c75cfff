package catalogtest

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"headcount.example/catalog"
)

const remedy = "run UPDATE_GOLDEN=1 go test and commit the file"

// Asked at each call, so that go test notes the variable and never answers
// from its cache for another value of it.
func updating() bool { return os.Getenv("UPDATE_GOLDEN") == "1" }

// File fails the test unless the file holds exactly the bytes of want. With
// UPDATE_GOLDEN=1 it writes them instead, and fails only if that fails. The
// directory must exist. Two tests must not keep the same file.
func File(t testing.TB, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case err != nil && !missing:
		t.Errorf("catalogtest: %v", err)
	case !missing && bytes.Equal(got, want):
	case updating():
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Errorf("catalogtest: %v", err)
			return
		}
		t.Logf("catalogtest: %s is written anew", path)
	case missing:
		t.Errorf("catalogtest: %s is missing: %s", path, remedy)
	default:
		line, is, should := difference(got, want)
		t.Errorf("catalogtest: %s is stale: line %d is %q and should be %q: %s", path, line, is, should, remedy)
	}
}

// difference finds the first line in which two texts that are not equal
// differ. A line keeps its line end, so that a file that Git gave other line
// ends shows them.
func difference(got, want []byte) (line int, is, should []byte) {
	a, b := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
	for line < len(a) && line < len(b) && bytes.Equal(a[line], b[line]) {
		line++
	}
	if line < len(a) {
		is = a[line]
	}
	if line < len(b) {
		should = b[line]
	}
	return line + 1, is, should
}

// Golden fails the test unless notice.md and fingerprints.txt in the
// directory say what the catalog says now: the last line of fingerprints.txt
// is the number of the notice and the catalog's fingerprint, and the numbers
// above it are lower. A catalog with an error fails, and so does one with a
// translation that is not sound, see [catalog.Catalog.CheckTexts].
//
// With UPDATE_GOLDEN=1 it rewrites notice.md and adds a line to
// fingerprints.txt, but only if the notice number is new and higher than
// all before. If not, it fails and writes neither file.
func Golden(t testing.TB, c *catalog.Catalog, dir string) {
	t.Helper()
	notice, err := c.Notice()
	if err != nil {
		t.Errorf("catalogtest: %v", err)
		return
	}
	if err := c.CheckTexts(); err != nil {
		t.Errorf("catalogtest: %v", err)
	}
	path := filepath.Join(dir, "fingerprints.txt")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("catalogtest: %v", err)
		return
	}
	published, err := parse(text)
	if err == nil {
		published, err = published.with(entry{c.NoticeNumber(), c.Fingerprint()})
	}
	if err != nil {
		t.Errorf("catalogtest: %s: %v", path, err)
		return
	}
	File(t, filepath.Join(dir, "notice.md"), notice)
	File(t, path, published.text())
}
