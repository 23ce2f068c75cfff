package publish

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzRecord: any record is refused with a remedy, or is a page that renders
// and can be followed by another one.
func FuzzRecord(f *testing.F) {
	m := newMemory(f)
	base(m, page1, page2)
	before, err := compute(f.Context(), m, m.list, record{}, page1, DefaultPeriod)
	if err != nil {
		f.Fatal(err)
	}
	data, err := json.Marshal(before)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1,"pages":-7,"stats":{"active":{"id":"active"},"tables":[{"figures":[{"id":"left","status":"?","as_of":"2999-01-01"}]}],"history":[{}]}}`))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(filepath.Join(dir, RecordName), data, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := readRecord(dir)
		if err != nil {
			if !strings.Contains(err.Error(), RecordName) {
				t.Errorf("got %q, want the file's name in it", err)
			}
			return
		}
		if _, err := render(r.Stats); err != nil {
			t.Errorf("render: %v", err)
		}
		next, err := compute(t.Context(), m, m.list, r, page2, DefaultPeriod)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := render(next.Stats); err != nil {
			t.Errorf("render the next page: %v", err)
		}
	})
}
