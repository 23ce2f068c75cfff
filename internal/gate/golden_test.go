package gate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/catalogtest"
)

// A golden report is what a report looks like on the wire under one notice.
type golden struct {
	Notice  int             `json:"notice"`
	Request string          `json:"request"`
	Headers []string        `json:"headers"`
	Body    json.RawMessage `json:"body"`
}

func goldenPath(name string) string { return filepath.Join("testdata", "report-"+name+".golden.json") }

// keep compares a report with the kept one. What is on the wire under a
// notice that people may have agreed to cannot be rewritten: not even
// UPDATE_GOLDEN=1 does that, until the notice number was raised. A notice that was
// never shown is changed by deleting the file by hand.
func keep(t testing.TB, path string, now golden) {
	t.Helper()
	text, err := json.MarshalIndent(now, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	if before, err := os.ReadFile(path); err == nil && !bytes.Equal(before, text) {
		var was golden
		if err := json.Unmarshal(before, &was); err != nil {
			t.Errorf("%s: %v", path, err)
			return
		}
		if was.Notice >= now.Notice {
			t.Errorf("%s: what is on the wire has changed and the notice number is still %d (it was %d): raise it in catalog.New", path, now.Notice, was.Notice)
			return
		}
	}
	catalogtest.File(t, path, text)
}

func goldenOf(t testing.TB, c *catalog.Catalog, raw []byte) golden {
	t.Helper()
	line, headers, otlp := dissect(t, raw)
	body, err := JSON(otlp)
	if err != nil {
		t.Fatal(err)
	}
	return golden{c.NoticeNumber(), line, headers, body}
}

func TestGoldenReport(t *testing.T) {
	for name, c := range catalogs {
		t.Run(name, func(t *testing.T) {
			raw, err := preview(gateTo(t, c, "https://stats.vendor.example"), report(c))
			if err != nil {
				t.Fatal(err)
			}
			keep(t, goldenPath(name), goldenOf(t, c, raw))
		})
	}
}

// quiet is a test that is expected to fail.
type quiet struct {
	testing.TB
	said []string
}

func (q *quiet) Helper()             {}
func (q *quiet) Logf(string, ...any) {}
func (q *quiet) Errorf(format string, args ...any) {
	q.said = append(q.said, fmt.Sprintf(format, args...))
}

func TestGoldenReportNeedsANewNotice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.golden.json")
	t.Setenv("UPDATE_GOLDEN", "1")
	old := golden{Notice: 2, Request: "POST / HTTP/1.1", Body: json.RawMessage(`{"a":1}`)}
	keep(t, path, old)
	changed := old
	changed.Body = json.RawMessage(`{"a":2}`)
	for _, test := range []struct {
		name   string
		update string
		notice int
		want   string // in the failure; empty: none
	}{
		{"same notice, checking", "", 2, "still 2"},
		{"same notice, updating", "1", 2, "still 2"},
		{"older notice, updating", "1", 1, "still 1"},
		{"newer notice, checking", "", 3, "is stale"},
		{"newer notice, updating", "1", 3, ""},
		{"newer notice, checked again", "", 3, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("UPDATE_GOLDEN", test.update)
			q := &quiet{TB: t}
			changed.Notice = test.notice
			keep(q, path, changed)
			if said := strings.Join(q.said, "\n"); (said == "") != (test.want == "") || !strings.Contains(said, test.want) {
				t.Errorf("said %q, want %q", said, test.want)
			}
		})
	}
}

// TestDecodedBody asks of the golden bodies what must never be in one.
func TestDecodedBody(t *testing.T) {
	for name := range catalogs {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(goldenPath(name))
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"exemplar", "schemaUrl", "version", "description", "traceId", "spanId", "dropped", "service.name", "host.", "telemetry.sdk", "process."} {
				if bytes.Contains(text, []byte(word)) {
					t.Errorf("%q is in the golden report", word)
				}
			}
		})
	}
}
