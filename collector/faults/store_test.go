//go:build linux

package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/collector/internal/live"
)

// series are the counters of the catalog, and the names that the store knows
// them by.
var series, names = func() (counters []catalog.Counter, names []string) {
	for _, d := range compreface.Catalog.Metrics() {
		for _, s := range d.Series {
			if d.Kind == catalog.KindCounter {
				counters = append(counters, s.Counter)
				name := d.Name
				for i, v := range s.Values {
					name += " " + d.Attributes[i].Key + "=" + v
				}
				names = append(names, name)
			}
		}
	}
	return counters, names
}()

// A store reads what the Collector wrote, as the vendor does: of each
// installation and series the largest value counts.
type store struct {
	dir    string
	read   map[uint64]int64 // by file, however it is called by now
	totals map[string]map[string]uint64
	lines  map[string]int // of each installation: reports
	all    int
}

// refresh reads what is new.
func (s *store) refresh(t *testing.T) {
	t.Helper()
	if s.read == nil {
		s.read, s.totals, s.lines = map[uint64]int64{}, map[string]map[string]uint64{}, map[string]int{}
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "usage*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if err := s.readFile(path); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *store) readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	file := info.Sys().(*syscall.Stat_t).Ino
	data, err := io.ReadAll(io.NewSectionReader(f, s.read[file], 1<<40))
	if err != nil {
		return err
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1] // the rest is just being written
	s.read[file] += int64(len(data))
	reports, _ := live.Reports(data)
	for _, text := range reports {
		var l line
		err := json.Unmarshal(text, &l)
		if err == nil {
			err = s.take(l)
		}
		if err != nil {
			return fmt.Errorf("%w in %s", err, text)
		}
	}
	return nil
}

type (
	pair struct {
		Key   string
		Value struct{ StringValue string }
	}
	sum struct {
		DataPoints []struct {
			Attributes []pair
			AsInt      string
		}
	}
	line struct {
		ResourceMetrics []struct {
			Resource     struct{ Attributes []pair }
			ScopeMetrics []struct {
				Metrics []struct {
					Name string
					Sum  sum
				}
			}
		}
	}
)

func (s *store) take(l line) error {
	if len(l.ResourceMetrics) != 1 || len(l.ResourceMetrics[0].Resource.Attributes) != 1 {
		return fmt.Errorf("not one report of one installation")
	}
	guid := l.ResourceMetrics[0].Resource.Attributes[0].Value.StringValue
	s.lines[guid]++
	s.all++
	totals := s.totals[guid]
	if totals == nil {
		totals = map[string]uint64{}
		s.totals[guid] = totals
	}
	for _, scope := range l.ResourceMetrics[0].ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, p := range m.Sum.DataPoints {
				name := m.Name
				for _, a := range p.Attributes {
					name += " " + a.Key + "=" + a.Value.StringValue
				}
				n, err := strconv.ParseUint(p.AsInt, 10, 64)
				if err != nil {
					return err
				}
				totals[name] = max(totals[name], n)
			}
		}
	}
	return nil
}

// of returns the totals of an installation, in the order of series.
func (s *store) of(t *testing.T, guid string) []uint64 {
	t.Helper()
	s.refresh(t)
	list := make([]uint64, len(names))
	for i, name := range names {
		list[i] = s.totals[guid][name]
	}
	if len(s.totals[guid]) > len(names) {
		t.Errorf("series that no process counts: %v", s.totals[guid])
	}
	return list
}
