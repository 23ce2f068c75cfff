// Package told explains a catalog, a report, and a change of the notice in a reader's
// language.
package told

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/internal/words"
	"headcount.example/telemetry"
)

// Words are the texts of one language: those of package texts, and the catalog's own.
type Words struct {
	*words.Language
	catalog.Texts
	list  *catalog.Catalog
	kinds map[string]catalog.Kind
}

// In returns the words for a catalog in a language.
func In(list *catalog.Catalog, l *words.Language) Words {
	w := Words{l, list.Texts(l.Tag), list, map[string]catalog.Kind{list.Erasure().Name: 0}}
	for _, d := range list.Metrics() {
		w.kinds[d.Name] = d.Kind
	}
	return w
}

// A Metric is one metric of the catalog, in words.
type Metric struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Says   string   `json:"says"`
	Kind   string   `json:"kind"`
	Labels []string `json:"labels"`
}

// Counted returns the metrics of the catalog.
func (w Words) Counted() (list []Metric) {
	for _, d := range w.list.Metrics() {
		text := w.Metric(d.Name)
		line := Metric{Name: d.Name, Title: text.Title, Says: text.Description, Kind: w.Text("notice.now"), Labels: []string{}}
		if d.Kind == catalog.KindCounter {
			line.Kind = w.Text("panel.list.total") // its reader may not be the one who agreed
		}
		for _, a := range d.Attributes {
			line.Labels = append(line.Labels, a.Values...)
		}
		list = append(list, line)
	}
	return list
}

// Examples are two sentences about a range gauge, with ranges from the middle and made-up
// numbers. They are shown where the application was not asked for its sizes.
func (w Words) Examples(d catalog.Definition) (list []string) {
	ranges := d.Ranges.Labels()
	for i, n := range []int64{3, 1} {
		title := w.Title(d.Name, d.Attributes[0].Key, ranges[min(2+2*i, len(ranges)-1)])
		list = append(list, w.Text("panel.preview.example", "title", title, "value", w.Number(n)))
	}
	return list
}

// Days writes a number of days.
func (w Words) Days(n int) string { return w.Count("common.days", int64(n)) }

// Title names a series for people: "Services created (face detection)", or
// "Collections with 11 to 50 faces". In attributes, each key is followed by its value.
func (w Words) Title(name string, attributes ...string) string {
	text := w.Metric(name)
	var values []string
	for pair := range slices.Chunk(attributes, 2) {
		values = append(values, w.Value(pair[0], pair[1]))
	}
	kind, known := w.kinds[name]
	switch {
	case !known:
		return name // of an earlier catalog
	case name == w.list.Erasure().Name:
		return w.Text("panel.sent.erasure")
	case len(attributes) == 0:
		return text.Title
	case kind == catalog.KindRangeGauge && text.Range != "":
		return strings.ReplaceAll(text.Range, "{range}", w.Range(attributes[1]))
	case kind == catalog.KindRangeGauge:
		values = []string{w.Range(attributes[1])}
	}
	return w.Text("panel.range", "title", text.Title, "range", strings.Join(values, ", "))
}

// Report says each fact of a report in a sentence. If counted is false, its numbers are
// not real, because there is no yes and no identifier yet.
func (w Words) Report(of telemetry.Report, counted bool) (list []string) {
	var day time.Time
	for _, at := range of.Points {
		key := "panel.preview.now"
		if w.kinds[at.Name] == catalog.KindCounter {
			key = map[bool]string{true: "panel.preview.since", false: "panel.preview.yes"}[counted]
		}
		list = append(list, w.Text(key, "title", w.Title(at.Name, at.Attributes...), "value", w.Number(at.Value)))
		day = at.Time
	}
	if counted {
		list = append(list, w.Text("panel.preview.identifier", "value", of.InstallGUID))
	} else {
		list = append(list, w.Text("panel.preview.identifier.later"))
	}
	if !day.IsZero() {
		list = append(list, w.Text("panel.preview.day", "date", w.Date(day)))
	}
	return list
}

// A listing is the list of one notice, as [catalog.Catalog.JSON] renders it.
type listing struct {
	Product string
	Notice  int
	About   map[string]any
	Metrics []metric
}

type metric struct {
	Name, Kind, Unit, Title, Description, Question, Range string
	Attributes                                            []catalog.Attribute
}

func read(data []byte) (l listing, err error) {
	if err = json.Unmarshal(data, &l); err == nil && (l.Product == "" || l.Notice < 1) {
		err = errors.New("it names no product or no notice")
	}
	return l, err
}

// Check returns an error if list is not the list of an earlier notice of the product.
func Check(list []byte, product string) error {
	earlier, err := read(list)
	if err != nil {
		return fmt.Errorf("it is not a list that catalog.JSON rendered: %w", err)
	}
	if earlier.Product != product {
		return fmt.Errorf("it is the list of %.80q, not of %q", earlier.Product, product)
	}
	return nil
}

// Changes says what changed since the notice that was agreed to. If its list is not
// among the earlier ones, Changes says that this is not known.
func (w Words) Changes(agreed int, earlier [][]byte) []string {
	data, _ := w.list.JSON()
	now, _ := read(data)
	for _, data := range earlier {
		if before, _ := read(data); before.Notice == agreed {
			if found := w.compare(before, now); len(found) > 0 {
				return found
			}
			return []string{w.Text("panel.changed.none")}
		}
	}
	return []string{w.Text("panel.changed.unknown")}
}

func (w Words) compare(before, now listing) (found []string) {
	say := func(key string, pairs ...any) { found = append(found, w.Text(key, pairs...)) }
	for _, key := range []string{"recipient", "purpose", "others", "retention", "contact", "policy", "results"} {
		if old, current := w.fact(before.About, key), w.fact(now.About, key); old != current {
			say("panel.changed.about", "what", w.Text("panel.about."+key), "before", old, "now", current)
		}
	}
	earlier := map[string]metric{}
	for _, m := range before.Metrics {
		earlier[m.Name] = m
	}
	for _, m := range now.Metrics {
		text := w.Metric(m.Name)
		old, known := earlier[m.Name]
		if delete(earlier, m.Name); !known {
			say("panel.changed.added", "title", text.Title, "description", text.Description)
			continue
		}
		more, less := w.beyond(m, old), w.beyond(old, m)
		if more != "" {
			say("panel.changed.labels.more", "title", text.Title, "labels", more)
		}
		if less != "" {
			say("panel.changed.labels.less", "title", text.Title, "labels", less)
		}
		if more+less == "" && !reflect.DeepEqual(m, old) {
			say("panel.changed.metric", "title", text.Title, "description", text.Description)
		}
	}
	for _, m := range before.Metrics {
		if _, gone := earlier[m.Name]; gone {
			say("panel.changed.removed", "title", m.Title)
		}
	}
	return found
}

// fact returns one fact of [catalog.About] in words.
func (w Words) fact(about map[string]any, key string) string {
	days := func(key string) string { n, _ := about[key].(float64); return w.Days(int(n)) }
	if key == "retention" {
		return w.Text("panel.changed.days", "reports", days("report_days"), "figures", days("figure_days"), "erasure", days("erasure_days"))
	}
	text, _ := about[key].(string)
	return cmp.Or(text, w.Text("common.none"))
}

// beyond names the label values that a has and b does not have.
func (w Words) beyond(a, b metric) string {
	had := map[string]bool{}
	for _, l := range b.Attributes {
		for _, v := range l.Values {
			had[l.Key+"="+v] = true
		}
	}
	var words []string
	for _, l := range a.Attributes {
		for _, v := range l.Values {
			if !had[l.Key+"="+v] {
				words = append(words, w.Value(l.Key, v))
			}
		}
	}
	return strings.Join(words, ", ")
}
