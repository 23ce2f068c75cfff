package oracle

import (
	"encoding/json"
	"fmt"
)

// list is a catalog as catalog.JSON renders it.
type list struct {
	Product string   `json:"product"`
	Max     int64    `json:"max"`
	Metrics []metric `json:"metrics"`
}

type metric struct {
	Name       string `json:"name"`
	Kind       string `json:"kind"`
	Attributes []struct {
		Key    string   `json:"key"`
		Values []string `json:"values"`
	} `json:"attributes"`

	keys []string // of its series, in the catalog's order
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
	for i := range l.Metrics {
		for _, labels := range l.Metrics[i].series() {
			l.Metrics[i].keys = append(l.Metrics[i].keys, key(l.Metrics[i].Name, labels))
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

// series are all label sets of a metric, in the catalog's order.
func (m metric) series() []map[string]string {
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

// key names a series. Maps print in the order of their keys.
func key(name string, labels map[string]string) string {
	return fmt.Sprintf("%s%q", name, labels)
}
