package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// stored is the form of a schema in JSON.
type stored struct {
	Product string    `json:"product,omitempty"`
	Notice  int       `json:"notice,omitempty"`
	Max     int64     `json:"max"`
	About   About     `json:"about,omitzero"`
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
	x := stored{s.Product, s.Notice, s.Max, s.About, s.Open, s.Metrics, []ordered{}}
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
	s.Product, s.Notice, s.Max, s.About, s.Open, s.Metrics = x.Product, x.Notice, x.Max, x.About, x.Open, x.Metrics
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
