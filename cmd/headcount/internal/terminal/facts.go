package terminal

import (
	"maps"
	"slices"
	"strings"
)

// Facts are lines of what a command did, for [Terminal.Facts].
type Facts struct {
	Title    string
	Lines    []string
	Kinds    map[string]int64 // what was counted, by kind, under KindsOf
	KindsOf  string
	Warnings []string
}

// Facts lays out what a command did.
func (t Terminal) Facts(f Facts) string {
	p := &printer{t: t, width: t.columns()}
	p.line(t.in(bold, Clean(f.Title)))
	for _, line := range f.Lines {
		p.hanging("  ", "    ", Clean(line))
	}
	if len(f.Kinds) > 0 {
		var rows [][]string
		for _, kind := range slices.Sorted(maps.Keys(f.Kinds)) {
			rows = append(rows, []string{Clean(strings.ReplaceAll(kind, "_", " ")), Number(f.Kinds[kind])})
		}
		p.hanging("  ", "    ", Clean(f.KindsOf))
		for _, line := range t.table("    ", []string{"kind", "count"}, rows) {
			p.line(line)
		}
	}
	for _, w := range f.Warnings {
		p.hanging("  "+t.in(yellow, "!")+" ", "    ", Clean(w))
	}
	return p.b.String()
}

// hanging writes a text whose first line begins with first and whose others
// begin with rest.
func (p *printer) hanging(first, rest, s string) {
	for i, line := range wrap(s, p.width-len(rest)) {
		if i == 0 {
			p.line(first + line)
			continue
		}
		p.line(rest + line)
	}
}
