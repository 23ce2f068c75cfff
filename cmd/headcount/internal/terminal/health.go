package terminal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
)

// Stale says that the newest report is too old; empty where it is not.
func Stale(a *answer.Answer) string {
	h := a.Health
	switch {
	case h.NewestReport == nil && h.LaterThanAsOf > 0:
		return fmt.Sprintf("no report is of %s or earlier, and %s: give a later day with --as-of", a.AsOf, Count(h.LaterThanAsOf, "is later", "are later"))
	case h.NewestReport == nil:
		return "the archive has no report"
	case h.Stale():
		return fmt.Sprintf("the newest report is of %s, %d days before %s: see whether the Collector runs and headcount compact reads its files",
			*h.NewestReport, *h.AgeDays, a.AsOf)
	}
	return ""
}

// findings says what is wrong, each in a sentence. Nothing is wrong where it
// is empty.
func findings(a *answer.Answer) (list []string) {
	if stale := Stale(a); stale != "" {
		list = append(list, stale)
	}
	read := a.Input.Reports + a.Input.Torn + a.Input.Refused
	if many(a.Input.Torn, read) {
		list = append(list, "more than 1 % of what was read is torn: give each Collector a file of its own, and see whether its disk is full")
	}
	if many(a.Input.Refused, read) {
		list = append(list, "more than 1 % of the reports are not as the catalog says: rejected.jsonl in the archive has them")
	}
	if n := silentDays(a); n > 0 {
		list = append(list, Count(n, "day", "days")+" of the last 28 without any report")
	}
	if a.Health.Pending > 0 {
		list = append(list, Count(a.Health.Pending, "request to erase waits", "requests to erase wait")+" for headcount erase")
	}
	return list
}

// many is more than one in a hundred.
func many(n, of int64) bool { return n > of/100 && n > 0 }

// silentDays are the days without a report after the first one, where the
// fleet is so large that each day should have one.
func silentDays(a *answer.Answer) (n int64) {
	const fleet = 10
	if a.Installations.Active28d < fleet || len(a.Activity) == 0 || Stale(a) != "" {
		return 0
	}
	for _, d := range a.Health.Days {
		if d.Reports == 0 && d.Day > a.Activity[0].Day && (a.Health.NewestReport == nil || d.Day < *a.Health.NewestReport) {
			n++
		}
	}
	return n
}

// health says in a word whether all is well, and shows what was read.
func (p *printer) health() {
	found := findings(p.a)
	word := p.t.in(green, "fine")
	if len(found) > 0 {
		word = p.t.in(yellow, Count(int64(len(found)), "thing to look at", "things to look at"))
	}
	p.line("")
	p.line(p.t.in(bold, "Health") + "  " + word)
	for _, f := range found {
		p.hanging("  "+p.t.in(yellow, "!")+" ", "    ", f)
	}
	in, h := p.a.Input, p.a.Health
	newest := "newest report " + notKnown
	if h.NewestReport != nil {
		newest = "newest report of " + h.NewestReport.String()
	}
	p.wrapped(fmt.Sprintf("%s, %s, %s, %s; %s.", Count(in.Reports, "report", "reports"), Count(in.Duplicates, "duplicate", "duplicates"),
		Number(in.Torn)+" torn", Number(in.Refused)+" refused", newest), "  ")
	if in.WentBack > 0 {
		p.wrapped(Count(in.WentBack, "report has a total that went back (a restored or cloned installation); it subtracts nothing.",
			"reports have a total that went back (restored or cloned installations); they subtract nothing."), "  ")
	}
	if kinds := kindsOf(h.Kinds); kinds != "" {
		p.wrapped("Not taken, by kind: "+kinds+".", "  ")
	}
	if h.LateErased > 0 {
		p.wrapped(Count(h.LateErased, "report", "reports")+" of erased installations kept out.", "  ")
	}
	if h.LaterThanAsOf > 0 {
		p.wrapped(Count(h.LaterThanAsOf, "report is", "reports are")+" later than "+p.a.AsOf.String()+" and left out.", "  ")
	}
}

// kindsOf lists what was counted, by name.
func kindsOf(kinds map[string]int64) string {
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[kind] > 0 {
			list = append(list, Clean(strings.ReplaceAll(kind, "_", " "))+" "+Number(kinds[kind]))
		}
	}
	return strings.Join(list, ", ")
}
