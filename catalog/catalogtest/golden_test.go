package catalogtest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/catalogtest"
)

// A recorder is a test that notes what would have failed it.
type recorder struct {
	testing.TB // nil: a method that is not below panics, so none is used unseen
	failures   []string
}

func (r *recorder) Helper()             {}
func (r *recorder) Logf(string, ...any) {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// A run of these tests may be updating files. They say so themselves.
func check(t *testing.T, update bool, run func(testing.TB)) []string {
	t.Helper()
	value := ""
	if update {
		value = "1"
	}
	t.Setenv("UPDATE_GOLDEN", value)
	r := &recorder{}
	run(r)
	return r.failures
}

func shop(notice int, services ...string) *catalog.Catalog {
	return catalog.New("Shop", notice, catalog.About{
		Recipient: "Shop Ltd", Purpose: "To see what is used.", ReportDays: 30, FigureDays: 400, ErasureDays: 14,
		Contact: "privacy@shop.example", Policy: "https://shop.example/privacy",
	}, catalog.NewCounter("shop.service.created", "{service}", catalog.Text{
		Title: "Services created", Description: "A service was created, by type.", Question: "Which services are popular?"},
		catalog.OneOf("shop.service.type", services...)))
}

func line(c *catalog.Catalog) string {
	return fmt.Sprintf("notice %d %s\n", c.NoticeNumber(), c.Fingerprint())
}

func notice(t *testing.T, c *catalog.Catalog) string {
	t.Helper()
	text, err := c.Notice()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

const (
	missing = ""
	other   = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func TestGolden(t *testing.T) {
	one, two, more := shop(1, "SEARCH"), shop(2, "SEARCH", "PAYMENT"), shop(1, "SEARCH", "PAYMENT")
	for name, test := range map[string]struct {
		c             *catalog.Catalog
		notice, lines string   // the files before, or missing
		failures      []string // of a check, each by a part of its text; none means it passes
		updateFails   string   // of an update that is refused, by a part of its text
		updatedLines  string   // after an update; "" means as before
	}{
		"as committed":      {c: one, notice: notice(t, one), lines: line(one)},
		"with older lines":  {c: two, notice: notice(t, two), lines: line(one) + line(two)},
		"numbers with gaps": {c: shop(9, "SEARCH"), notice: notice(t, shop(9, "SEARCH")), lines: line(two) + line(shop(9, "SEARCH"))},
		"no files yet": {c: one, failures: []string{"notice.md is missing: run UPDATE_GOLDEN=1 go test", "fingerprints.txt is missing: run UPDATE_GOLDEN=1 go test"},
			updatedLines: line(one)},
		"notice missing": {c: one, lines: line(one), failures: []string{"notice.md is missing"}},
		"lines missing":  {c: one, notice: notice(t, one), failures: []string{"fingerprints.txt is missing"}, updatedLines: line(one)},
		"stale notice": {c: one, notice: strings.Replace(notice(t, one), "SEARCH", "FIND", 1), lines: line(one),
			failures: []string{"notice.md is stale: line 19 is \"| Services created (shop.service.created) | Which services are popular? | A service was created, by type. The total since you agreed. | shop.service.type: FIND |\\n\" and should be"}},
		"notice with other line ends": {c: one, notice: strings.ReplaceAll(notice(t, one), "\n", "\r\n"), lines: line(one),
			failures: []string{`catalog and raise its notice number. -->\r\n" and should be`}},
		"number rose": {c: two, notice: notice(t, one), lines: line(one),
			failures:     []string{"notice.md is stale", "fingerprints.txt is stale: line 2 is \"\" and should be \"notice 2 "},
			updatedLines: line(one) + line(two)},
		"changed without a new number": {c: more, notice: notice(t, one), lines: line(one),
			failures:    []string{"agreed to notice 1 as it was: raise the notice number in catalog.New to 2"},
			updateFails: "agreed to notice 1 as it was: raise the notice number"},
		"changed, and the notice edited to fit": {c: more, notice: notice(t, more), lines: line(one),
			failures:    []string{one.Fingerprint()[:8] + "… is now " + more.Fingerprint()[:8]},
			updateFails: "raise the notice number"},
		"number fell": {c: one, notice: notice(t, two), lines: line(one) + line(two),
			failures:    []string{"notice number 1, and notice 2 was already published: raise the notice number in catalog.New above 2"},
			updateFails: "already published"},
		"a number twice": {c: one, notice: notice(t, one), lines: "notice 1 " + other + "\n" + line(one),
			failures:    []string{"line 2 is notice 1 after notice 1, and numbers must rise: restore the file"},
			updateFails: "numbers must rise"},
		"numbers that fall": {c: one, notice: notice(t, one), lines: line(two) + line(one),
			failures:    []string{"line 2 is notice 1 after notice 2"},
			updateFails: "numbers must rise"},
		"garbage": {c: one, notice: notice(t, one), lines: line(one) + "<<<<<<< HEAD\n",
			failures:    []string{`line 2 is "<<<<<<< HEAD" and not "notice NUMBER FINGERPRINT": restore the file from version control`},
			updateFails: "restore the file"},
		"garbage before a raised number": {c: two, notice: notice(t, one), lines: "notice one " + other + "\n",
			failures: []string{`"notice one `}, updateFails: "restore the file"},
		"an empty line":      {c: one, notice: notice(t, one), lines: line(one) + "\n", failures: []string{`line 2 is ""`}, updateFails: `line 2 is ""`},
		"only an empty line": {c: one, notice: notice(t, one), lines: "\n", failures: []string{`line 1 is ""`}, updateFails: `line 1 is ""`},
		"number 0":           {c: one, notice: notice(t, one), lines: "notice 0 " + other + "\n" + line(one), failures: []string{"notice 0"}, updateFails: "notice 0"},
		"number 01":          {c: one, notice: notice(t, one), lines: strings.Replace(line(one), "1", "01", 1), failures: []string{"notice 01"}, updateFails: "notice 01"},
		"huge number": {c: one, notice: notice(t, one), lines: strings.Replace(line(one), "1", "99999999999999999999", 1),
			failures: []string{"99999999999999999999"}, updateFails: "99999999999999999999"},
		"a short fingerprint": {c: one, notice: notice(t, one), lines: line(one)[:40] + "\n", failures: []string{"line 1 is"}, updateFails: "line 1 is"},
		"lines with other line ends": {c: one, notice: notice(t, one), lines: strings.ReplaceAll(line(one), "\n", "\r\n"),
			failures: []string{`\r" and not`}, updateFails: `\r" and not`},
		"no last line end": {c: one, notice: notice(t, one), lines: strings.TrimSuffix(line(one), "\n"),
			failures: []string{"fingerprints.txt is stale"}, updatedLines: line(one)},
		"faulty catalog": {c: shop(0, "SEARCH"), notice: notice(t, one), lines: line(one),
			failures: []string{"catalog: notice number 0"}, updateFails: "notice number 0"},
		"nil catalog": {notice: notice(t, one), lines: line(one),
			failures: []string{"catalog: no catalog"}, updateFails: "no catalog"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if test.notice != missing {
				write(t, dir, "notice.md", test.notice)
			}
			if test.lines != missing {
				write(t, dir, "fingerprints.txt", test.lines)
			}
			golden := func(tb testing.TB) { catalogtest.Golden(tb, test.c, dir) }

			failures := check(t, false, golden)
			if len(failures) != len(test.failures) {
				t.Fatalf("failures %q, want %d", failures, len(test.failures))
			}
			for i, want := range test.failures {
				if !strings.Contains(failures[i], want) {
					t.Errorf("failure %q, want it to say %q", failures[i], want)
				}
			}
			if read(t, dir, "notice.md") != test.notice || read(t, dir, "fingerprints.txt") != test.lines {
				t.Error("a check wrote a file")
			}

			failures = check(t, true, golden)
			if test.updateFails != "" {
				if len(failures) != 1 || !strings.Contains(failures[0], test.updateFails) {
					t.Errorf("update failed with %q, want it to say %q", failures, test.updateFails)
				}
				if read(t, dir, "notice.md") != test.notice || read(t, dir, "fingerprints.txt") != test.lines {
					t.Error("a refused update wrote a file")
				}
				return
			}
			lines := test.lines
			if test.updatedLines != "" {
				lines = test.updatedLines
			}
			if got := read(t, dir, "fingerprints.txt"); len(failures) > 0 || got != lines {
				t.Errorf("update: failures %q and lines\n%s, want none and\n%s", failures, got, lines)
			}
			if failures := check(t, false, golden); len(failures) > 0 {
				t.Errorf("a check after the update fails: %q", failures)
			}
		})
	}
}
