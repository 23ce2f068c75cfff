package page

import (
	"cmp"
	"slices"

	"headcount.example/cmd/headcount/internal/answer"
)

// The page shows no more groups, bars of each, and rows of totals, so that it
// stays small also without a catalog.
const (
	mostGroups = 6
	mostBars   = 16
	mostTotals = 40
)

// popular is how many installations use what.
type popular struct {
	Groups []group
	More   string // what is left out
}

// A group is the bars of one counter, or of all counters without a label.
type group struct {
	name              string
	Title, Code, Text string
	Labelled          bool
	Bars              []bar
	More              string // what is left out
}

// A bar is a row of a chart that is also a table.
type bar struct {
	Group, Text, Code string
	Width             string // 0 to 100
	Unknown           bool
	Values            []string
	Median            bool
	n                 int64
}

func (k *maker) popular() popular {
	p := popular{}
	single := group{Title: "Used at least once", Text: "Counters without a label."}
	for _, c := range k.Counters {
		b := bar{Values: []string{count(c.Active), shareText(c.Share)}, Unknown: c.Share == nil, Width: "0", n: c.Active}
		if c.Share != nil {
			b.Width = width(*c.Share)
		} else {
			b.Values[0] = notKnown
			b.Values[1] = ""
		}
		if len(c.Labels) == 0 {
			b.Text, b.Code = title(k.metric(c.Name)), clip(c.Name)
			single.Bars = append(single.Bars, b)
			continue
		}
		b.Text, b.Code = k.label(c)
		g := p.group(k, c)
		g.Bars = append(g.Bars, b)
	}
	if len(single.Bars) > 0 {
		p.Groups = append(p.Groups, single)
	}
	if n := len(p.Groups) - mostGroups; n > 0 {
		p.More = count(int64(n)) + plural(int64(n), " more counter is", " more counters are") + " not shown."
	}
	p.Groups = p.Groups[:min(len(p.Groups), mostGroups)]
	for i := range p.Groups {
		g := &p.Groups[i]
		slices.SortStableFunc(g.Bars, func(a, b bar) int { return cmp.Compare(b.n, a.n) })
		if n := len(g.Bars) - mostBars; n > 0 {
			g.Bars, g.More = g.Bars[:mostBars], "and "+count(int64(n))+" less used"
		}
	}
	return p
}

// group is the one of a counter's metric, made where it is the first.
func (p *popular) group(k *maker, c answer.Counter) *group {
	for i := range p.Groups {
		if p.Groups[i].name == c.Name {
			return &p.Groups[i]
		}
	}
	p.Groups = append(p.Groups, group{name: c.Name, Title: title(k.metric(c.Name)), Code: clip(c.Name), Text: lede(k.metric(c.Name)), Labelled: true})
	return &p.Groups[len(p.Groups)-1]
}

// totals is the table of all counters.
type totals struct {
	Window   string
	Rows     []totalRow
	More     string // what is left out
	Download download
}

type totalRow struct {
	Text, Code, Unit          string
	Total, New, Installations string
}

func (k *maker) totals() totals {
	t := totals{Window: days(k.WindowDays), Download: k.download("counters")}
	if n := len(k.Counters) - mostTotals; n > 0 {
		t.More = count(int64(n)) + " more are not shown."
	}
	for _, c := range k.Counters[:min(len(k.Counters), mostTotals)] {
		r := totalRow{Text: title(k.metric(c.Name)), Code: clip(c.Name), Total: count(c.Total), New: signed(c.New), Installations: count(c.Installations)}
		if len(c.Labels) > 0 {
			text, code := k.label(c)
			r.Text += ": " + text
			r.Code += " " + code
		}
		if k.Installations.Ever == 0 {
			r.Total, r.New, r.Installations = notKnown, notKnown, notKnown
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}
