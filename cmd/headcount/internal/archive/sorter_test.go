package archive

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// sorted adds reports to a sorter and returns them in its order.
func sorted(t *testing.T, reports []*schema.Report, limit int) (got []schema.Report, runs int) {
	t.Helper()
	s := newSorter(filepath.Join(t.TempDir(), "work"), limit)
	for _, r := range reports {
		if err := s.add(r); err != nil {
			t.Fatal(err)
		}
	}
	sources, err := s.sources()
	defer closeAll(sources)
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMerger(t.Context(), sources, false)
	if err != nil {
		t.Fatal(err)
	}
	for r := m.peek(); r != nil; r = m.peek() {
		got = append(got, schema.Report{GUID: r.GUID, Day: r.Day, Values: slices.Clone(r.Values)})
		if err := m.next(); err != nil {
			t.Fatal(err)
		}
	}
	return got, len(s.runs)
}

// However little a sorter holds, the order is the same: by month,
// installation and day, and then as the reports came.
func TestSorterSpills(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var reports []*schema.Report
	for i := range 3000 {
		values := []int64{int64(i), schema.Absent, 0, rng.Int64N(1 << 50)}[:1+rng.IntN(4)]
		reports = append(reports, &schema.Report{GUID: idOf(rng.IntN(9)), Day: today - day.Day(rng.IntN(90)), Values: values})
	}
	want := slices.Clone(reports)
	slices.SortStableFunc(want, func(a, b *schema.Report) int {
		if a.Day.Month() != b.Day.Month() {
			return int(a.Day.Month() - b.Day.Month())
		}
		if by := bytes.Compare(a.GUID[:], b.GUID[:]); by != 0 {
			return by
		}
		return int(a.Day - b.Day)
	})
	for limit, spills := range map[int]bool{1: true, 500: true, 20_000: true, sorterBytes: false} {
		got, runs := sorted(t, reports, limit)
		if len(got) != len(want) || runs > 0 != spills {
			t.Fatalf("limit %d: got %d reports of %d runs, want %d", limit, len(got), runs, len(want))
		}
		for i := range want {
			if !reflect.DeepEqual(got[i], *want[i]) {
				t.Fatalf("limit %d: report %d: got %+v, want %+v", limit, i, got[i], *want[i])
			}
		}
	}
}

// An archive that was made with little memory has the same bytes.
func TestLittleMemory(t *testing.T) {
	files := small(t, 6)
	much, little := newDir(t), newDir(t)
	compact(t, much, files...)
	defer func(n int) { sorterLimit = n }(sorterLimit)
	sorterLimit = 3000
	spills := stepsOf(t, func() error { compact(t, little, files...); return nil })["spill"]
	if spills < 10 {
		t.Fatalf("got %d runs, want many", spills)
	}
	m, err := load(much)
	if err != nil {
		t.Fatal(err)
	}
	for name := range m.named() {
		a, failed := os.ReadFile(filepath.Join(much, name))
		b, err := os.ReadFile(filepath.Join(little, name))
		if failed != nil || err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: got other bytes (%v, %v)", name, failed, err)
		}
	}
	whole(t, little)
}

// Months that are far apart, and files that come late, give the answers of
// reading in order.
func TestLateFilesOfEarlierMonths(t *testing.T) {
	days := []string{"2020-01-01", "2020-01-31", "2021-02-28", "2024-02-29", "2024-03-01", "2026-08-31", "2026-10-01", "2026-11-25", "2099-12-31"}
	var parts []string
	var ends []day.Day
	for i, text := range days {
		on, err := day.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, on)
		parts = append(parts, line(1, on, 10+i)+request(resource(2, on, 5, "1-10"))+"\n"+line(3+i, on, 7)+line(1, on, 9+i))
	}
	inOrder := newDir(t)
	compact(t, inOrder, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), parts...))
	want := answers(t, inOrder, ends...)
	rng := rand.New(rand.NewPCG(4, 4))
	for range 4 {
		raw, dir := t.TempDir(), newDir(t)
		for _, i := range rng.Perm(len(parts)) {
			compact(t, dir, write(t, filepath.Join(raw, days[i]+".jsonl"), parts[i]))
		}
		sameText(t, "answers", answers(t, dir, ends...), want)
		whole(t, dir)
		if m, err := load(dir); err != nil || len(m.Months) != 8 {
			t.Errorf("got %d months, %v, want 8", len(m.Months), err)
		}
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendReport(nil, &schema.Report{GUID: idOf(1), Day: today, Values: []int64{1, schema.Absent, 1 << 62}}))
	f.Add(appendReport(nil, &schema.Report{GUID: idOf(1), Day: day.First, Values: nil})[:17])
	f.Fuzz(func(t *testing.T, data []byte) {
		var r schema.Report
		from := bytes.NewReader(data)
		more, err := readReport(from, &r)
		switch {
		case err == nil && more:
			used := data[:len(data)-from.Len()]
			var again schema.Report
			if more, err := readReport(bytes.NewReader(appendReport(nil, &r)), &again); err != nil || !more || !reflect.DeepEqual(again.Values, r.Values) || again.GUID != r.GUID || again.Day != r.Day {
				t.Errorf("%x: got %+v, %v, want %+v", used, again, err, r)
			}
		case err == nil && len(data) > 0:
			t.Errorf("%x is taken for the end", data)
		case errors.Is(err, io.EOF):
			t.Errorf("%x: a report that is cut short is taken for the end", data)
		}
	})
}

// A run that is cut short is an error, at each byte.
func TestRunCutShort(t *testing.T) {
	text := appendReport(nil, &schema.Report{GUID: idOf(1), Day: today, Values: []int64{1, 2, 300, schema.Absent}})
	for n := 1; n < len(text); n++ {
		if more, err := readReport(strings.NewReader(string(text[:n])), &schema.Report{}); err == nil || more {
			t.Errorf("%d of %d bytes: got %v, %v, want an error", n, len(text), more, err)
		}
	}
}
