package terminal

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
)

// health says in a word whether all is well, and shows what was read.
func (p *printer) health() {
	found := p.a.Health.Findings
	colour := green
	if len(found) > 0 {
		colour = yellow
	}
	p.line("")
	p.line(p.t.in(bold, "Health") + "  " + p.t.in(colour, p.a.Health.Verdict()))
	for _, f := range found {
		p.hanging("  "+p.t.in(yellow, "!")+" ", "    ", Clean(f))
	}
	in, h := p.a.Input, p.a.Health
	newest := "newest report " + notKnown
	if h.NewestReport != nil {
		newest = "newest report of " + h.NewestReport.String()
	}
	p.wrapped(fmt.Sprintf("%s, %s, %s, %s; %s.", Count(in.Reports, "report", "reports"), Count(in.Duplicates, "duplicate", "duplicates"),
		unreadable(in.Torn, h.Kinds), Number(in.Refused)+" refused", newest), "  ")
	if in.WentBack > 0 {
		p.wrapped(Count(in.WentBack, "report has a total that went back (a restored or cloned installation); it subtracts nothing.",
			"reports have a total that went back (restored or cloned installations); they subtract nothing."), "  ")
	}
	if kinds := kindsOf(h.Kinds); kinds != "" {
		p.wrapped("Refused, by kind: "+kinds+".", "  ")
	}
	if n := p.a.Installations.Erased; n > 0 {
		p.wrapped("Reports of "+Count(n, "installation", "installations")+" erased on request are in no figure.", "  ")
	}
	if h.LateErased > 0 {
		p.wrapped(Count(h.LateErased, "report", "reports")+" of erased installations kept out.", "  ")
	}
	if h.LaterThanAsOf > 0 {
		p.wrapped(Count(h.LaterThanAsOf, "report is", "reports are")+" later than "+p.a.AsOf.String()+" and left out.", "  ")
	}
}

// unreadable is what does not parse, and of which kinds it is.
func unreadable(n int64, kinds map[string]int64) string {
	text := Number(n) + " unreadable"
	torn, foreign := kinds[answer.Torn], kinds[answer.Foreign]
	if torn > 0 && foreign > 0 {
		text += " (" + Number(torn) + " torn, " + Number(foreign) + " foreign)"
	}
	return text
}

// kindsOf lists what was refused, by name.
func kindsOf(kinds map[string]int64) string {
	var list []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		if kinds[kind] > 0 && kind != answer.Torn && kind != answer.Foreign {
			list = append(list, Clean(strings.ReplaceAll(kind, "_", " "))+" "+Number(kinds[kind]))
		}
	}
	return strings.Join(list, ", ")
}
