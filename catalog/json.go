package catalog

import "encoding/json"

// JSON renders the list for other programs, as the command headcount reads
// it: product, notice number, the largest value that a point may have, who asks
// and why, and each metric with its kind ("counter" or "range_gauge"), unit,
// texts and labels. The order is the catalog's. It is the same bytes for the same
// catalog. The error is the catalog's own ([Catalog.Err]).
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
	}{Product: c.product, Notice: c.notice, Max: collectorLimit, About: about(c.about)}
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
