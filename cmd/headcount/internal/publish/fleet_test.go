package publish

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// Days of pages.
const (
	page1 = day.Day(20000)
	page2 = page1 + DefaultPeriod
	page3 = page2 + DefaultPeriod
)

// A memory is a source in memory.
type memory struct {
	list    *schema.Schema
	reports []schema.Report
	fail    error   // at the end
	first   day.Day // of the tables, where earlier reports were pruned
	next    uint32
}

func (m *memory) Schema() *schema.Schema { return m.list }

func (m *memory) Tables(context.Context) (*figures.Tables, error) {
	if m.first == 0 {
		return &figures.Tables{}, nil
	}
	return &figures.Tables{Daily: []figures.Daily{{Day: m.first, Reports: 1}}}, nil
}

// prune removes the reports of before a day. The tables stay.
func (m *memory) prune(before day.Day) {
	for _, r := range m.reports {
		if r.Day < before && (m.first == 0 || r.Day < m.first) {
			m.first = r.Day
		}
	}
	m.reports = slices.DeleteFunc(m.reports, func(r schema.Report) bool { return r.Day < before })
}

func (m *memory) Reports(ctx context.Context, do func(*schema.Report) error) error {
	for i := range m.reports {
		if err := do(&m.reports[i]); err != nil {
			return err
		}
	}
	return errors.Join(m.fail, ctx.Err())
}

// testList has a counter with two labels, one without, and a gauge of ranges.
func testList(t testing.TB, ranges int) *schema.Schema {
	t.Helper()
	var labels []string
	for i := range ranges {
		labels = append(labels, fmt.Sprintf("%q", fmt.Sprint(1+10*i, "-", 10+10*i)))
	}
	list, err := schema.Parse([]byte(`{"product":"Example","metrics":[
		{"name":"example.created","kind":"counter","unit":"{x}","description":"Made.","attributes":[{"key":"type","values":["A","B"]}]},
		{"name":"example.plain","kind":"counter","unit":"{x}"},
		{"name":"example.size","kind":"range_gauge","unit":"{x}","attributes":[{"key":"range","values":[` + strings.Join(labels, ",") + `]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func newMemory(t testing.TB) *memory { return &memory{list: testList(t, 4)} }

// Series of testList.
const (
	createdA = iota
	createdB
	plain
	size0
)

// size is the report of an installation whose largest thing is in a range.
// Every total is 0.
func (m *memory) size(at int) []int64 {
	v := make([]int64, len(m.list.Series))
	if at >= 0 {
		v[size0+at] = 1
	}
	return v
}

// add adds n installations that report the same values on each of the days.
func (m *memory) add(n int, values []int64, days ...day.Day) {
	for range n {
		m.next++
		var guid [16]byte
		binary.BigEndian.PutUint32(guid[:], m.next)
		for _, d := range days {
			m.reports = append(m.reports, schema.Report{GUID: guid, Day: d, Values: values})
		}
	}
}

// change adds n installations that report one thing on the first page's day
// and another one on the second's. nil is no report.
func (m *memory) change(n int, then, now []int64) {
	for range n {
		if then != nil {
			m.add(1, then, page1)
		}
		switch {
		case now != nil && then != nil:
			r := m.reports[len(m.reports)-1]
			r.Day, r.Values = page2, now
			m.reports = append(m.reports, r)
		case now != nil:
			m.add(1, now, page2)
		}
	}
}

// pages computes pages one after the other, without files.
func (m *memory) pages(t testing.TB, days ...day.Day) (list []record) {
	t.Helper()
	var r record
	for _, d := range days {
		var err error
		if r, err = compute(t.Context(), m, m.list, r, d, DefaultPeriod); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// find returns a figure by its id.
func find(t testing.TB, s Stats, id string) Figure {
	t.Helper()
	if s.Active.ID == id {
		return s.Active
	}
	for _, table := range s.Tables {
		for _, f := range table.Figures {
			if f.ID == id {
				return f
			}
		}
	}
	t.Fatalf("no figure %q", id)
	return Figure{}
}

// sizes writes the figures of the gauge, as in "20 hidden 0".
func sizes(s Stats) string {
	var words []string
	for _, f := range s.Tables[len(s.Tables)-1].Figures {
		words = append(words, f.words())
	}
	return strings.Join(words, " ")
}
