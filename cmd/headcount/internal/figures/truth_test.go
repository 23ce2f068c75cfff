package figures

import (
	"reflect"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// monday begins a week, in the middle of a month.
var monday, _ = day.Parse("2026-11-16")

// The list has the series 0 (a counter), 1 and 2 (the ranges of a gauge, the
// larger one first).
func list(t *testing.T) *schema.Schema {
	t.Helper()
	s, err := schema.Parse([]byte(`{"product":"P","metrics":[{"name":"a","kind":"counter"},{"name":"g","kind":"range_gauge","attributes":[{"key":"r","values":["11+","1-10"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// count counts the reports of one installation.
func count(t *testing.T, reports ...schema.Report) (*Tables, Installation) {
	t.Helper()
	b, i := NewBuilder(list(t), monday.Month()), Installation{}
	for _, r := range reports {
		b.Add(&i, &r)
	}
	return b.Tables(), i
}

func report(on day.Day, values ...int64) schema.Report { return schema.Report{Day: on, Values: values} }

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

func TestCounter(t *testing.T) {
	const none = schema.Absent
	for _, test := range []struct {
		name          string
		values        []int64 // of one day each
		growth, users []int64
		back          []int64
		total         int64
	}{
		{"grows", []int64{0, 2, 2, 5}, []int64{0, 2, 0, 3}, []int64{0, 1, 0, 0}, []int64{0, 0, 0, 0}, 5},
		{"goes back by one", []int64{5, 4}, []int64{5, 0}, []int64{1, 0}, []int64{0, 1}, 5},
		{"goes back to nothing, and on", []int64{5, 0, 5, 6}, []int64{5, 0, 0, 1}, []int64{1, 0, 0, 0}, []int64{0, 1, 0, 0}, 6},
		{"is absent, which is not back", []int64{5, none, 5}, []int64{5, 0, 0}, []int64{1, 0, 0}, []int64{0, 0, 0}, 5},
	} {
		var reports []schema.Report
		for n, v := range test.values {
			reports = append(reports, report(monday+day.Day(n), v))
		}
		tables, i := count(t, reports...)
		var growth, users, back []int64
		for _, d := range tables.Daily {
			growth, users, back = append(growth, d.Growth[0]), append(users, d.Users[0]), append(back, d.WentBack)
		}
		equal(t, test.name+": growth", growth, test.growth)
		equal(t, test.name+": users", users, test.users)
		equal(t, test.name+": went back", back, test.back)
		equal(t, test.name+": total", i.Totals[0], test.total)
	}
}

// A report counts once as going back, whatever number of its counters does.
func TestDuplicate(t *testing.T) {
	tables, i := count(t, report(monday, 1), report(monday, 3), report(monday+1, 3))
	equal(t, "days", tables.Daily, []Daily{
		{Day: monday, Reports: 2, Duplicates: 1, Growth: []int64{3, 0, 0}, Users: []int64{1, 0, 0}},
		{Day: monday + 1, Reports: 1, Growth: []int64{0, 0, 0}, Users: []int64{0, 0, 0}},
	})
	equal(t, "pairs", tables.Pairs, []Pair{{monday, day.None, 1, 0}, {monday + 1, monday, 1, 1}})
	equal(t, "uses", tables.Uses, []Span{
		{monday, monday, []int64{1, 0, 0}}, {monday + 1, monday, []int64{-1, 0, 0}}, {monday + 1, monday + 1, []int64{1, 0, 0}}})
	equal(t, "installation", []any{i.Days, i.First, i.Last}, []any{int32(2), monday, monday + 1})
}

// Second is of the second active day alone.
func TestSecond(t *testing.T) {
	tables, _ := count(t, report(monday), report(monday+1), report(monday+3))
	equal(t, "pairs", tables.Pairs, []Pair{{monday, day.None, 1, 0}, {monday + 1, monday, 1, 1}, {monday + 3, monday + 1, 1, 0}})
}

func TestRanges(t *testing.T) {
	const none = schema.Absent
	tables, i := count(t,
		report(monday, none, 1, 4),         // things in both ranges
		report(monday+1, 7),                // without the metric: what was holds
		report(monday+2, none, none, 2),    // a range that is absent is 0
		report(monday+3, none, none, 0),    // nothing, and known
		report(monday+4, none, none, none)) // as without the metric
	equal(t, "sizes", tables.Sizes, []Span{ // counter, then things, installations and largest of 11+, of 1-10
		{monday, monday, []int64{0, 0, 0, 1, 1, 1, 4, 1, 0}},
		{monday + 2, monday, []int64{0, 0, 0, -1, -1, -1, -4, -1, 0}},
		{monday + 2, monday + 2, []int64{0, 0, 0, 0, 0, 0, 2, 1, 1}},
		{monday + 3, monday + 2, []int64{0, 0, 0, 0, 0, 0, -2, -1, -1}},
	})
	equal(t, "known", tables.Known, []Span{
		{monday, monday, []int64{0, 1}},
		{monday + 2, monday, []int64{0, -1}}, {monday + 2, monday + 2, []int64{0, 1}},
		{monday + 3, monday + 2, []int64{0, -1}}, {monday + 3, monday + 3, []int64{0, 1}},
	})
	equal(t, "ranges", i.Ranges, []int64{0, 0, 0})
	equal(t, "seen", i.Seen, []day.Day{day.None, monday + 3})
}

// A week counts once, and the first one is that of the first report.
func TestCohorts(t *testing.T) {
	tables, _ := count(t, report(monday+6), report(monday+7), report(monday+13), report(monday+28))
	equal(t, "cohorts", tables.Cohorts, []Cohort{{monday, monday, 1}, {monday, monday + 7, 1}, {monday, monday + 28, 1}})
}

// Days outside the month that the builder was made for, and long gaps, are
// counted like others.
func TestFarDays(t *testing.T) {
	first := monday.Month()
	for _, test := range []struct{ before, on day.Day }{
		{first, first + 30}, {first, first + 31}, {first - 1, first}, {first - 63, first}, {first - 64, first}, {first - 65, first},
		{first + 30 - 64, first + 30}, {day.First, day.Last}, {first - 9, first - 1}, {first - 900, first - 800},
	} {
		tables, _ := count(t, report(test.before, 2), report(test.on, 2))
		equal(t, "pairs", tables.Pairs, []Pair{{test.before, day.None, 1, 0}, {test.on, test.before, 1, 1}})
		equal(t, "uses", tables.Uses, []Span{{test.before, test.before, []int64{1, 0, 0}},
			{test.on, test.before, []int64{-1, 0, 0}}, {test.on, test.on, []int64{1, 0, 0}}})
	}
}

// The state of an installation grows with the schema.
func TestGrow(t *testing.T) {
	i := Installation{Days: 1, First: monday, Last: monday, Totals: []int64{4}, Ranges: []int64{0}, Seen: []day.Day{day.None}}
	NewBuilder(list(t), monday).Grow(&i)
	equal(t, "state", i, Installation{Days: 1, First: monday, Last: monday, Totals: []int64{4, 0, 0}, Ranges: []int64{0, 0, 0}, Seen: []day.Day{day.None, day.None}})
}
