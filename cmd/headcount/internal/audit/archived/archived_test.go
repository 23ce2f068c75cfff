package archived_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/audit/archived"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/fleet"
	"headcount.example/cmd/headcount/internal/schema"
)

var now = time.Date(2026, time.November, 26, 12, 0, 0, 0, time.UTC)

func catalogOf(t *testing.T, name string) *schema.Schema {
	t.Helper()
	s, err := schema.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// archiveOf makes an archive of a simulated fleet, in which every request to
// erase was carried out.
func archiveOf(t *testing.T) (dir, raw string) {
	t.Helper()
	dir, raw = filepath.Join(t.TempDir(), "archive"), t.TempDir()
	_, err := fleet.Write(t.Context(), fleet.Options{Schema: catalogOf(t, "compreface"), Installations: 120, Days: 70, Seed: 5, End: day.Of(now) - 1}, raw, func(fleet.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Compact(t.Context(), dir, archive.CompactOptions{Files: []string{raw}, Catalog: "compreface"}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Erase(t.Context(), dir, archive.EraseOptions{Files: []string{raw}, Closed: true, Now: now}); err != nil {
		t.Fatal(err)
	}
	return dir, raw
}

func audit(t *testing.T, dir string, o archived.Options) *archived.Result {
	t.Helper()
	if o.Now.IsZero() {
		o.Now = now
	}
	r, err := archived.Audit(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestArchiveIsClean(t *testing.T) {
	dir, _ := archiveOf(t)
	r := audit(t, dir, archived.Options{})
	if r.Verdict != "clean" || r.Erased == 0 || r.Rows == 0 || r.Files < 8 {
		t.Errorf("got %+v", *r)
	}
	for _, f := range r.Findings {
		t.Errorf("%+v", *f)
	}
}

// Each change to an archive, or to what is asked of it, is found.
func TestArchiveFindings(t *testing.T) {
	for _, test := range []struct {
		name, kind string
		options    archived.Options
		change     func(t *testing.T, dir string)
	}{
		{"another list", archived.Catalog, archived.Options{Schema: catalogOf(t, "affiliate")}, nil},
		{"a shorter retention", archived.Retention, archived.Options{Months: 1}, nil},
		{"rejected lines that are old", archived.Retention, archived.Options{Now: now.AddDate(0, 0, 400)}, nil},
		{"a file that is not the archive's", archived.Catalog, archived.Options{}, func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, "notes.txt"), []byte("x"))
		}},
		{"an identifier that is erased since, in the tables", archived.Erased, archived.Options{}, func(t *testing.T, dir string) {
			bury(t, dir)
		}},
		{"a table that is cut", archived.Damaged, archived.Options{}, func(t *testing.T, dir string) {
			paths, err := filepath.Glob(filepath.Join(dir, "reports", "*"))
			if err != nil || len(paths) == 0 {
				t.Fatal(paths, err)
			}
			data, err := os.ReadFile(paths[0])
			if err != nil {
				t.Fatal(err)
			}
			writeFile(t, paths[0], data[:len(data)/2])
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir, _ := archiveOf(t)
			if test.change != nil {
				test.change(t, dir)
			}
			r := audit(t, dir, test.options)
			found := false
			for _, f := range r.Findings {
				found = found || f.Kind == test.kind
				if f.Proof == "" || f.Times == 0 {
					t.Errorf("no proof: %+v", *f)
				}
			}
			if !found || r.Verdict != "findings" {
				t.Errorf("nothing of the kind %q is in %+v", test.kind, r)
			}
		})
	}
}

// bury gives an installation that is in the archive a tombstone: erase is run
// on a copy, which has the same key.
func bury(t *testing.T, dir string) {
	t.Helper()
	a, err := archive.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	var id [16]byte
	if err := a.Reports(t.Context(), func(r *schema.Report) error { id = r.GUID; return nil }); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	raw := filepath.Join(t.TempDir(), "usage.jsonl")
	writeFile(t, raw, []byte(eraseRequest(id)))
	if _, err := archive.Compact(t.Context(), copied, archive.CompactOptions{Files: []string{raw}}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Erase(t.Context(), copied, archive.EraseOptions{Files: []string{raw}, Closed: true, Now: now}); err != nil {
		t.Fatal(err)
	}
	var from, to map[string]json.RawMessage
	read(t, filepath.Join(copied, "manifest.json"), &from)
	read(t, filepath.Join(dir, "manifest.json"), &to)
	to["tombstones"] = from["tombstones"]
	data, err := json.Marshal(to)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "manifest.json"), data)
}

func eraseRequest(id [16]byte) string {
	at := now.AddDate(0, 0, -1).Truncate(24 * time.Hour)
	text := `{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"GUID"}}]},"scopeMetrics":[{"scope":{"name":"headcount"},` +
		`"metrics":[{"name":"headcount.erasure.requested","unit":"{request}","gauge":{"dataPoints":[{"timeUnixNano":"NANOS","asInt":"1"}]}}]}]}]}` + "\n"
	nanos, _ := json.Marshal(at.UnixNano())
	return strings.NewReplacer("GUID", uuid.UUID(id).String(), "NANOS", string(nanos)).Replace(text)
}

func read(t *testing.T, path string, to any) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(to); err != nil {
		t.Fatal(err)
	}
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What is no archive cannot be judged.
func TestNoArchive(t *testing.T) {
	empty := t.TempDir()
	if _, err := archived.Audit(empty, archived.Options{Now: now}); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("got %v, want an error that names the directory", err)
	}
	writeFile(t, filepath.Join(empty, "manifest.json"), []byte(`{"version":2}`))
	if _, err := archived.Audit(empty, archived.Options{Now: now}); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("got %v, want an error that names the version", err)
	}
}
