package catalog

import (
	"bytes"
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"headcount.example/internal/texts"
)

// What the Collector's configuration holds every report to.
const (
	collectorScope = "headcount"              // the one name a scope can have
	collectorLimit = int64(1_000_000_000_000) // the largest number; a larger one is damage, or was invented
	collectorBody  = 8 << 10                  // bytes of a request, unless the list needs more
)

//go:embed collector.yaml.tmpl
var collectorText string

var collectorTemplate = template.Must(template.New("collector").Funcs(template.FuncMap{"yaml": yamlQuote}).Parse(collectorText))

// CollectorConfig renders the configuration of an OpenTelemetry Collector
// that lets this list through and nothing else. It is complete; only the
// addresses and the path of the file are left to the environment. The
// comments in it say what each step is for and what happens to the rest.
func (c *Catalog) CollectorConfig() ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	var rules []collectorRule
	var names []string
	for _, d := range append(c.Metrics(), c.Erasure()) {
		rules = append(rules, collectorRule{d})
		names = append(names, "metric.name == "+ottl(d.Name))
	}
	var b bytes.Buffer
	l := texts.In("en")
	err := collectorTemplate.Execute(&b, map[string]any{
		"Product": c.product, "Notice": c.notice, "About": c.about, "Metrics": rules,
		"ReportDays": days(l, c.about.ReportDays), "FigureDays": days(l, c.about.FigureDays), "ErasureDays": days(l, c.about.ErasureDays),
		"Unlisted": "not (" + strings.Join(names, " or ") + ")",
		"Scope":    collectorScope, "Limit": collectorLimit, "Body": c.requestBody(), "MaxPoints": maxSeries,
	})
	return b.Bytes(), err
}

// collectorRule writes what the Collector has to ask and do about one
// statistic, in its language (OTTL).
type collectorRule struct{ Definition }

func (r collectorRule) is() string { return "metric.name == " + ottl(r.Name) }

// WrongKind is true for the statistic under its name but of another type, or
// with more points than any list can have series. A newer version of the
// product may have more series than this list: its new ones go alone.
func (r collectorRule) WrongKind() string {
	kind := "metric.type != METRIC_DATA_TYPE_GAUGE"
	if r.Kind == KindCounter {
		kind = "metric.type != METRIC_DATA_TYPE_SUM or metric.is_monotonic != true" +
			" or metric.aggregation_temporality != AGGREGATION_TEMPORALITY_CUMULATIVE"
	}
	return fmt.Sprintf("%s and (%s or Len(metric.data_points) > %d)", r.is(), kind, maxSeries)
}

// WrongLabels is true for a point with other labels than the declared ones,
// or with other values. The number of labels is compared too, because a label
// can come twice.
func (r collectorRule) WrongLabels() string {
	right := []string{fmt.Sprintf("Len(datapoint.attributes) == %d", len(r.Attributes))}
	for _, a := range r.Attributes {
		var values []string
		for _, v := range a.Values {
			values = append(values, label(a.Key)+" == "+ottl(v))
		}
		right = append(right, "("+strings.Join(values, " or ")+")")
	}
	return fmt.Sprintf("%s and not (%s)", r.is(), strings.Join(right, " and "))
}

// SetUnit gives the statistic its declared unit, whatever was sent.
func (r collectorRule) SetUnit() string {
	return fmt.Sprintf("set(metric.unit, %s) where %s", ottl(r.Unit), r.is())
}

// SetLabels writes the labels anew: a label carries more than its key and
// value on the wire.
func (r collectorRule) SetLabels() string {
	var labels []string
	for _, a := range r.Attributes {
		labels = append(labels, ottl(a.Key)+": "+label(a.Key))
	}
	return fmt.Sprintf("set(datapoint.attributes, {%s}) where %s", strings.Join(labels, ", "), r.is())
}

// WrongResult is true when the steps before left a wrong unit or a series
// twice.
func (r collectorRule) WrongResult() string {
	return fmt.Sprintf("%s and (metric.unit != %s or Len(metric.data_points) > %d)", r.is(), ottl(r.Unit), len(r.Series))
}

// requestBody is how large a request may be: the largest report, with names,
// labels and 64 bytes of numbers a series, and half as much again. Every point
// of a request becomes a line of several hundred bytes in the Collector's file,
// so the limit is no larger than needed.
func (c *Catalog) requestBody() int {
	size := 1024
	for _, d := range c.metrics {
		size += len(d.name) + len(d.unit) + 64
		for _, s := range d.series {
			size += 64
			for i, value := range s.Values {
				size += len(d.attributes[i].Key) + len(value) + 16
			}
		}
	}
	body := collectorBody
	for body < size+size/2 {
		body *= 2
	}
	return body
}

func label(key string) string { return "datapoint.attributes[" + ottl(key) + "]" }

// ottl quotes a word of the catalog for the Collector's language. The rules
// for names leave visible ASCII only, for which Go's quoting is the same.
func ottl(word string) string { return strconv.Quote(word) }

// yamlQuote quotes an expression for YAML and for the expansion that the
// Collector does afterwards, in which $ begins a variable.
func yamlQuote(expression string) string {
	return "'" + strings.NewReplacer("'", "''", "$", "$$").Replace(expression) + "'"
}
