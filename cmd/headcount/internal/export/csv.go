package export

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
)

// Columns are the columns of CSV: one figure a row. Columns are added at the
// end, never changed.
var Columns = []string{"as_of", "window_days", "section", "name", "labels", "range", "day", "figure", "value"}

// ColumnsHelp says what the columns hold.
const ColumnsHelp = `as_of, window_days  the day and the window of the report, the same in every row
section             installations, window, counters, gauges, activity,
                    sizes_over_time, cohorts, input, health
name, labels        the metric, and its labels as key=value;key=value
range               the range of a gauge
day                 the day of the figure, where it is not as_of
figure, value       which figure, named as in --format json, and its value;
                    an empty value is not known, and is not 0. The share of
                    a range is of installations, share_of_things of things
In cohorts the label first_week is the Monday of the week of the first
report, and day is the Monday of the week in which they were active.`

// CSV writes an answer in long form: a header, then one figure a row.
func CSV(w io.Writer, a *answer.Answer) error {
	c := &long{w: csv.NewWriter(w), asOf: a.AsOf.String(), window: strconv.Itoa(a.WindowDays)}
	c.record(Columns)
	c.installations(a)
	c.counters(a.Counters)
	c.gauges(a.Gauges)
	c.activity(a.Activity)
	c.sizes(a.SizesOverTime)
	c.cohorts(a.Cohorts)
	c.input(a.Input)
	c.health(a.Health)
	c.w.Flush()
	if c.err != nil {
		return c.err
	}
	return c.w.Error()
}

// A long writes an answer in long form and keeps the first error.
type long struct {
	w            *csv.Writer
	asOf, window string
	err          error
}

// A key is what comes before the figure of a row.
type key struct {
	section, name, labels, rng string
	day                        day.Day // 0 for none
}

func (c *long) record(fields []string) {
	if c.err == nil {
		c.err = c.w.Write(fields)
	}
}

func (c *long) text(k key, figure, value string) {
	on := ""
	if k.day != 0 {
		on = k.day.String()
	}
	c.record([]string{c.asOf, c.window, k.section, Inert(k.name), Inert(k.labels), Inert(k.rng), on, Inert(figure), value})
}

func (c *long) number(k key, figure string, n int64) {
	c.text(k, figure, strconv.FormatInt(n, 10))
}

func (c *long) share(k key, figure string, share *float64) {
	value := "" // not known
	if share != nil {
		value = strconv.FormatFloat(*share, 'g', -1, 64)
	}
	c.text(k, figure, value)
}

// Inert keeps a spreadsheet from taking a name in the data for a formula.
func Inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// Labels writes labels as key=value;key=value, in the order of their keys.
func Labels(of map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, k+"="+of[k])
	}
	return strings.Join(parts, ";")
}
