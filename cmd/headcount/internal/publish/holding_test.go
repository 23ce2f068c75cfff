package publish

import (
	"errors"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

// TestFirstPage: a first page is of a day with a report, or of a later one.
func TestFirstPage(t *testing.T) {
	s := newSite(t)
	s.memory.reports = nil
	s.refused(t, s.Archive+" has no report", "nothing was published")
	base(s.memory, page1, page2)
	s.AsOf, s.Today = page1-1, page2
	s.refused(t, "no report is of 2024-10-03 or earlier; the first is of 2024-10-04")
	s.Preview = true
	s.refused(t, "the first is of 2024-10-04")
	if got := len(files(t, s.Out)); got != 0 || files(t, s.Archive)[RecordName] != "" {
		t.Errorf("got %d files, want none and no record", got)
	}
	s.AsOf, s.Preview = page1, false
	if got := headline(s.publish(t).Stats.Active); got != "200" {
		t.Errorf("got %s, want 200", got)
	}
}

// TestBeforeTheFirstReport: a page of a day before the first report (earlier
// versions published it) does not hold up the next one: nothing was pruned.
func TestBeforeTheFirstReport(t *testing.T) {
	for _, oldest := range []day.Day{page1 - 4, page1 + 1, day.None} {
		m := newMemory(t)
		base(m, page1+1)
		r := m.pages(t, page1-5)[0]
		r.Oldest = oldest
		if r = next(t, m, r, page1+23); headline(r.Stats.Active) != "200" {
			t.Errorf("recorded as %s: got %s, want 200", oldest, headline(r.Stats.Active))
		}
	}
}

// TestPruned: what was removed from the archive is not a change, on the next
// page and on the ones after it.
func TestPruned(t *testing.T) {
	m := newMemory(t)
	base(m, page1, page2, page3, page3+DefaultPeriod)
	m.add(9, m.size(0), page2)
	r := m.pages(t, page1)[0]
	m.prune(page1 + 1)
	for _, d := range []day.Day{page2, page3, page3 + DefaultPeriod} {
		next, err := compute(t.Context(), m, m.list, r, d, DefaultPeriod)
		if !errors.Is(err, ErrPruned) {
			t.Fatalf("as of %s: got %v and %s, want ErrPruned", d, err, next.Stats.Active.AsOf)
		}
		r.Pages++
	}
}

// TestPrunedForGood: after a page that had a new table beside the ones that
// could not be renewed, these still cannot be.
func TestPrunedForGood(t *testing.T) {
	m := newMemory(t)
	m.add(1, m.size(0), page1-50, page1-40)
	base(m, page1, page2, page3, page3+DefaultPeriod)
	m.add(20, m.size(0), page2, page3, page3+DefaultPeriod) // enough for every other rule
	open := *m.list
	open.Open = true
	r, err := compute(t.Context(), m, &open, record{}, page1, DefaultPeriod)
	if err != nil {
		t.Fatal(err)
	}
	m.prune(page1 - 40)
	for i, d := range []day.Day{page2, page3, page3 + DefaultPeriod} {
		r = next(t, m, r, d)
		if f := r.Stats.Active; f.AsOf != page1 {
			t.Errorf("page %d: got the headline as of %s, want %s", i+2, f.AsOf, page1)
		}
		if f := find(t, r.Stats, "example.size{range=1-10}"); f.AsOf < page2 {
			t.Errorf("page %d: got the new table as of %s, want %s or later", i+2, f.AsOf, page2)
		}
	}
}

// TestPrunedInTheWindows: a figure is renewed as long as the archive has the
// two windows to its day, and not with a day less.
func TestPrunedInTheWindows(t *testing.T) {
	for _, test := range []struct {
		oldest  day.Day
		renewed bool
	}{
		{page1 - 2*Window, true}, {page1 - 2*Window + 1, true}, {page1 - 2*Window + 2, false}, {page1, false}, {page1 + 1, false},
	} {
		m := newMemory(t)
		m.add(50, m.size(0), page1, page2)
		m.add(1, m.size(0), page1-2*Window-5, test.oldest)
		r := m.pages(t, page1)[0]
		m.prune(test.oldest)
		m.add(20, m.size(0), page2)
		r, err := compute(t.Context(), m, m.list, r, page2, DefaultPeriod)
		if test.renewed && (err != nil || r.Stats.Active.AsOf != page2) {
			t.Errorf("oldest report of %s: got %v, as of %s, want %s", test.oldest, err, r.Stats.Active.AsOf, page2)
		}
		if !test.renewed && !errors.Is(err, ErrPruned) {
			t.Errorf("oldest report of %s: got %v, want ErrPruned", test.oldest, err)
		}
	}
}

// TestErasedFirst: the erasure of the installation with the first report does
// not hold up the others.
func TestErasedFirst(t *testing.T) {
	m := newMemory(t)
	m.add(1, m.size(0), page1-20)
	base(m, page1, page2)
	m.add(20, m.size(0), page2)
	r := m.pages(t, page1)[0]
	m.reports = m.reports[1:]
	if r = next(t, m, r, page2); r.Stats.Active.AsOf != page2 {
		t.Errorf("got as of %s, want %s", r.Stats.Active.AsOf, page2)
	}
}

// TestAllStale: a page on which no figure can be compared is not recorded,
// and the error names the first day on which they can.
func TestAllStale(t *testing.T) {
	s := newSite(t)
	s.publish(t)
	page, kept := files(t, s.Out), files(t, s.Archive)
	s.memory.prune(page1 + 1)
	s.Today = page2 + 1
	due := page2 + lookBack + 2*Window - 1
	s.refused(t, "no figure can be renewed", "nothing was published", "before 2024-11-01", "the page of 2024-10-04", "as of "+due.String()+" or later")
	same(t, files(t, s.Out), page)
	same(t, files(t, s.Archive), kept)
	for d, want := range map[day.Day]bool{due - 1: true, due: false} {
		s.Today = d + 1
		s.Preview, s.Out = true, t.TempDir()
		if _, err := Publish(t.Context(), s.memory, s.Options); errors.Is(err, ErrPruned) != want {
			t.Errorf("as of %s: got %v, want ErrPruned: %v", d, err, want)
		}
	}
}

// TestWarning: a page on which every figure keeps an earlier day.
func TestWarning(t *testing.T) {
	for changes, want := range map[int]string{
		9:  "no figure was renewed: in each, fewer than 10 installations changed; the period begins again, and the next page can be as of 2024-11-29",
		10: "",
	} {
		s := newSite(t)
		s.memory.reports = nil
		base(s.memory, page1-30, page1, page2) // continuing on both
		s.memory.add(changes, s.memory.size(0), page2)
		s.publish(t)
		s.Today = page2 + 1
		if got := s.publish(t).Warning(); got != want {
			t.Errorf("%d changes: got %q, want %q", changes, got, want)
		}
	}
}
