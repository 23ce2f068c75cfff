// Package schema is the list of what a report may hold, as the vendor's
// command reads it: from a shipped catalog by name, from a JSON file that
// catalog.JSON rendered, or, without a list, from the names in the data.
//
// Every series (a metric with its label values) has a number, its place in
// [Schema.Series]. A row of the archive keeps its values in that order.
package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
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

// A Metric is one statistic. A range gauge has one attribute, the range.
type Metric struct {
	Name        string      `json:"name"`
	Kind        Kind        `json:"kind"`
	Unit        string      `json:"unit"`
	Description string      `json:"description,omitempty"`
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
	Open    bool  // takes unknown metrics and labels as they come
	Metrics []Metric
	Series  []Series

	byName   map[string]int // metric
	bySeries map[string]int
}

// Names are the catalogs that Load knows by name.
var Names = []string{"compreface", "affiliate"}

// Load returns the list of a shipped catalog by its name, or of the JSON file
// at that path. The empty name gives an open schema.
func Load(name string) (*Schema, error) {
	var c *catalog.Catalog
	switch name {
	case "":
		return New(), nil
	case "compreface":
		c = compreface.Catalog
	case "affiliate":
		c = affiliate.Catalog
	default:
		data, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("catalog %q is neither a shipped one (%s) nor a file", name, strings.Join(Names, ", "))
		}
		if err != nil {
			return nil, fmt.Errorf("catalog: %w", err)
		}
		s, err := Parse(data)
		if err != nil {
			return nil, fmt.Errorf("catalog %s: %w", name, err)
		}
		return s, nil
	}
	data, err := c.JSON()
	if err != nil {
		return nil, err
	}
	return Parse(data)
}

// New returns an open schema without metrics: it takes the names in the data.
func New() *Schema {
	return &Schema{Open: true, Max: DefaultMax, byName: map[string]int{}, bySeries: map[string]int{}}
}

// Parse reads what catalog.JSON renders.
func Parse(data []byte) (*Schema, error) {
	var list struct {
		Product string   `json:"product"`
		Notice  int      `json:"notice"`
		Max     int64    `json:"max"`
		Metrics []Metric `json:"metrics"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("not a catalog in JSON, as catalog.JSON renders one: %w", err)
	}
	if list.Product == "" || len(list.Metrics) == 0 {
		return nil, errors.New(`not a catalog in JSON: "product" and "metrics" are needed`)
	}
	s := New()
	s.Product, s.Notice = list.Product, list.Notice
	if list.Max < 0 {
		return nil, fmt.Errorf(`"max" is %d; it is the largest value of a point, or 0 for %d`, list.Max, DefaultMax)
	}
	if list.Max > 0 {
		s.Max = list.Max
	}
	for _, m := range list.Metrics {
		if err := s.declare(m); err != nil {
			return nil, err
		}
	}
	s.Open = false
	return s, nil
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

// declare adds a metric with all its series.
func (s *Schema) declare(m Metric) error {
	if err := m.check(); err != nil {
		return err
	}
	m.Attributes = slices.Clone(m.Attributes) // they grow apart from another list's
	if _, twice := s.byName[m.Name]; twice {
		return fmt.Errorf("metric %q is declared twice", m.Name)
	}
	combinations := [][]string{nil}
	for i, a := range m.Attributes {
		if a.Key == "" || len(a.Values) == 0 {
			return fmt.Errorf("metric %q has a label without a key or values", m.Name)
		}
		if slices.ContainsFunc(m.Attributes[:i], func(b Attribute) bool { return b.Key == a.Key }) {
			return fmt.Errorf("metric %q has the label %q twice", m.Name, a.Key)
		}
		var next [][]string
		for _, c := range combinations {
			for _, v := range a.Values {
				next = append(next, append(slices.Clone(c), v))
			}
		}
		if combinations = next; len(combinations) > MaxSeries {
			return fmt.Errorf("metric %q has more than %d series", m.Name, MaxSeries)
		}
	}
	at := len(s.Metrics)
	s.byName[m.Name] = at
	s.Metrics = append(s.Metrics, m)
	for _, values := range combinations {
		if _, err := s.add(at, values); err != nil {
			return err
		}
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

// Learn returns the number of a series and adds it where the schema is open:
// a metric with this kind, unit and label keys, and these label values. In a
// closed schema, or where the metric is known with another kind or other
// keys, it is false.
func (s *Schema) Learn(name string, kind Kind, unit string, keys, values []string) (series int, ok bool) {
	if !s.Open || name == "" || name == Erasure || len(keys) != len(values) || kind == RangeGauge && len(keys) != 1 {
		return 0, false
	}
	at, known := s.byName[name]
	if !known {
		m := Metric{Name: name, Kind: kind, Unit: unit}
		for _, key := range keys {
			m.Attributes = append(m.Attributes, Attribute{Key: key})
		}
		at = len(s.Metrics)
		s.byName[name] = at
		s.Metrics = append(s.Metrics, m)
	}
	m := &s.Metrics[at]
	if m.Kind != kind || len(m.Attributes) != len(keys) {
		return 0, false
	}
	for i, a := range m.Attributes {
		if a.Key != keys[i] {
			return 0, false
		}
	}
	if series, ok = s.bySeries[SeriesName(name, m.Attributes, values)]; ok {
		return series, true
	}
	series, err := s.add(at, slices.Clone(values))
	if err != nil {
		return 0, false
	}
	for i, v := range values {
		if a := &m.Attributes[i]; !slices.Contains(a.Values, v) {
			a.Values = append(a.Values, v)
		}
	}
	return series, true
}

// RangeStart is the number that the label of a range begins with: 501 for
// "501-2000". It orders ranges where no catalog does. A label without a
// number is 0.
func RangeStart(label string) int64 {
	var n int64
	for i := 0; i < len(label) && label[i] >= '0' && label[i] <= '9' && n < 1<<58; i++ {
		n = n*10 + int64(label[i]-'0')
	}
	return n
}

// Extend adds what another list has and this one does not, at the end, so
// that the numbers of the series stay. A metric that the two lists describe
// differently is an error.
func (s *Schema) Extend(by *Schema) error {
	for _, m := range by.Metrics {
		at, known := s.byName[m.Name]
		if !known {
			if err := s.declare(m); err != nil {
				return err
			}
			continue
		}
		mine := &s.Metrics[at]
		if mine.Kind != m.Kind || len(mine.Attributes) != len(m.Attributes) {
			return fmt.Errorf("metric %q is a %s with %d labels in the archive, and a %s with %d in the catalog",
				m.Name, mine.Kind, len(mine.Attributes), m.Kind, len(m.Attributes))
		}
		for i, a := range m.Attributes {
			if mine.Attributes[i].Key != a.Key {
				return fmt.Errorf("metric %q has the label %q in the archive, and %q in the catalog", m.Name, mine.Attributes[i].Key, a.Key)
			}
		}
		mine.Unit, mine.Description = m.Unit, m.Description
	}
	for _, series := range by.Series {
		if _, known := s.bySeries[series.Name]; known {
			continue
		}
		at := s.byName[by.Metrics[series.Metric].Name]
		if _, err := s.add(at, series.Values); err != nil {
			return err
		}
		for i, v := range series.Values {
			if a := &s.Metrics[at].Attributes[i]; !slices.Contains(a.Values, v) {
				a.Values = append(slices.Clone(a.Values), v)
			}
		}
	}
	return nil
}

// stored is the form of a schema in JSON.
type stored struct {
	Product string    `json:"product,omitempty"`
	Notice  int       `json:"notice,omitempty"`
	Max     int64     `json:"max"`
	Open    bool      `json:"open,omitempty"`
	Metrics []Metric  `json:"metrics"`
	Series  []ordered `json:"series"`
}

type ordered struct {
	Metric int      `json:"metric"`
	Values []string `json:"values,omitempty"`
}

// MarshalJSON writes the schema with the order of its series, which Parse
// does not need and UnmarshalJSON does.
func (s *Schema) MarshalJSON() ([]byte, error) {
	x := stored{s.Product, s.Notice, s.Max, s.Open, s.Metrics, []ordered{}}
	for _, series := range s.Series {
		x.Series = append(x.Series, ordered{series.Metric, series.Values})
	}
	return json.Marshal(x)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Schema) UnmarshalJSON(data []byte) error {
	var x stored
	if err := json.Unmarshal(data, &x); err != nil {
		return err
	}
	*s = *New()
	s.Product, s.Notice, s.Max, s.Open, s.Metrics = x.Product, x.Notice, x.Max, x.Open, x.Metrics
	for i, m := range s.Metrics {
		if _, twice := s.byName[m.Name]; twice {
			return fmt.Errorf("metric %q stands there twice", m.Name)
		}
		if err := m.check(); err != nil {
			return err
		}
		s.byName[m.Name] = i
	}
	for _, series := range x.Series {
		if series.Metric < 0 || series.Metric >= len(s.Metrics) || len(series.Values) != len(s.Metrics[series.Metric].Attributes) {
			return fmt.Errorf("a series of metric %d does not fit", series.Metric)
		}
		if _, err := s.add(series.Metric, series.Values); err != nil {
			return err
		}
	}
	return nil
}

// Clone returns a copy that can grow apart.
func (s *Schema) Clone() *Schema {
	c := New()
	data, err := s.MarshalJSON()
	if err == nil {
		err = c.UnmarshalJSON(data)
	}
	if err != nil {
		panic("schema: a schema that cannot be copied: " + err.Error()) // strings and numbers only
	}
	return c
}

// Equal is whether two schemas are the same list with the same numbers.
func (s *Schema) Equal(o *Schema) bool {
	a, err := s.MarshalJSON()
	b, failed := o.MarshalJSON()
	return err == nil && failed == nil && bytes.Equal(a, b)
}
