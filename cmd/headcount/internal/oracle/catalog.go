package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// list is a catalog as catalog.JSON renders it.
type list struct {
	Product string   `json:"product"`
	Max     int64    `json:"max"`
	Metrics []metric `json:"metrics"`

	numbers map[string]int // of every series, by its key
}

// A series is a metric with one value for each label. Its number is its place
// among all series of the catalog.
type series struct {
	number int
	labels map[string]string
}

type metric struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Attributes []struct {
		Key    string   `json:"key"`
		Values []string `json:"values"`
	} `json:"attributes"`

	series []series // in the catalog's order
}

func readList(catalogJSON []byte) (*list, error) {
	var l list
	if err := json.Unmarshal(catalogJSON, &l); err != nil {
		return nil, fmt.Errorf("oracle: catalog: %w", err)
	}
	if len(l.Metrics) == 0 {
		return nil, fmt.Errorf("oracle: catalog %q has no metrics", l.Product)
	}
	if l.Max == 0 {
		l.Max = 1_000_000_000_000
	}
	l.numbers = map[string]int{}
	for i := range l.Metrics {
		m := &l.Metrics[i]
		for _, labels := range m.combinations() {
			m.series = append(m.series, series{len(l.numbers), labels})
			l.numbers[key(m.Name, labels)] = len(l.numbers)
		}
	}
	return &l, nil
}

func (l *list) find(name string) (metric, bool) {
	for _, m := range l.Metrics {
		if m.Name == name {
			return m, true
		}
	}
	return metric{}, false
}

// combinations are all label sets of a metric, in the catalog's order.
func (m metric) combinations() []map[string]string {
	all := []map[string]string{{}}
	for _, a := range m.Attributes {
		var longer []map[string]string
		for _, labels := range all {
			for _, value := range a.Values {
				with := map[string]string{a.Key: value}
				for k, v := range labels {
					with[k] = v
				}
				longer = append(longer, with)
			}
		}
		all = longer
	}
	return all
}

// key names a series: the metric, then its labels in the order of their keys.
func key(name string, labels map[string]string) string {
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		name += "\x00" + k + "\x00" + labels[k]
	}
	return name
}
