package publish

import (
	"context"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

// base is a fleet of which every range is shown.
func base(m *memory, days ...day.Day) {
	for at := range 4 {
		m.add(50, m.size(at), days...)
	}
}

func TestRenewal(t *testing.T) {
	tests := []struct {
		name    string
		changes func(m *memory)
		want    string // of the first range, on the second page
		asOf    day.Day
	}{
		{"none", func(m *memory) {}, "50", page1},
		{"9 joined", func(m *memory) { m.change(9, nil, m.size(0)) }, "50", page1},
		{"10 joined", func(m *memory) { m.change(10, nil, m.size(0)) }, "60", page2},
		{"11 joined", func(m *memory) { m.change(11, nil, m.size(0)) }, "60", page2},
		{"9 left", func(m *memory) { m.change(9, m.size(0), nil) }, "60", page1},
		{"10 left", func(m *memory) { m.change(10, m.size(0), nil) }, "50", page2},
		{"9 came from another range", func(m *memory) { m.change(9, m.size(1), m.size(0)) }, "50", page1},
		{"10 came from another range", func(m *memory) { m.change(10, m.size(1), m.size(0)) }, "60", page2},
		{"5 joined and 5 left", func(m *memory) { m.change(5, nil, m.size(0)); m.change(5, m.size(0), nil) }, "60", page2},
		{"5 joined and 4 left", func(m *memory) { m.change(5, nil, m.size(0)); m.change(4, m.size(0), nil) }, "50", page1},
		{"30 joined elsewhere", func(m *memory) { m.change(30, nil, m.size(1)) }, "50", page1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory(t)
			base(m, page1, page2)
			test.changes(m)
			f := find(t, m.pages(t, page1, page2)[1].Stats, "example.size{range=1-10}")
			if got := f.words(); got != test.want || f.AsOf != test.asOf {
				t.Errorf("got %s as of %s, want %s as of %s", got, f.AsOf, test.want, test.asOf)
			}
		})
	}
}

// TestReappears: a hidden figure does not appear because one installation
// joined, and a zero does not turn into a hidden figure.
func TestReappears(t *testing.T) {
	for _, test := range []struct {
		name           string
		before, joined int
		first, second  string
	}{
		{"9 to 10", 9, 1, "hidden", "hidden"},
		{"9 to 18", 9, 9, "hidden", "hidden"},
		{"9 to 19", 9, 10, "hidden", "20"},
		{"0 to 1", 0, 1, "0", "0"},
		{"0 to 9", 0, 9, "0", "0"},
		{"0 to 10", 0, 10, "0", "10"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMemory(t)
			m.add(6, m.size(1), page1, page2) // hidden, and with the next one
			m.add(6, m.size(2), page1, page2) // enough not to need a third
			m.add(50, m.size(3), page1, page2)
			m.change(test.before, m.size(0), m.size(0))
			m.change(test.joined, nil, m.size(0))
			list := m.pages(t, page1, page2)
			for i, want := range []string{test.first, test.second} {
				if got := find(t, list[i].Stats, "example.size{range=1-10}").words(); got != want {
					t.Errorf("page %d: got %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// TestChangesGather: five changes a period renew nothing on an ordinary page,
// and on every third page those since the last renewal count.
func TestChangesGather(t *testing.T) {
	m := newMemory(t)
	var days []day.Day
	for i := range 5 {
		days = append(days, page1+day.Day(i*DefaultPeriod))
	}
	base(m, days...)
	for i := 1; i < len(days); i++ {
		m.add(5, m.size(0), days[i:]...)
	}
	want := []day.Day{page1, page1, page1, days[3], days[3]}
	for i, r := range m.pages(t, days...) {
		if got := find(t, r.Stats, "example.size{range=1-10}").AsOf; got != want[i] {
			t.Errorf("page %d: as of %s, want %s", i+1, got, want[i])
		}
	}
}

// TestKeptIsHidden: a figure that is not renewed is hidden all the same where
// a renewed one beside it needs company.
func TestKeptIsHidden(t *testing.T) {
	m := newMemory(t)
	m.add(30, m.size(1), page1, page2)
	m.add(90, m.size(2), page1, page2)
	m.change(14, m.size(0), nil)
	m.add(4, m.size(0), page1, page2)
	list := m.pages(t, page1, page2)
	if got, want := sizes(list[0].Stats), "20 30 90 0 0 0"; got != want {
		t.Errorf("first page: got %q, want %q", got, want)
	}
	if got, want := sizes(list[1].Stats), "hidden hidden 90 0 0 0"; got != want {
		t.Errorf("second page: got %q, want %q", got, want)
	}
}

// TestDarkTable: a metric that few reported at first appears as a whole, with
// its zeros, once enough more report it.
func TestDarkTable(t *testing.T) {
	silent := []int64{0, 0, 0, -1, -1, -1, -1}
	for n, want := range map[int]string{
		9:  "not known not known not known not known not known 50",
		10: "10 0 0 0 0 40",
	} {
		m := newMemory(t)
		m.add(40, silent, page1, page2)
		m.change(10-n, silent, silent)
		m.change(n, silent, m.size(0))
		if got := sizes(m.pages(t, page1, page2)[1].Stats); got != want {
			t.Errorf("%d report it: got %q, want %q", n, got, want)
		}
	}
}

// TestAfterSmallFleet: as long as the headline was suppressed nothing else
// was published, so the first page with a headline shows all.
func TestAfterSmallFleet(t *testing.T) {
	m := newMemory(t)
	m.add(5, m.size(0), page1, page2)
	m.change(30, nil, m.size(0))
	list := m.pages(t, page1, page2)
	if got, want := sizes(list[1].Stats), "40 0 0 0 0 0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := len(list[1].Stats.History); got != 2 {
		t.Errorf("history: got %d points, want 2", got)
	}
}

// TestHistory: a headline that is not renewed is there once.
func TestHistory(t *testing.T) {
	m := newMemory(t)
	base(m, page1, page2, page3)
	m.add(20, m.size(0), page3)
	var got []int64
	for _, p := range m.pages(t, page1, page2, page3)[2].Stats.History {
		got = append(got, *p.Installations)
	}
	if len(got) != 2 || got[0] != 200 || got[1] != 220 {
		t.Errorf("got %v, want [200 220]", got)
	}
}

// TestRetired: a name that leaves the catalog and comes back is not new.
func TestRetired(t *testing.T) {
	m := newMemory(t)
	base(m, page1, page2, page3)
	m.add(3, m.size(0), page3)
	r := m.pages(t, page1)[0]
	open := *m.list
	open.Open = true
	for _, step := range []struct {
		open bool
		day  day.Day
	}{{true, page2}, {false, page3}} {
		view := m.list
		if step.open {
			view = &open
		}
		var err error
		if r, err = compute(t.Context(), m, view, r, step.day, DefaultPeriod); err != nil {
			t.Fatal(err)
		}
	}
	if f := find(t, r.Stats, "example.size{range=1-10}"); f.AsOf != page1 {
		t.Errorf("got as of %s, want %s", f.AsOf, page1)
	}
}

// TestErased: what was erased is not in the next figures, and is no change.
func TestErased(t *testing.T) {
	m := newMemory(t)
	base(m, page1, page2)
	first := m.pages(t, page1)[0]
	m.reports = m.reports[2*20:] // of the first range, 30 are left
	for joined, want := range map[int]string{0: "50", 9: "50", 10: "40"} {
		more := &memory{list: m.list, reports: m.reports, next: 1000}
		more.add(joined, m.size(0), page2)
		r, err := compute(t.Context(), more, m.list, first, page2, DefaultPeriod)
		if err != nil {
			t.Fatal(err)
		}
		if got := find(t, r.Stats, "example.size{range=1-10}").words(); got != want {
			t.Errorf("20 erased, %d joined: got %s, want %s", joined, got, want)
		}
	}
}

func TestSourceFails(t *testing.T) {
	m := newMemory(t)
	base(m, page1)
	m.fail = context.DeadlineExceeded
	if _, err := compute(t.Context(), m, m.list, record{}, page1, DefaultPeriod); err == nil {
		t.Error("got no error, want the source's")
	}
}

// TestNearlyAllIsKept: one installation that joined and is not in a figure
// does not turn "nearly all" into a number.
func TestNearlyAllIsKept(t *testing.T) {
	in, out := []int64{1, 0, 0, 0, 0, 0, 0}, []int64{0, 0, 0, 0, 0, 0, 0}
	for joined, want := range map[int]Status{0: NearlyAll, 1: NearlyAll, 9: NearlyAll, 10: Shown} {
		m := newMemory(t)
		m.add(90, in, page1, page2)
		m.change(15, in, nil)
		m.add(9, out, page1, page2)
		m.change(joined, nil, out)
		f := find(t, m.pages(t, page1, page2)[1].Stats, "example.created{type=A}")
		if f.Status != want || f.AsOf != page2 {
			t.Errorf("%d joined: got %s as of %s, want %s as of %s", joined, f.Status, f.AsOf, want, page2)
		}
	}
}

// TestOlderRanges: things in a range that the catalog no longer has are not
// "none".
func TestOlderRanges(t *testing.T) {
	m := newMemory(t)
	m.add(20, m.size(0), page1)
	m.add(30, m.size(3), page1)
	m.add(40, m.size(-1), page1)
	r, err := compute(t.Context(), m, testList(t, 3), record{}, page1, DefaultPeriod)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := sizes(r.Stats), "20 0 0 40 30"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestSettled: where hidden figures had enough company, the erasure of one
// installation does not hide a further one. A table that lost a hidden figure
// of the page before is looked at again.
func TestSettled(t *testing.T) {
	for _, test := range []struct {
		name           string
		erased, joined int
		ranges         int
		want           string
	}{
		{"none", 0, 0, 4, "hidden hidden 50 40 0 0"},
		{"1 erased", 1, 0, 4, "hidden hidden 50 40 0 0"},
		{"1 erased, 9 joined another range", 1, 9, 4, "hidden hidden 50 40 0 0"},
		{"1 erased, 10 joined another range", 1, 10, 4, "hidden hidden 60 40 0 0"},
		{"1 erased, 10 joined the hidden one", 1, -10, 4, "hidden hidden 50 40 0 0"},
		{"another catalog", 1, 0, 3, "hidden hidden hidden hidden hidden"},
	} {
		m := newMemory(t)
		for at, n := range []int{5, 5, 50, 40} {
			m.add(n, m.size(at), page1, page2)
		}
		r := m.pages(t, page1)[0]
		m.reports = m.reports[2*test.erased:]
		m.add(max(test.joined, 0), m.size(2), page2)
		m.add(max(-test.joined, 0), m.size(0), page2)
		r, err := compute(t.Context(), m, testList(t, test.ranges), r, page2, DefaultPeriod)
		if err != nil {
			t.Fatal(err)
		}
		if got := sizes(r.Stats); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// TestDarkTableBeside: where a table appears, the figure of those that did not
// report the metric was shown before. It is renewed by its own changes.
func TestDarkTableBeside(t *testing.T) {
	silent := []int64{0, 0, 0, -1, -1, -1, -1}
	for joined, want := range map[int]string{
		0: "10 0 0 0 0 50", 1: "10 0 0 0 0 50", 9: "10 0 0 0 0 50", 10: "10 0 0 0 0 60",
	} {
		m := newMemory(t)
		m.add(54, silent, page1, page2)
		m.add(joined, silent, page2)
		m.add(10, m.size(0), page2)
		if got := sizes(m.pages(t, page1, page2)[1].Stats); got != want {
			t.Errorf("%d joined beside: got %q, want %q", joined, got, want)
		}
	}
}

// TestHeadlineThatIsKept: one installation too few for a headline, and the
// headline was not renewed. Its figures do not tell.
func TestHeadlineThatIsKept(t *testing.T) {
	for left, want := range map[int]string{0: "0 0 10", 3: "0 0 10", 4: "0 0 0"} {
		m := newMemory(t)
		m.change(left, m.size(0), nil)
		m.add(13-left, m.size(0), page1, page2)
		s := m.pages(t, page1, page2)[1].Stats
		if s.Active.AsOf != page1 {
			t.Errorf("%d left: the headline was renewed", left)
		}
		// New is renewed by 13 changes, continuing by one for each that stays.
		if got := wordsOf(s.Tables[0].Figures); got != want {
			t.Errorf("%d left: got %q, want %q", left, got, want)
		}
	}
}
