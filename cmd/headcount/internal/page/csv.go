package page

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/export"
)

// CSVNames are the tables that CSV writes.
var CSVNames = []string{"activity", "cohorts", "counters", "health", "sizes", "sizes-over-time"}

// CSV writes one of the tables behind the charts. What is not known is empty.
// A text that a spreadsheet would take for a formula has a quote before it.
func CSV(w io.Writer, a *answer.Answer, name string) error {
	rows, ok := tables[name]
	if !ok {
		return fmt.Errorf("table %q does not exist; there are %s", name, strings.Join(CSVNames, ", "))
	}
	return csv.NewWriter(w).WriteAll(rows(a))
}

var tables = map[string]func(*answer.Answer) [][]string{
	"activity": activityCSV, "cohorts": cohortsCSV, "counters": countersCSV,
	"health": healthCSV, "sizes": sizesCSV, "sizes-over-time": overCSV,
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func share(s *float64) string {
	if s == nil {
		return ""
	}
	return strconv.FormatFloat(*s, 'f', 6, 64)
}

func activityCSV(a *answer.Answer) [][]string {
	rows := [][]string{{"day", "active_1d", "active_7d", "active_28d", "new"}}
	for _, d := range a.Activity {
		rows = append(rows, []string{d.Day.String(), whole(d.Active1d), whole(d.Active7d), whole(d.Active28d), whole(d.New)})
	}
	return rows
}

func countersCSV(a *answer.Answer) [][]string {
	rows := [][]string{{"name", "labels", "total", "new", "new_28d", "installations", "active", "share"}}
	for _, c := range a.Counters {
		rows = append(rows, []string{export.Inert(c.Name), export.Inert(export.Labels(c.Labels)), whole(c.Total), whole(c.New), whole(c.New28d),
			whole(c.Installations), whole(c.Active), share(c.Share)})
	}
	return rows
}

func sizesCSV(a *answer.Answer) [][]string {
	rows := [][]string{{"name", "range", "things", "installations", "largest", "known", "share", "share_of_things"}}
	for _, g := range a.Gauges {
		row := []string{export.Inert(g.Name), export.Inert(g.Range), "", "", "", whole(g.Known), share(g.Share), share(g.ShareOfThings)}
		if g.Known > 0 {
			row[2], row[3], row[4] = whole(g.Things), whole(g.Installations), whole(g.Largest)
		}
		rows = append(rows, row)
	}
	return rows
}

func overCSV(a *answer.Answer) [][]string {
	rows := [][]string{{"day", "name", "range", "things", "installations", "largest", "known"}}
	for _, p := range a.SizesOverTime {
		for i, r := range p.Ranges {
			row := []string{p.Day.String(), export.Inert(p.Name), export.Inert(r), "", "", "", whole(p.Known)}
			if p.Known > 0 {
				row[3], row[4], row[5] = whole(p.Things[i]), whole(p.Installations[i]), whole(p.Largest[i])
			}
			rows = append(rows, row)
		}
	}
	return rows
}

func cohortsCSV(a *answer.Answer) [][]string {
	rows := [][]string{{"first_week", "week", "weeks_after", "active", "installations"}}
	for _, c := range a.Cohorts {
		for i, n := range c.Active {
			rows = append(rows, []string{c.Week.String(), (c.Week + 7*day.Day(i)).String(), strconv.Itoa(i), whole(n), whole(c.Active[0])})
		}
	}
	return rows
}

func healthCSV(a *answer.Answer) [][]string {
	rows := [][]string{{"day", "reports", "duplicates", "went_back"}}
	for _, d := range a.Health.Days {
		rows = append(rows, []string{d.Day.String(), whole(d.Reports), whole(d.Duplicates), whole(d.WentBack)})
	}
	return rows
}

// HasCSV is whether there is a table of this name.
func HasCSV(name string) bool { return tables[name] != nil }
