package archive

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/figures"
)

// Whatever a manifest says, reading it is an error or gives one that can be
// worked with.
func FuzzManifest(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "archive")
	compact(f, dir, write(f, filepath.Join(f.TempDir(), "usage.jsonl"), line(1, today, 1), askErase(2, today)))
	data, err := os.ReadFile(filepath.Join(dir, manifestName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[:bytes.LastIndex(data, checkKey)])
	f.Add([]byte("{\n \"version\": 1,\n \"months\": [null]"))
	f.Add([]byte("{\n \"version\": 1,\n \"schema\": {\"metrics\":[{\"name\":\"a\",\"kind\":\"range_gauge\"}],\"series\":[{\"metric\":0}]}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		write(t, filepath.Join(dir, manifestName), string(seal(append(bytes.Clone(text), "\n}"...))))
		m, err := load(dir)
		if err != nil {
			return
		}
		gone, err := m.erased()
		if err == nil {
			gone.has(idOf(1))
		}
		newIndex(m.Inputs)
		c := m.clone()
		c.forget()
		c.begin(today)
		answer.Compute(&figures.Tables{}, m.Schema, m.Schema, c.known(), today, 28)
		if err := c.save(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := load(dir); err != nil {
			t.Errorf("what was saved cannot be loaded: %v", err)
		}
	})
}

// Lines of rejected.jsonl that are not as they were written go, and no line
// of an erased installation stays.
func FuzzRejected(f *testing.F) {
	f.Add([]byte(`{"kind":"torn","text":"x"}` + "\n" + `{"kind":"torn","text":"` + guid(1) + `"}` + "\n"))
	f.Add([]byte(`{"kind":"torn","bytes":"` + guid(1) + "\n\n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		path := write(t, filepath.Join(dir, rejectedName), string(text))
		m := &manifest{Rejected: int64(len(text))}
		e := &erased{pending: map[[16]byte]bool{idOf(1): true}}
		drop := func(line []byte, x *rejection) bool { return e.in(line) || e.in([]byte(x.Text)) || e.in(x.Bytes) }
		if _, err := m.filterRejected(dir, false, drop); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil || m.Rejected > int64(len(data)) {
			t.Fatalf("got %d bytes of %d, %v", len(data), m.Rejected, err)
		}
		for _, line := range bytes.SplitAfter(data[:m.Rejected], []byte("\n")) {
			x := &rejection{}
			if bytes.HasSuffix(line, []byte("\n")) && (json.Unmarshal(line, x) != nil || drop(line, x)) {
				t.Errorf("got the line %q", line)
			}
		}
	})
}
