package panel

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"headcount.example/catalog"
)

// A listing is what a notice is about, as [catalog.Catalog.JSON] renders it.
type listing struct {
	Product string
	Notice  int
	About   struct {
		Recipient, Purpose, Contact, Policy, Results, Others string
		ReportDays                                           int `json:"report_days"`
		FigureDays                                           int `json:"figure_days"`
		ErasureDays                                          int `json:"erasure_days"`
	}
	Metrics []metric
}

type metric struct {
	Name, Kind, Unit, Title, Description, Question, Range string
	Attributes                                            []catalog.Attribute
}

func readList(data []byte) (listing, error) {
	var l listing
	if err := json.Unmarshal(data, &l); err != nil {
		return listing{}, err
	}
	if l.Product == "" || l.Notice < 1 {
		return listing{}, errors.New("it names no product or no notice")
	}
	return l, nil
}

// changes says in sentences what the notice in force has that the one that was
// agreed to had not, and the other way round.
func (p *Panel) changes(t *tongue, agreed int) []string {
	data, err := p.config.Catalog.JSON()
	now, err2 := readList(data)
	if err != nil || err2 != nil {
		return nil
	}
	for _, data := range p.config.Earlier {
		if before, _ := readList(data); before.Notice == agreed {
			if found := t.compare(before, now); len(found) > 0 {
				return found
			}
			return []string{t.Text("panel.changed.none")}
		}
	}
	return []string{t.Text("panel.changed.unknown")}
}

func (t *tongue) compare(before, now listing) (found []string) {
	about := func(key, old, current string) {
		if old != current {
			found = append(found, t.Text("panel.changed.about", "what", t.Text("panel.changed."+key), "before", cmp.Or(old, t.Text("panel.list.none")), "now", cmp.Or(current, t.Text("panel.list.none"))))
		}
	}
	a, b := before.About, now.About
	days := func(reports, figures, erasure int) string {
		return t.Text("panel.changed.days", "reports", t.days(reports), "figures", t.days(figures), "erasure", t.days(erasure))
	}
	about("recipient", a.Recipient, b.Recipient)
	about("purpose", a.Purpose, b.Purpose)
	about("others", a.Others, b.Others)
	about("retention", days(a.ReportDays, a.FigureDays, a.ErasureDays), days(b.ReportDays, b.FigureDays, b.ErasureDays))
	about("contact", a.Contact, b.Contact)
	about("policy", a.Policy, b.Policy)
	about("results", a.Results, b.Results)

	named := func(name string) func(metric) bool { return func(m metric) bool { return m.Name == name } }
	for _, m := range now.Metrics {
		text := t.texts.Metric(m.Name)
		i := slices.IndexFunc(before.Metrics, named(m.Name))
		if i < 0 {
			found = append(found, t.Text("panel.changed.added", "title", text.Title, "description", text.Description))
			continue
		}
		old := before.Metrics[i]
		more, less := difference(m.labels(), old.labels()), difference(old.labels(), m.labels())
		if len(more) > 0 {
			found = append(found, t.Text("panel.changed.labels.more", "title", text.Title, "labels", t.labels(more)))
		}
		if len(less) > 0 {
			found = append(found, t.Text("panel.changed.labels.less", "title", text.Title, "labels", t.labels(less)))
		}
		if len(more)+len(less) == 0 && m.essence() != old.essence() {
			found = append(found, t.Text("panel.changed.metric", "title", text.Title, "description", text.Description))
		}
	}
	for _, m := range before.Metrics {
		if !slices.ContainsFunc(now.Metrics, named(m.Name)) {
			found = append(found, t.Text("panel.changed.removed", "title", m.Title))
		}
	}
	return found
}

// A label is one value that a metric can carry.
type label struct{ key, value string }

func (m metric) labels() (all []label) {
	for _, a := range m.Attributes {
		for _, v := range a.Values {
			all = append(all, label{a.Key, v})
		}
	}
	return all
}

func (t *tongue) labels(list []label) string {
	var words []string
	for _, l := range list {
		words = append(words, t.texts.Value(l.key, l.value))
	}
	return strings.Join(words, ", ")
}

// essence is all of a metric that people are told.
func (m metric) essence() string { return strconv.Quote(fmt.Sprintf("%+v", m)) }

// difference is what a has and b has not.
func difference(a, b []label) []label {
	return slices.DeleteFunc(slices.Clone(a), func(l label) bool { return slices.Contains(b, l) })
}
