package audit

import (
	"errors"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/schema"
)

// A List is a catalog, arranged for asking what a written report may say.
// It is safe for concurrent use.
type List struct {
	max   int64
	rules map[string]*rule
}

type rule struct {
	unit   string
	gauge  bool
	series map[string]bool // by Series
}

// NewList returns the list of a catalog. An open schema has none.
func NewList(s *schema.Schema) (*List, error) {
	if s.Open || len(s.Metrics) == 0 {
		return nil, errors.New("a catalog is needed: without a list nothing can be judged")
	}
	l := &List{max: s.Max, rules: map[string]*rule{}}
	for _, m := range s.Metrics {
		l.rules[m.Name] = &rule{unit: m.Unit, gauge: m.Kind == schema.RangeGauge, series: map[string]bool{}}
	}
	for _, x := range s.Series {
		m := s.Metrics[x.Metric]
		labels := map[string]string{}
		for i, a := range m.Attributes {
			labels[a.Key] = x.Values[i]
		}
		l.rules[m.Name].series[Series(m.Name, labels)] = true
	}
	l.rules[schema.Erasure] = &rule{unit: "{request}", gauge: true, series: map[string]bool{schema.Erasure: true}}
	return l, nil
}

// Max is the largest value of a point.
func (l *List) Max() int64 { return l.max }

// Has reports whether a series is on the list.
func (l *List) Has(metric, series string) bool {
	r := l.rules[metric]
	return r != nil && r.series[series]
}

// Series names a series: name, or name{key=value,…} with the keys in order.
func Series(metric string, labels map[string]string) string {
	if len(labels) == 0 {
		return metric
	}
	var pairs []string
	for k, v := range labels {
		pairs = append(pairs, k+"="+v)
	}
	slices.Sort(pairs)
	return metric + "{" + strings.Join(pairs, ",") + "}"
}

// A Row is one number of one installation.
type Row struct {
	GUID, Series string
	Value        int64
}
