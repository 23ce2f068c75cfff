package schema

import (
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

// Parse reads what catalog.JSON renders.
func Parse(data []byte) (*Schema, error) {
	var list struct {
		Product string   `json:"product"`
		Notice  int      `json:"notice"`
		Max     int64    `json:"max"`
		About   About    `json:"about"`
		Metrics []Metric `json:"metrics"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("not a catalog in JSON, as catalog.JSON renders one: %w", err)
	}
	if list.Product == "" || len(list.Metrics) == 0 {
		return nil, errors.New(`not a catalog in JSON: "product" and "metrics" are needed`)
	}
	s := New()
	s.Product, s.Notice, s.About = list.Product, list.Notice, list.About
	if list.Max < 0 {
		return nil, fmt.Errorf(`"max" is %d; it is the largest value of a point, or 0 for %d`, list.Max, DefaultMax)
	}
	if a := list.About; min(a.ReportDays, a.FigureDays, a.ErasureDays) < 0 {
		return nil, errors.New(`"about" has a negative number of days`)
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
