// Package schema is the list of what a report may hold, as the vendor's
// command reads it: from a shipped catalog by name, from a JSON file that
// catalog.JSON rendered, or, without a list, from the names in the data.
//
// Every series (a metric with its label values) has a number, its place in
// [Schema.Series]. A row of the archive keeps its values in that order.
package schema

import (
	"fmt"
	"strings"
)

// A Kind says how the values of a metric are to be read.
type Kind string

const (
	Counter    Kind = "counter"     // totals since the yes, that only grow
	RangeGauge Kind = "range_gauge" // how many things are in each range now
)

// Erasure is the metric that asks to erase what an installation sent. It is
// in no list and in every catalog.
const Erasure = "headcount.erasure.requested"

// MaxSeries bounds the series of a list that grows with the data. It is
// larger than what a catalog may declare (256).
const MaxSeries = 1024

// DefaultMax is the largest value of a point where the list states none.
const DefaultMax = int64(1_000_000_000_000)

// An Attribute is a label and its possible values.
type Attribute struct {
	Key    string   `json:"key"`
	Values []string `json:"values"`
}

// About is what the notice promises of those who get the reports, as
// catalog.About has it. A number is 0 where nothing is known.
type About struct {
	Recipient   string `json:"recipient,omitempty"`
	Purpose     string `json:"purpose,omitempty"`
	ReportDays  int    `json:"report_days,omitempty"`  // a report as it came is kept
	FigureDays  int    `json:"figure_days,omitempty"`  // figures of a single installation are kept
	ErasureDays int    `json:"erasure_days,omitempty"` // within which a request to erase is carried out
	Contact     string `json:"contact,omitempty"`
	Policy      string `json:"policy,omitempty"`
	Results     string `json:"results,omitempty"`
	Others      string `json:"others,omitempty"`
}

// A Metric is one statistic. A range gauge has one attribute, the range.
type Metric struct {
	Name        string      `json:"name"`
	Kind        Kind        `json:"kind"`
	Unit        string      `json:"unit"`
	Title       string      `json:"title,omitempty"` // for people; empty: made of the name
	Description string      `json:"description,omitempty"`
	Question    string      `json:"question,omitempty"`
	Attributes  []Attribute `json:"attributes,omitempty"`
}

// A Series is a metric with one value for each of its labels.
type Series struct {
	Name   string // as in name{key=value,key=value}: the column's name in the archive
	Metric int    // place in Metrics
	Values []string
}

// A Schema is a list of metrics. Make one with [Load], [Parse] or [Open]. It
// is not safe for concurrent use while it is open and being added to.
type Schema struct {
	Product string // empty without a catalog
	Notice  int
	Max     int64 // largest value of a point
	About   About // what people were promised; zero without a catalog
	Open    bool  // takes unknown metrics and labels as they come
	Metrics []Metric
	Series  []Series

	byName   map[string]int // metric
	bySeries map[string]int
}

// New returns an open schema without metrics: it takes the names in the data.
func New() *Schema {
	return &Schema{Open: true, Max: DefaultMax, byName: map[string]int{}, bySeries: map[string]int{}}
}

// check is an error where a metric cannot be.
func (m *Metric) check() error {
	switch {
	case m.Name == "" || m.Name == Erasure:
		return fmt.Errorf("metric name %q cannot be declared", m.Name)
	case m.Kind != Counter && m.Kind != RangeGauge:
		return fmt.Errorf("metric %q has the kind %q; known are %q and %q", m.Name, m.Kind, Counter, RangeGauge)
	case m.Kind == RangeGauge && len(m.Attributes) != 1:
		return fmt.Errorf("range gauge %q has %d labels; it needs one, the range", m.Name, len(m.Attributes))
	}
	return nil
}

func (s *Schema) add(metric int, values []string) (int, error) {
	if len(s.Series) >= MaxSeries {
		return 0, fmt.Errorf("more than %d series", MaxSeries)
	}
	name := SeriesName(s.Metrics[metric].Name, s.Metrics[metric].Attributes, values)
	if _, twice := s.bySeries[name]; twice {
		return 0, fmt.Errorf("series %q is declared twice", name)
	}
	s.bySeries[name] = len(s.Series)
	s.Series = append(s.Series, Series{Name: name, Metric: metric, Values: values})
	return len(s.Series) - 1, nil
}

// SeriesName is the name of a series: name, or name{key=value,key=value}.
func SeriesName(metric string, attributes []Attribute, values []string) string {
	if len(values) == 0 {
		return metric
	}
	var b strings.Builder
	b.WriteString(metric)
	for i, v := range values {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(attributes[i].Key + "=" + v)
	}
	b.WriteByte('}')
	return b.String()
}

// Find returns the number of the series of a metric by its name and the
// values of its labels, which must come in the declared order.
func (s *Schema) Find(metric []byte, values ...[]byte) (series int, ok bool) {
	at, ok := s.byName[string(metric)]
	if !ok || len(values) != len(s.Metrics[at].Attributes) {
		return 0, false
	}
	if len(values) == 0 {
		series, ok = s.bySeries[string(metric)]
		return series, ok
	}
	var buffer [192]byte
	name := append(buffer[:0], metric...)
	for i, v := range values {
		name = append(name, "{,"[min(i, 1)])
		name = append(name, s.Metrics[at].Attributes[i].Key...)
		name = append(name, '=')
		name = append(name, v...)
	}
	series, ok = s.bySeries[string(append(name, '}'))]
	return series, ok
}

// Number is Find for names that are strings. It is slower.
func (s *Schema) Number(metric string, values []string) (series int, ok bool) {
	at, ok := s.byName[metric]
	if !ok || len(values) != len(s.Metrics[at].Attributes) {
		return 0, false
	}
	series, ok = s.bySeries[SeriesName(metric, s.Metrics[at].Attributes, values)]
	return series, ok
}

// Metric returns the place in Metrics of a metric by its name.
func (s *Schema) Metric(name []byte) (at int, ok bool) {
	at, ok = s.byName[string(name)]
	return at, ok
}
