// Package changes says in sentences what a notice has that an earlier one had not, and
// the other way round.
package changes

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"headcount.example/catalog"
	"headcount.example/internal/words"
)

// A listing is what a notice is about, as [catalog.Catalog.JSON] renders it.
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

// Check says what is wrong with a list of an earlier notice of a product.
func Check(list []byte, product string) error {
	earlier, err := read(list)
	if err != nil {
		return fmt.Errorf("it is not a list as catalog.JSON renders it: %w", err)
	}
	if earlier.Product != product {
		return fmt.Errorf("it is a list of %.80q and not of %q", earlier.Product, product)
	}
	return nil
}

// Since says what changed since the notice that was agreed to, whose list is one of the
// earlier ones.
func Since(agreed int, earlier [][]byte, now *catalog.Catalog, l *words.Language) []string {
	t := told{l, now.Texts(l.Tag)}
	data, _ := now.JSON()
	list, _ := read(data)
	for _, data := range earlier {
		if before, _ := read(data); before.Notice == agreed {
			if found := t.compare(before, list); len(found) > 0 {
				return found
			}
			return []string{t.Text("panel.changed.none")}
		}
	}
	return []string{t.Text("panel.changed.unknown")}
}

// told are the words of a language, and the catalog's own in it.
type told struct {
	*words.Language
	texts catalog.Texts
}

func (t told) compare(before, now listing) (found []string) {
	say := func(key string, pairs ...any) { found = append(found, t.Text(key, pairs...)) }
	for _, key := range []string{"recipient", "purpose", "others", "retention", "contact", "policy", "results"} {
		if old, current := t.fact(before.About, key), t.fact(now.About, key); old != current {
			say("panel.changed.about", "what", t.Text("panel.about."+key), "before", old, "now", current)
		}
	}
	earlier := map[string]metric{}
	for _, m := range before.Metrics {
		earlier[m.Name] = m
	}
	for _, m := range now.Metrics {
		text := t.texts.Metric(m.Name)
		old, known := earlier[m.Name]
		if delete(earlier, m.Name); !known {
			say("panel.changed.added", "title", text.Title, "description", text.Description)
			continue
		}
		more, less := t.beyond(m, old), t.beyond(old, m)
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

// fact is one fact of who asks and why.
func (t told) fact(about map[string]any, key string) string {
	days := func(key string) string { n, _ := about[key].(float64); return t.Count("common.days", int64(n)) }
	if key == "retention" {
		return t.Text("panel.changed.days", "reports", days("report_days"), "figures", days("figure_days"), "erasure", days("erasure_days"))
	}
	text, _ := about[key].(string)
	return cmp.Or(text, t.Text("common.none"))
}

// beyond names the labels that a has and b has not.
func (t told) beyond(a, b metric) string {
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
				words = append(words, t.texts.Value(l.Key, v))
			}
		}
	}
	return strings.Join(words, ", ")
}
