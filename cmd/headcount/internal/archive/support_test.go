package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
	"headcount.example/cmd/headcount/internal/schema"
)

// today is the last day of the tests' reports.
var today, _ = day.Parse("2026-11-25")

// guid is an identifier of version 4.
func guid(n int) string {
	return fmt.Sprintf("%08x-1f5e-4%03x-8f67-%012x", 0x1c0ffee+n*7919, n%4096, n)
}

func idOf(n int) [16]byte { return uuid.MustParse(guid(n)) }

// usersMetric and facesMetric are metrics of the catalog compreface.
const (
	usersMetric = "compreface.user.created"
	facesMetric = "compreface.collection.count"
)

// resource is a report of one installation, without the request around it.
// It has a total, and a thing in a range if there is one.
func resource(n int, on day.Day, users int, size string) string {
	at := fmt.Sprintf(`"timeUnixNano":"%d"`, int64(on)*86400e9)
	s := `{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"` + guid(n) + `"}}]},"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[` +
		`{"name":"` + usersMetric + `","unit":"{user}","sum":{"dataPoints":[{` + at + fmt.Sprintf(`,"asInt":"%d"}],"aggregationTemporality":2,"isMonotonic":true}}`, users)
	if size != "" {
		s += `,{"name":"` + facesMetric + `","unit":"{collection}","gauge":{"dataPoints":[{"attributes":[{"key":"compreface.faces.range","value":{"stringValue":"` + size + `"}}],` + at + `,"asInt":"1"}]}}`
	}
	return s + `]}]}`
}

func request(resources ...string) string {
	return `{"resourceMetrics":[` + strings.Join(resources, ",") + `]}`
}

// line is the line of a report.
func line(n int, on day.Day, users int) string { return request(resource(n, on, users, "")) + "\n" }

// askErase is the line of a request to erase.
func askErase(n int, on day.Day) string {
	return request(`{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"`+guid(n)+`"}}]},"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[`+
		fmt.Sprintf(`{"name":"`+schema.Erasure+`","unit":"{request}","gauge":{"dataPoints":[{"timeUnixNano":"%d","asInt":"1"}]}}`, int64(on)*86400e9)+`]}]}`) + "\n"
}

// write writes a file, and returns its path.
func write(t testing.TB, path string, parts ...string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Join(parts, "")), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func appendTo(t testing.TB, path string, parts ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strings.Join(parts, "")); err != nil {
		t.Fatal(err)
	}
}

// answers are all figures of an archive, for several days and windows.
func answers(t testing.TB, dir string, days ...day.Day) string {
	t.Helper()
	if len(days) == 0 {
		days = []day.Day{today, today - 9, today - 40}
	}
	var b strings.Builder
	for _, asOf := range days {
		for _, window := range []int{28, 7} {
			a := answerOf(t, dir, asOf, window)
			a.Health.Findings = nil // they follow from the figures
			data, err := json.MarshalIndent(a, "", " ")
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s, %d days: %s\n", asOf, window, data)
		}
	}
	return b.String()
}

// sameText fails the test at the first line that differs.
func sameText(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			from := max(0, i-8)
			t.Fatalf("%s: line %d:\ngot\n%s\nwant\n%s", what, i, strings.Join(g[from:i+1], "\n"), strings.Join(w[from:i+1], "\n"))
		}
	}
	t.Fatalf("%s: got %d lines, want %d", what, len(g), len(w))
}

// tree is every file below a directory with its content, size and time.
func tree(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s %s", path, info.Mode(), info.ModTime())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %d %s", len(data), hashOf(data))
		}
		b.WriteByte('\n')
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// whole fails the test where an archive holds a file that it should not, or
// its reports cannot be read.
func whole(t testing.TB, dir string) {
	t.Helper()
	m, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	known := m.named()
	for _, name := range []string{manifestName, rejectedName, lockName} {
		known[name] = true
	}
	if m.Receipt != nil {
		known[filepath.Join(receiptsName, m.Receipt.name())] = true
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if name, _ := filepath.Rel(dir, path); err == nil && !d.IsDir() && !known[name] && filepath.Dir(name) != receiptsName {
			t.Errorf("%s is in the archive, and no manifest names it", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range m.named() {
		if f, err := m.open(dir, name); err != nil {
			t.Error(err)
		} else {
			f.Close()
		}
	}
	if info, err := os.Stat(filepath.Join(dir, rejectedName)); err == nil && info.Size() != m.Rejected {
		t.Errorf("%s has %d bytes, and the manifest says %d", rejectedName, info.Size(), m.Rejected)
	}
}

// small is a fleet with everything that goes wrong, of a few months.
func small(t testing.TB, seed uint64) []string {
	return simulated(t, fleet.Options{Schema: list(t, "compreface"), Installations: 14, Days: 70, Seed: seed, End: today, Rotate: 200_000})
}

func newDir(t testing.TB) string { return filepath.Join(t.TempDir(), "archive") }

func erase(t testing.TB, dir string, o EraseOptions) *Receipt {
	t.Helper()
	o.Now = today.Time()
	r, err := Erase(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// inputOf is what the archive was told.
func inputOf(t testing.TB, dir string) (reports, duplicates, torn int64) {
	t.Helper()
	in := answerOf(t, dir, today, 28).Input
	return in.Reports, in.Duplicates, in.Torn
}
