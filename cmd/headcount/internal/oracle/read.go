package oracle

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// The form of a report. Other fields are ignored.
type (
	request struct {
		ResourceMetrics []resourceMetrics `json:"resourceMetrics"`
	}
	resourceMetrics struct {
		Resource struct {
			Attributes []attribute `json:"attributes"`
		} `json:"resource"`
		ScopeMetrics []struct {
			Scope struct {
				Name string `json:"name"`
			} `json:"scope"`
			Metrics []sent `json:"metrics"`
		} `json:"scopeMetrics"`
	}
	sent struct {
		Name string `json:"name"`
		Unit string `json:"unit"`
		Sum  *struct {
			DataPoints             []point         `json:"dataPoints"`
			AggregationTemporality json.RawMessage `json:"aggregationTemporality"`
			IsMonotonic            bool            `json:"isMonotonic"`
		} `json:"sum"`
		Gauge *struct {
			DataPoints []point `json:"dataPoints"`
		} `json:"gauge"`
	}
	point struct {
		Attributes   []attribute     `json:"attributes"`
		TimeUnixNano json.RawMessage `json:"timeUnixNano"`
		AsInt        json.RawMessage `json:"asInt"`
		Flags        int             `json:"flags"`
	}
	attribute struct {
		Key   string `json:"key"`
		Value struct {
			StringValue *string `json:"stringValue"`
		} `json:"value"`
	}
)

// absent is the value of a series that is not in a report.
const absent = -1

// report is one accepted report. It has a value for each series by number.
type report struct {
	day    int
	values []int64
	names  map[string]bool // metrics in it
}

// input is all that the files say.
type input struct {
	list    *list
	reports map[string][]report // by install_guid, in the order of the files
	erased  map[string]bool
	torn    int64
	refused int64
}

const marker = `{"resourceMetrics":`

func (in *input) readFile(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	text := strings.ReplaceAll(string(data), "\x00", "")
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ReplaceAll(text, marker, "\n"+marker)
	for _, piece := range strings.Split(text, "\n") {
		if piece = strings.TrimSpace(piece); piece != "" {
			in.readPiece(piece)
		}
	}
	return nil
}

// readPiece reads the reports of a piece. What is left is torn.
func (in *input) readPiece(piece string) {
	for piece != "" {
		var r request
		d := json.NewDecoder(strings.NewReader(piece))
		if err := d.Decode(&r); err != nil || len(r.ResourceMetrics) == 0 {
			in.torn++
			return
		}
		for _, one := range r.ResourceMetrics { // each resource is a report of its own
			in.readReport(one)
		}
		piece = strings.TrimSpace(piece[d.InputOffset():])
	}
}

var guidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (in *input) readReport(one resourceMetrics) {
	guid, others, ok := guidOf(one.Resource.Attributes)
	switch {
	case !ok:
		in.refused++
	case asksToErase(one): // on any day; the rest of it is not looked at
		in.erased[guid] = true
	case others:
		in.refused++
	default:
		r := report{names: map[string]bool{}}
		for range in.list.numbers {
			r.values = append(r.values, absent)
		}
		if !in.readMetrics(&r, one) || len(r.names) == 0 || r.day < firstDay || r.day > lastDay {
			in.refused++
			return
		}
		in.reports[guid] = append(in.reports[guid], r)
	}
}

// guidOf is the one install_guid of a resource, and whether there are other
// attributes.
func guidOf(attributes []attribute) (guid string, others, ok bool) {
	n := 0
	for _, a := range attributes {
		if a.Key != "install_guid" {
			others = true
			continue
		}
		n++
		if a.Value.StringValue != nil {
			guid = *a.Value.StringValue
		}
	}
	return guid, others, n == 1 && guidForm.MatchString(guid)
}

func asksToErase(one resourceMetrics) bool {
	for _, scope := range one.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == "headcount.erasure.requested" {
				return true
			}
		}
	}
	return false
}

func (in *input) readMetrics(r *report, one resourceMetrics) bool {
	for _, scope := range one.ScopeMetrics {
		for _, m := range scope.Metrics {
			if !in.readMetric(r, m) {
				return false
			}
		}
	}
	return true
}

// readMetric is false where the metric is not as the catalog says.
func (in *input) readMetric(r *report, m sent) bool {
	declared, known := in.list.find(m.Name)
	if !known {
		return false
	}
	var points []point
	switch {
	case declared.Kind == "counter" && m.Sum != nil && m.Gauge == nil:
		temporality := string(m.Sum.AggregationTemporality)
		if !m.Sum.IsMonotonic || temporality != "2" && temporality != `"AGGREGATION_TEMPORALITY_CUMULATIVE"` {
			return false
		}
		points = m.Sum.DataPoints
	case declared.Kind == "range_gauge" && m.Gauge != nil && m.Sum == nil:
		points = m.Gauge.DataPoints
	default:
		return false
	}
	for _, p := range points {
		if !in.readPoint(r, declared, p) {
			return false
		}
		r.names[m.Name] = true
	}
	return true
}

func (in *input) readPoint(r *report, declared metric, p point) bool {
	labels := map[string]string{}
	for _, a := range p.Attributes {
		if _, twice := labels[a.Key]; twice || a.Value.StringValue == nil {
			return false
		}
		labels[a.Key] = *a.Value.StringValue
	}
	series, listed := in.list.numbers[key(declared.Name, labels)]
	if !listed {
		return false
	}
	value, ok := integer(p.AsInt)
	if !ok || p.Flags != 0 || value < 0 || value > in.list.Max {
		return false
	}
	// A series that comes twice: of totals the larger, of sizes the later.
	if declared.Kind == "range_gauge" || value > r.values[series] {
		r.values[series] = value
	}
	nanos, _ := integer(p.TimeUnixNano)                // without one it is a day in 1970
	r.day = max(r.day, int(nanos/1_000_000_000/86400)) // the newest of its points
	return true
}

// integer reads "7" and 7.
func integer(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	return n, err == nil
}
