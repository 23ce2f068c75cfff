package oracle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The form of a report. Another field is not as the catalog says.
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
	}
	attribute struct {
		Key   string `json:"key"`
		Value struct {
			StringValue *string `json:"stringValue"`
		} `json:"value"`
	}
)

// report is one accepted report. values has the key of every series in it.
type report struct {
	day    int
	values map[string]int64
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

func (in *input) readPiece(piece string) {
	if !strings.HasPrefix(piece, marker) || !json.Valid([]byte(piece)) {
		in.torn++
		return
	}
	var r request
	d := json.NewDecoder(bytes.NewReader([]byte(piece)))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil || len(r.ResourceMetrics) == 0 {
		in.refused++
		return
	}
	for _, one := range r.ResourceMetrics { // each resource is a report of its own
		in.readReport(one)
	}
}

var guidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func (in *input) readReport(one resourceMetrics) {
	if len(one.Resource.Attributes) != 1 || one.Resource.Attributes[0].Key != "install_guid" {
		in.refused++
		return
	}
	guid := one.Resource.Attributes[0].Value.StringValue
	if guid == nil || !guidForm.MatchString(*guid) {
		in.refused++
		return
	}
	r := report{values: map[string]int64{}, names: map[string]bool{}}
	erase := false
	for _, scope := range one.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name == "headcount.erasure.requested" {
				erase = erase || m.Gauge != nil && len(m.Gauge.DataPoints) > 0
				continue
			}
			if !in.readMetric(&r, m) {
				in.refused++
				return
			}
		}
	}
	if erase {
		in.erased[*guid] = true // whatever its day
		return
	}
	if len(r.values) == 0 || r.day < firstDay || r.day > lastDay {
		in.refused++
		return
	}
	in.reports[*guid] = append(in.reports[*guid], r)
}

// readMetric is false where the metric is not as the catalog says.
func (in *input) readMetric(r *report, m sent) bool {
	declared, known := in.list.find(m.Name)
	if !known || r.names[m.Name] {
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
	r.names[m.Name] = len(points) > 0
	for _, p := range points {
		if !in.readPoint(r, declared, p) {
			return false
		}
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
	series := key(declared.Name, labels)
	if _, twice := r.values[series]; twice || !slices.Contains(declared.keys, series) {
		return false
	}
	value, ok := integer(p.AsInt)
	if !ok || value < 0 || value > in.list.Max {
		return false
	}
	nanos, ok := integer(p.TimeUnixNano)
	if !ok && len(p.TimeUnixNano) > 0 {
		return false
	}
	day := int(nanos / 1_000_000_000 / 86400)
	if len(r.values) > 0 && day != r.day {
		return false
	}
	r.day = day
	r.values[series] = value
	return true
}

// integer reads "7" and 7.
func integer(raw json.RawMessage) (int64, bool) {
	n, err := strconv.ParseInt(strings.Trim(string(raw), `"`), 10, 64)
	return n, err == nil
}
