// Package figures states what counts as what, once. Everything that the
// command answers is a sum over the tables of this package.
//
// # The truth
//
//   - A day is a day in UTC, as the Collector stamped it.
//   - Reports of an installation are taken in the order of their days, and
//     within a day in the order in which they were read.
//   - Counter: the total of a series is the largest that the installation has
//     reported so far. What is new in a window is the total at its end less
//     the total before it. A value below an earlier one (a restored backup, a
//     clone) is counted as "went back" and subtracts nothing.
//   - Range gauge: the newest report that has the metric holds. A range that
//     it does not have is 0.
//   - Active in a window: at least one report in it.
//   - What is erased is in nothing.
//
// # How
//
// Each report is seen once, after those before it, with the state of its
// installation. What it adds to the tables depends on the past alone, so a
// table of one month never changes when the next month is added, and the
// tables of several months add up. A question about any day and any window
// is then a sum over small tables:
//
//   - Of the reports of an installation in a window, exactly one has no
//     other in the window before it. So the number of active installations
//     is the number of active days in the window whose previous active day
//     (Pair.Before) is before it.
//   - A figure that lasts until the next report (the ranges, and which
//     counters an installation uses) is added with the day of its report,
//     and taken away with the same day once the next one replaces it.
package figures

import (
	"headcount.example/cmd/headcount/internal/day"
)

// An Installation is what is known of one installation after its reports so
// far. The zero value is one without a report.
type Installation struct {
	Days   int32     // days with a report
	First  day.Day   // of these the first
	Last   day.Day   // and the last
	Totals []int64   // by series: the largest value so far of a counter, 0 before the first
	Ranges []int64   // by series: the value of a range in the newest report that has its metric
	Seen   []day.Day // by metric: the day of that report; day.None before the first
}

// Daily is what happened on one day.
type Daily struct {
	Day        day.Day
	Reports    int64
	Duplicates int64   // reports of an installation that had one on this day
	WentBack   int64   // reports with a counter below an earlier value
	Growth     []int64 // by series: how much the totals grew
	Users      []int64 // by series: for how many installations the total left 0
}

// A Pair counts the installations that had a report on Day and, before it,
// the last one on Before.
type Pair struct {
	Day    day.Day
	Before day.Day // day.None where there was none
	N      int64
	Second int64 // of N, those with exactly one active day before
}

// A Span is a signed change of the installations that a figure holds for: it
// counts from day From on, for windows that reach back to day Of.
type Span struct {
	From, Of day.Day
	Values   []int64
}

// A Cohort counts the installations whose first report was in the week First
// and that had one in the week Week. Weeks are given by their Mondays.
type Cohort struct {
	First, Week day.Day
	N           int64
}

// Tables are the figures of a month, or the sum of several.
type Tables struct {
	Daily   []Daily
	Pairs   []Pair
	Uses    []Span // Values by series: installations whose total is above 0
	Sizes   []Span // Values: SizeWidth for each series: things, installations, largest
	Known   []Span // Values by metric: installations that reported it at all
	Cohorts []Cohort
}

// What Sizes holds of each series of a range gauge.
const (
	Things        = iota // things in the range
	Installations        // installations with at least one thing in it
	Largest              // installations whose largest thing is in it
	SizeWidth
)

// Append adds the tables of another month.
func (t *Tables) Append(o *Tables) {
	t.Daily = append(t.Daily, o.Daily...)
	t.Pairs = append(t.Pairs, o.Pairs...)
	t.Uses = append(t.Uses, o.Uses...)
	t.Sizes = append(t.Sizes, o.Sizes...)
	t.Known = append(t.Known, o.Known...)
	t.Cohorts = append(t.Cohorts, o.Cohorts...)
}
