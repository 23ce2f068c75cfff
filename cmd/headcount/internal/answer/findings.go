package answer

import (
	"fmt"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/number"
)

// Stale says that the newest report is too old; empty where it is not.
func (a *Answer) Stale() string {
	h := a.Health
	switch {
	case h.NewestReport == nil && h.LaterThanAsOf > 0:
		first := ""
		if h.FirstReport != nil {
			first = ", the first of " + h.FirstReport.String()
		}
		return fmt.Sprintf("no report is of %s or earlier, and %s%s: choose a later day", a.AsOf, counted(h.LaterThanAsOf, "is later", "are later"), first)
	case h.NewestReport == nil && a.Installations.Erased > 0:
		return fmt.Sprintf("no report counts: %s to be erased, and no other one has a report", counted(a.Installations.Erased, "installation asked", "installations asked"))
	case h.NewestReport == nil:
		return "the archive has no report"
	case h.Stale():
		return fmt.Sprintf("the newest report is of %s, %s before %s: see whether the Collector runs and headcount compact reads its files",
			*h.NewestReport, counted(*h.AgeDays, "day", "days"), a.AsOf)
	}
	return ""
}

// NotOver says that the day of the answer is not over; empty where it is.
func (a *Answer) NotOver(today day.Day) string {
	if a.AsOf < today {
		return ""
	}
	return fmt.Sprintf("%s is not over; reports up to it can still come, and the last day that is complete is %s", a.AsOf, today-1)
}

// AsKnownOn adds to the findings what depends on the day on which the answer
// is read.
func (a *Answer) AsKnownOn(today day.Day) {
	if text := a.NotOver(today); text != "" {
		a.Health.Findings = append(a.Health.Findings, text)
	}
}

// Verdict is the health in words: "fine", or how many things there are to
// look at.
func (h Health) Verdict() string {
	if len(h.Findings) == 0 {
		return "fine"
	}
	return counted(int64(len(h.Findings)), "thing to look at", "things to look at")
}

// findings says what is wrong, each in a sentence. Nothing is wrong where it
// is empty.
func (a *Answer) findings() []string {
	list := []string{}
	if stale := a.Stale(); stale != "" {
		list = append(list, stale)
	}
	// What is torn or refused has no day, so it is a part of all that was read.
	read := sumOf(a.Input.Reports, a.Health.LaterThanAsOf, a.Input.Torn, a.Input.Refused)
	if many(a.Input.Torn, read) {
		list = append(list, "more than 1 % of what was read is unreadable: give each Collector a file of its own, and see whether its disk is full")
	}
	if many(a.Input.Refused, read) {
		list = append(list, "more than 1 % of the reports are not as the catalog says: rejected.jsonl in the archive has them")
	}
	if n := a.silentDays(); n > 0 {
		list = append(list, counted(n, "day", "days")+" of the last 28 without any report")
	}
	if a.Health.Pending > 0 {
		list = append(list, counted(a.Health.Pending, "request to erase waits", "requests to erase wait")+" for headcount erase")
	}
	return list
}

// sumOf adds numbers that are not negative, as a fraction's whole.
func sumOf(numbers ...int64) (sum float64) {
	for _, n := range numbers {
		sum += float64(n)
	}
	return sum
}

// many is more than one in a hundred.
func many(n int64, of float64) bool { return n > 0 && 100*float64(n) > of }

// silentDays are the days without a report after the first one, where the
// fleet is so large that each day should have one.
func (a *Answer) silentDays() (n int64) {
	const fleet = 10
	if a.Installations.Active28d < fleet || len(a.Activity) == 0 || a.Stale() != "" {
		return 0
	}
	for _, d := range a.Health.Days {
		if d.Reports == 0 && d.Day > a.Activity[0].Day && (a.Health.NewestReport == nil || d.Day < *a.Health.NewestReport) {
			n++
		}
	}
	return n
}

// counted writes a number and the word for one or for several.
func counted(n int64, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return number.Grouped(n) + " " + several
}
