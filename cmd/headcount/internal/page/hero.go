package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// hero is the first screen: how many, growing or not, what is popular, how
// large.
type hero struct {
	Count, Noun string
	Size        string // class by the length of Count
	Rest        string // of the sentence
	Change      string // of the sentence; empty: not known
	Short       string // what is popular and how large, for a narrow screen
	Growth      growth
	Facts       []fact
	Top         []bar
	TopMore     int
	Large       *sizes
}

// growth says how the window before became this one.
type growth struct {
	Class, Arrow, Word string
	Percent            string
	Steps              []fact // before + new + returned − churned = now
	Unknown            string // why there is no comparison
}

// A fact is a number with its name.
type fact struct{ Name, Value, Note, Class string }

func (k *maker) hero(m *model) hero {
	h := hero{Count: count(k.Denominator), Noun: plural(k.Denominator, "installation", "installations"), Growth: k.growth()}
	switch n := len(h.Count); {
	case n > 15:
		h.Size = "tiny"
	case n > 9:
		h.Size = "small"
	}
	h.Rest = "in the " + days(k.WindowDays) + " to " + long(k.AsOf)
	if k.WindowDays == 1 {
		h.Rest = "on " + long(k.AsOf)
	}
	h.Change = k.change()
	h.Facts = []fact{
		{Name: "on the last day", Value: count(k.Installations.Active1d)},
		{Name: "in the last 7 days", Value: count(k.Installations.Active7d)},
		{Name: "in the last 28 days", Value: count(k.Installations.Active28d)},
		{Name: "ever", Value: count(k.Installations.Ever)},
	}
	h.Top, h.TopMore = m.Popular.top(5)
	if len(m.Sizes) > 0 {
		h.Large = &m.Sizes[0]
	}
	h.Short = h.short()
	return h
}

// short is what is popular and how large most things are, where that is
// known.
func (h hero) short() string {
	var list []string
	if len(h.Top) > 0 && !h.Top[0].Unknown && h.Top[0].n > 0 {
		list = append(list, fmt.Sprintf("Popular: %s (%s).", h.Top[0].Text, h.Top[0].Values[1]))
	}
	if s := h.Large; s != nil && !s.Unknown && s.Half != "" {
		list = append(list, fmt.Sprintf("Half of the %s: %s or below.", s.More, s.Half))
	}
	return strings.Join(list, " ")
}

// before is how many installations were active in the window before.
func (k *maker) before() (n int64, known bool) { return k.Window.Before.N, k.Window.Before.Known }

func (k *maker) windowBefore() string {
	if k.WindowDays == 1 {
		return "the day before"
	}
	return "the " + days(k.WindowDays) + " before"
}

func (k *maker) change() string {
	before, known := k.before()
	switch n := k.Window.Active - before; {
	case !known:
		return ""
	case n == 0:
		return "as many as in " + k.windowBefore()
	case n > 0:
		return count(n) + " more than in " + k.windowBefore()
	default:
		return count(-n) + " fewer than in " + k.windowBefore()
	}
}

func (k *maker) growth() growth {
	before, known := k.before()
	if !known {
		g := growth{Class: "level", Word: notKnown, Unknown: "Reports do not reach back over the whole window before. There is nothing to compare with yet.",
			Steps: []fact{{Name: "New", Value: count(k.Window.New)}}}
		if len(k.Activity) > 0 {
			g.Unknown = "The first report is of " + long(k.Activity[0].Day) + ". There is no whole window before this one to compare with."
		}
		return g
	}
	g := growth{Class: "level", Arrow: "→", Word: "the same"}
	switch n := k.Window.Active - before; {
	case n > 0:
		g.Class, g.Arrow, g.Word = "up", "▲", "up "+count(n)
	case n < 0:
		g.Class, g.Arrow, g.Word = "down", "▼", "down "+count(-n)
	}
	if n := k.Window.Active - before; before > 0 && n != 0 {
		g.Percent = percent(max(n, -n), before)
	}
	g.Steps = []fact{
		{Name: "Window before", Value: count(before)},
		{Name: "New", Value: signed(k.Window.New), Note: "first report in this window"},
		{Name: "Returned", Value: signed(k.Window.Returned), Note: "silent in the window before"},
		{Name: "Churned", Value: signed(-k.Window.Churned), Note: "silent in this window"},
		{Name: "This window", Value: count(k.Window.Active), Class: "sum"},
	}
	return g
}

// top is the most used values of labels, then the most used counters without
// one, and how many more there are. Errors are not popular: they come last.
func (p *popular) top(n int) (list []bar, more int) {
	var single []bar
	for _, g := range p.Groups {
		for _, b := range g.Bars {
			if !g.Labelled || isError(g.Code) {
				single = append(single, b)
				continue
			}
			b.Group = g.Title
			list = append(list, b)
		}
	}
	slices.SortStableFunc(list, func(a, b bar) int { return cmp.Compare(b.n, a.n) })
	list = append(list, single...)
	if len(list) > n {
		return list[:n], len(list) - n
	}
	return list, 0
}

// isError is whether a counter is of errors, by its name.
func isError(name string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(name, func(r rune) bool { return r == '.' || r == '_' }),
		func(word string) bool {
			return word == "error" || word == "errors" || word == "failure" || word == "failures"
		})
}

// typical is the range in which half of the things are, counted from the
// smallest; false where there are none.
func typical(values []int64) (at int, ok bool) {
	var sum, half float64
	for _, v := range values {
		sum += float64(v)
	}
	for i, v := range values {
		if half += float64(v); v > 0 && half >= sum/2 {
			return i, true
		}
	}
	return 0, false
}

func sentenceOfSizes(one, more string, labels []string, values []int64) string {
	at, ok := typical(values)
	if !ok {
		return "No " + one + " was reported."
	}
	last := at
	for i, v := range values {
		if v > 0 {
			last = i
		}
	}
	middle := rangeText(labels[at])
	switch {
	case sum(values) == values[at]:
		return fmt.Sprintf("All %s are in the range %s.", more, middle)
	case last == at:
		return fmt.Sprintf("Half of the %s or more are in the range %s, the largest.", more, middle)
	case at == 0:
		middle = fmt.Sprintf("Half of the %s or more are in the range %s.", more, middle)
	default:
		middle = fmt.Sprintf("Half of the %s are in the range %s or below.", more, middle)
	}
	return middle + fmt.Sprintf(" The largest are in the range %s.", rangeText(labels[last]))
}
