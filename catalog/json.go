package catalog

import "encoding/json"

// JSON renders the list for other programs. The command headcount reads it. It has the
// product, the notice number, the largest value that a point may have, and who asks and
// why. It has each metric with its kind ("counter" or "range_gauge"), unit, texts and
// labels, in the order of the catalog. The same catalog gives the same bytes. The error
// is that of [Catalog.Err].
func (c *Catalog) JSON() ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	type attribute struct {
		Key    string   `json:"key"`
		Values []string `json:"values"`
	}
	type metric struct {
		Name        string      `json:"name"`
		Kind        string      `json:"kind"`
		Unit        string      `json:"unit"`
		Title       string      `json:"title"`
		Description string      `json:"description"`
		Question    string      `json:"question"`
		Range       string      `json:"range,omitempty"`
		Attributes  []attribute `json:"attributes,omitempty"`
	}
	type about struct {
		Recipient   string `json:"recipient"`
		Purpose     string `json:"purpose"`
		ReportDays  int    `json:"report_days"`
		FigureDays  int    `json:"figure_days"`
		ErasureDays int    `json:"erasure_days"`
		Contact     string `json:"contact"`
		Policy      string `json:"policy"`
		Results     string `json:"results,omitempty"`
		Others      string `json:"others,omitempty"`
	}
	list := struct {
		Product string   `json:"product"`
		Notice  int      `json:"notice"`
		Max     int64    `json:"max"`
		About   about    `json:"about"`
		Metrics []metric `json:"metrics"`
	}{Product: c.product, Notice: c.notice, Max: Max, About: about(c.about)}
	for _, d := range c.metrics {
		m := metric{Name: d.name, Kind: "counter", Unit: d.unit,
			Title: d.text.Title, Description: d.text.Description, Question: d.text.Question, Range: d.text.Range}
		if d.kind == KindRangeGauge {
			m.Kind = "range_gauge"
		}
		for _, a := range d.attributes {
			m.Attributes = append(m.Attributes, attribute(a))
		}
		list.Metrics = append(list.Metrics, m)
	}
	b, err := json.MarshalIndent(list, "", "  ")
	return append(b, '\n'), err
}
