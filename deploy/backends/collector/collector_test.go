// Package collector has only a test: of Collectors that hand reports to a
// second one.
package collector

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/deploy/backends/internal/live"
)

// Two Collectors hand on to a third. Installations stay apart and have the
// totals that they sent. What was taken while the third one was away arrives
// when it is back, though the first one was killed meanwhile; and no queue has
// an address of a sender.
func TestSecondCollector(t *testing.T) {
	program := live.Collector(t)
	second := live.Receive(t, program, "")
	west, east := live.Receive(t, program, second.URL), live.Receive(t, program, second.URL)
	a, b := live.Install(t, west.URL, 3), live.Install(t, east.URL, 5)
	report(t, a, b)
	want(t, second.File, map[string]int64{a.GUID: 3, b.GUID: 5})

	second.Kill()
	a.Count(4)
	b.Count(6)
	report(t, a, b)
	if err := live.Erase(t, east.URL, b.GUID); err != nil {
		t.Fatal(err)
	}
	west.Kill()
	for _, c := range []*live.Receiver{west, east} {
		noAddress(t, c.Queue)
	}
	second.Again(t)
	west.Again(t)
	want(t, second.File, map[string]int64{a.GUID: 7, b.GUID: 11})
	live.Until(t, func() error {
		if text, err := os.ReadFile(second.File); err != nil || !bytes.Contains(text, []byte("headcount.erasure.requested")) {
			return fmt.Errorf("got no request to erase, %v", err)
		}
		return nil
	})
	if log := west.Log() + second.Log(); log != "" {
		t.Logf("the Collectors logged: %.2000s", log)
	}
}

func report(t *testing.T, list ...*live.Installation) {
	t.Helper()
	for _, i := range list {
		if err := i.Report(t); err != nil {
			t.Fatal(err)
		}
	}
}

// want waits until the file has these installations, and for each one this
// largest total in all of three series.
func want(t *testing.T, file string, want map[string]int64) {
	t.Helper()
	live.Until(t, func() error {
		for _, series := range []string{"compreface.user.created", "FACE_RECOGNITION", `"1-10"`} {
			got, err := totals(file, series)
			if err == nil && !maps.Equal(got, want) {
				err = fmt.Errorf("%s: got %v, want %v", series, got, want)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

type line struct {
	ResourceMetrics []struct {
		Resource struct {
			Attributes []struct{ Value struct{ StringValue string } }
		}
		ScopeMetrics []struct {
			Metrics []struct {
				Name       string
				Sum, Gauge struct {
					DataPoints []struct {
						AsInt      int64 `json:",string"`
						Attributes json.RawMessage
					}
				}
			}
		}
	}
}

// totals are the largest values of a series, by installation. The series is
// known by its metric's name or by a label.
func totals(file, series string) (map[string]int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	largest := map[string]int64{}
	for l := range strings.Lines(string(text)) {
		var report line
		if err := json.Unmarshal([]byte(l), &report); err != nil {
			return nil, err
		}
		for _, r := range report.ResourceMetrics {
			if len(r.Resource.Attributes) != 1 {
				return nil, fmt.Errorf("a resource has %d attributes", len(r.Resource.Attributes))
			}
			guid := r.Resource.Attributes[0].Value.StringValue
			for _, m := range r.ScopeMetrics[0].Metrics {
				for _, p := range append(m.Sum.DataPoints, m.Gauge.DataPoints...) {
					if m.Name == series || bytes.Contains(p.Attributes, []byte(series)) {
						largest[guid] = max(largest[guid], p.AsInt)
					}
				}
			}
		}
	}
	return largest, nil
}

// noAddress looks for the sender's address in each file of a queue.
func noAddress(t *testing.T, dir string) {
	t.Helper()
	found := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		found += bytes.Count(data, []byte("install_guid"))
		if bytes.Contains(data, []byte("127.0.0.1")) {
			t.Errorf("%s has the address of a sender", filepath.Base(path))
		}
		return err
	})
	if err != nil || found == 0 {
		t.Errorf("%s has %d reports, %v; want one or more", dir, found, err)
	}
}
