package page

import (
	"fmt"
	"html/template"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
)

// A model is the page in words: the template only places them.
type model struct {
	head
	Product             string
	Empty               bool
	Of                  string // the denominator
	OfBare              string // the same without "of"
	Ever                string // installations
	None                string // why there is nothing to show
	Notices             []string
	Controls            *controls
	Hero                hero
	Activity            activity
	Popular             popular
	Sizes               []sizes
	MoreSizes           string // range gauges that are left out
	SizesNow, SizesOver download
	Totals              totals
	Cohorts             cohorts
	Health              health
}

// maker makes a model of an answer.
type maker struct {
	*answer.Answer
	lexicon
	o Options
}

func newModel(a *answer.Answer, o Options) *model {
	k := &maker{a, lexicon{o.List}, o}
	ever := a.Installations.Ever
	m := &model{Product: a.Product, Of: k.of(), Empty: ever == 0, Ever: count(ever) + plural(ever, " installation", " installations")}
	m.OfBare = strings.TrimPrefix(m.Of, "of ")
	if m.Product == "" {
		m.Product = "Installations"
	}
	m.None = k.none()
	m.head = newHead(fmt.Sprintf("%s: usage to %s", m.Product, a.AsOf))
	m.Notices = k.notices()
	m.Controls = k.controls()
	m.Popular = k.popular()
	m.Sizes, m.MoreSizes = k.sizes()
	m.SizesNow, m.SizesOver = k.download("sizes"), k.download("sizes-over-time")
	m.Activity = k.activity()
	m.Hero = k.hero(m)
	m.Totals = k.totals()
	m.Cohorts = k.cohorts()
	m.Health = k.health()
	return m
}

// period is the window in words: "the 28 days to 2026-11-25".
func (k *maker) period() string {
	if k.WindowDays == 1 {
		return "the day " + k.AsOf.String()
	}
	return fmt.Sprintf("the %s days to %s", count(int64(k.WindowDays)), k.AsOf)
}

// of is the denominator, the same on every figure.
func (k *maker) of() string {
	return fmt.Sprintf("of %s %s that opted in and reported in %s",
		count(k.Denominator), plural(k.Denominator, "installation", "installations"), k.period())
}

// none says why there is nothing to show.
func (k *maker) none() string {
	h := k.Health
	if h.LaterThanAsOf == 0 || h.FirstReport == nil {
		return ""
	}
	return fmt.Sprintf("No report until %s. The first is of %s.", long(k.AsOf), long(*h.FirstReport))
}

// notices are what a reader must know before the figures.
func (k *maker) notices() (list []string) {
	if k.Installations.Ever == 0 {
		return nil
	}
	if h := k.Health; h.Stale() {
		list = append(list, fmt.Sprintf("The newest report is of %s, %s before the end of this window. The figures are too low if reports are still to be read.",
			long(*h.NewestReport), days(int(*h.AgeDays))))
	}
	if k.o.Live != nil && k.AsOf > k.o.Live.Latest {
		list = append(list, long(k.AsOf)+" is not over: its reports are still coming in.")
	}
	return list
}

// A download is the link to a chart's table. In a file the table itself is in
// the link.
type download struct {
	Name string
	Href template.URL
	Note string
}

func (k *maker) download(name string) download {
	d := download{Name: name + ".csv"}
	if k.o.Live != nil {
		d.Href = template.URL(k.o.Live.CSV(name))
		return d
	}
	d.Href, d.Note = dataURI(k.Answer, name)
	return d
}

// A choice is a link among others.
type choice struct {
	Text, Href string
	Now        bool
}

// controls choose the window and the day.
type controls struct {
	Windows        []choice
	Window         int
	AsOf, Latest   string
	Earlier, Later choice
	JSON           string
}

func (k *maker) controls() *controls {
	live := k.o.Live
	if live == nil {
		return nil
	}
	c := &controls{Window: k.WindowDays, AsOf: k.AsOf.String(), Latest: (live.Latest + 1).String(), JSON: live.JSON}
	known := false
	for _, n := range live.Windows {
		now := n == k.WindowDays
		known = known || now
		c.Windows = append(c.Windows, choice{days(n), live.Link(n, k.AsOf), now})
	}
	if !known {
		c.Windows = append(c.Windows, choice{days(k.WindowDays), live.Link(k.WindowDays, k.AsOf), true})
	}
	step := day.Day(k.WindowDays)
	if k.AsOf-step >= day.First {
		c.Earlier = choice{Text: days(k.WindowDays) + " earlier", Href: live.Link(k.WindowDays, k.AsOf-step)}
	}
	if k.AsOf < live.Latest {
		c.Later = choice{Text: days(k.WindowDays) + " later", Href: live.Link(k.WindowDays, min(k.AsOf+step, live.Latest))}
	}
	return c
}

func days(n int) string { return count(int64(n)) + plural(int64(n), " day", " days") }
