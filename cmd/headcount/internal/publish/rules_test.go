package publish

import (
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

// figuresOf makes the figures of a table and what they stand for.
func figuresOf(counts []int64) []Figure {
	list := make([]Figure, len(counts))
	for i, n := range counts {
		switch {
		case n == 0:
			list[i].set(Zero, 0)
		case n < Threshold:
			list[i].hide()
		default:
			list[i].set(Shown, round(n))
		}
	}
	return list
}

func wordsOf(list []Figure) string {
	var words []string
	for _, f := range list {
		words = append(words, f.words())
	}
	return strings.Join(words, " ")
}

func TestComplement(t *testing.T) {
	tests := []struct {
		name   string
		counts []int64
		want   string
	}{
		{"nothing hidden", []int64{20, 30, 0}, "20 30 0"},
		{"one alone is had from the total", []int64{5, 30, 20, 0}, "hidden 30 hidden 0"},
		{"9 and 10", []int64{9, 10, 30, 40}, "hidden hidden 30 40"},
		{"two that sum below the threshold", []int64{4, 5, 30, 20}, "hidden hidden 30 hidden"},
		{"two that sum to the threshold", []int64{4, 6, 30, 20}, "hidden hidden 30 20"},
		{"two that sum above the threshold", []int64{5, 6, 30, 20}, "hidden hidden 30 20"},
		{"three that sum below the threshold", []int64{1, 2, 3, 50, 40}, "hidden hidden hidden 50 hidden"},
		{"equal ones in the order of the table", []int64{3, 23, 21, 40}, "hidden hidden 20 40"},
		{"all hidden", []int64{5, 6, 7}, "hidden hidden hidden"},
		{"all hidden: zeros as well", []int64{5, 6, 0}, "hidden hidden hidden"},
		{"none left to show: zeros as well", []int64{3, 30, 0, 0}, "hidden hidden hidden hidden"},
		{"only zeros", []int64{0, 0}, "0 0"},
		{"no figures", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list := figuresOf(test.counts)
			complement(list, test.counts, false)
			if got := wordsOf(list); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestComplementLeavesMissing(t *testing.T) {
	list := figuresOf([]int64{5, 30, 0})
	list[2] = Figure{Status: Missing}
	complement(list, []int64{5, 30, 0}, false)
	if got, want := wordsOf(list), "hidden hidden not known"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRound(t *testing.T) {
	for n, want := range map[int64]int64{0: 0, 4: 0, 5: 10, 10: 10, 14: 10, 15: 20, 19: 20, 8755: 8760, 8764: 8760} {
		if got := round(n); got != want {
			t.Errorf("round(%d): got %d, want %d", n, got, want)
		}
	}
}

// TestThreshold shows installations in the first range, beside many others.
func TestThreshold(t *testing.T) {
	for n, want := range map[int]string{
		0:  "0 40 30 0 0 0",
		1:  "hidden 40 hidden 0 0 0",
		9:  "hidden 40 hidden 0 0 0",
		10: "10 40 30 0 0 0",
		11: "10 40 30 0 0 0",
		15: "20 40 30 0 0 0",
	} {
		m := newMemory(t)
		m.add(n, m.size(0), page1)
		m.add(40, m.size(1), page1)
		m.add(30, m.size(2), page1)
		if got := sizes(m.pages(t, page1)[0].Stats); got != want {
			t.Errorf("%d installations: got %q, want %q", n, got, want)
		}
	}
}

func TestHeadline(t *testing.T) {
	for n, want := range map[int]struct{ active, sizes string }{
		0:  {"0", "hidden hidden hidden hidden hidden hidden"},
		9:  {"fewer than 10", "hidden hidden hidden hidden hidden hidden"},
		10: {"10", "10 0 0 0 0 0"},
		11: {"10", "10 0 0 0 0 0"},
	} {
		m := newMemory(t)
		m.add(n, m.size(0), page1)
		s := m.pages(t, page1)[0].Stats
		if got := headline(s.Active); got != want.active {
			t.Errorf("%d installations: got %q, want %q", n, got, want.active)
		}
		if got := sizes(s); got != want.sizes {
			t.Errorf("%d installations: got %q, want %q", n, got, want.sizes)
		}
	}
}

// TestCounter is about labels: an installation may be in several, so that no
// total gives a hidden one back.
func TestCounter(t *testing.T) {
	m := newMemory(t)
	with := func(a, b int64) []int64 { return []int64{a, b, -1, 0, 0, 0, 0} }
	m.add(9, with(1, 1), page1)
	m.add(31, with(0, 1), page1)
	m.add(3, with(0, 0), page1)
	s := m.pages(t, page1)[0].Stats
	for id, want := range map[string]string{
		"active":                  "40",
		"example.created{type=A}": "hidden",
		"example.created{type=B}": "nearly all", // 3 do not use it
		"example.plain":           "not known",
	} {
		if got := find(t, s, id).words(); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

func TestNearlyAll(t *testing.T) {
	for without, want := range map[int]struct {
		status Status
		n      int64
	}{0: {NearlyAll, 100}, 9: {NearlyAll, 110}, 10: {Shown, 100}, 11: {Shown, 100}} {
		m := newMemory(t)
		m.add(100, []int64{1, 0, 0, 0, 0, 0, 0}, page1)
		m.add(without, m.size(0), page1)
		f := find(t, m.pages(t, page1)[0].Stats, "example.created{type=A}")
		if f.Status != want.status || f.shown() != want.n {
			t.Errorf("%d without: got %s %d, want %s %d", without, f.Status, f.shown(), want.status, want.n)
		}
	}
}

// TestFewReported: where fewer than the threshold report a metric, not even a
// zero is shown.
func TestFewReported(t *testing.T) {
	silent := []int64{0, 0, 0, -1, -1, -1, -1}
	for n, want := range map[int]string{
		0:  "not known not known not known not known not known 50",
		9:  "hidden hidden hidden hidden hidden hidden",
		10: "10 0 0 0 0 50",
	} {
		m := newMemory(t)
		m.add(n, m.size(0), page1)
		m.add(50, silent, page1)
		if got := sizes(m.pages(t, page1)[0].Stats); got != want {
			t.Errorf("%d report it: got %q, want %q", n, got, want)
		}
	}
}

func TestShares(t *testing.T) {
	m := newMemory(t)
	m.add(300, m.size(0), page1)
	m.add(10, m.size(1), page1)
	m.add(2700, m.size(2), page1)
	s := m.pages(t, page1)[0].Stats
	for id, want := range map[string]string{
		"example.size{range=1-10}":  "10 %",
		"example.size{range=11-20}": "under 1 %",
		"example.size{range=21-30}": "90 %",
		"example.size{range=31-40}": "0 %",
		"left":                      "",
	} {
		if got := find(t, s, id).percent(); got != want {
			t.Errorf("%s: got %q, want %q", id, got, want)
		}
	}
}

// TestOpenList: names that come from the data are chosen by senders.
func TestOpenList(t *testing.T) {
	m := newMemory(t)
	m.list.Open = true
	m.add(50, m.size(0), page1)
	s := m.pages(t, page1)[0].Stats
	if len(s.Tables) != 2 || s.Active.shown() != 50 {
		t.Errorf("got %d tables and %d active, want 2 and 50", len(s.Tables), s.Active.shown())
	}
}

// TestWindow has one report on each side of the window's first day.
func TestWindow(t *testing.T) {
	for d, want := range map[day.Day]string{
		page1 - Window: "0", page1 - Window + 1: "20", page1: "20", page1 + 1: "0",
	} {
		m := newMemory(t)
		m.add(20, m.size(0), d)
		if got := headline(m.pages(t, page1)[0].Stats.Active); got != want {
			t.Errorf("a report on %s, as of %s: got %s, want %s", d, page1, got, want)
		}
	}
}
