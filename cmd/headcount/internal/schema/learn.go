package schema

import (
	"fmt"
	"slices"
)

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
		if len(s.Series) >= MaxSeries { // else a metric without a series would stay
			return 0, false
		}
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
		mine.Unit, mine.Title, mine.Description, mine.Question = m.Unit, m.Title, m.Description, m.Question
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
