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

// Max is the largest number in a report. The client sends Max in place of a larger
// number. The Collector drops a point with a larger number, which is damaged or invented.
const Max int64 = 1_000_000_000_000

// Limits that the Collector's configuration sets for every report, beside Max.
const (
	collectorScope = "headcount" // the one name a scope can have
	collectorBody  = 8 << 10     // bytes of a request, unless the list needs more
)

//go:embed collector.yaml.tmpl
var collectorText string

var collectorTemplate = template.Must(template.New("collector").Funcs(template.FuncMap{"yaml": yamlQuote}).Parse(collectorText))

// CollectorConfig renders the configuration of an OpenTelemetry Collector
// that lets this list through and nothing else. It is complete. Only the
// addresses and the path of the file come from the environment. Its comments say
// what each step is for, and what happens to everything else.
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
		"Scope":    collectorScope, "Limit": Max, "Body": c.requestBody(), "MaxPoints": maxSeries,
	})
	return b.Bytes(), err
}

// collectorRule writes the conditions and statements for one statistic, in the
// Collector's language (OTTL).
type collectorRule struct{ Definition }

func (r collectorRule) is() string { return "metric.name == " + ottl(r.Name) }

// WrongKind is a condition. It is true for a metric that has the statistic's name, and
// another type or more points than any metric can have series. A newer version of the
// product may have more series than this list: only the points of the new ones are
// dropped then, by [collectorRule.WrongLabels].
func (r collectorRule) WrongKind() string {
	kind := "metric.type != METRIC_DATA_TYPE_GAUGE"
	if r.Kind == KindCounter {
		kind = "metric.type != METRIC_DATA_TYPE_SUM or metric.is_monotonic != true" +
			" or metric.aggregation_temporality != AGGREGATION_TEMPORALITY_CUMULATIVE"
	}
	return fmt.Sprintf("%s and (%s or Len(metric.data_points) > %d)", r.is(), kind, maxSeries)
}

// WrongLabels is a condition. It is true for a point with labels or values that are not
// declared. The number of labels is compared too, because a point can have the same
// label twice.
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

// SetUnit is a statement. It sets the declared unit, whichever unit was sent.
func (r collectorRule) SetUnit() string {
	return fmt.Sprintf("set(metric.unit, %s) where %s", ottl(r.Unit), r.is())
}

// SetLabels is a statement. It writes the labels anew, because a label on the wire can
// carry more than its key and value.
func (r collectorRule) SetLabels() string {
	var labels []string
	for _, a := range r.Attributes {
		labels = append(labels, ottl(a.Key)+": "+label(a.Key))
	}
	return fmt.Sprintf("set(datapoint.attributes, {%s}) where %s", strings.Join(labels, ", "), r.is())
}

// WrongResult is a condition. It is true if the unit is still wrong after the steps
// before, or if a series is there twice.
func (r collectorRule) WrongResult() string {
	return fmt.Sprintf("%s and (metric.unit != %s or Len(metric.data_points) > %d)", r.is(), ottl(r.Unit), len(r.Series))
}

// requestBody is the largest size of a request, in bytes. The largest report has names,
// labels, and 64 bytes of numbers for each series. A request may be half as large again.
// The limit is no larger than needed, because every point of a request becomes a line
// of several hundred bytes in the Collector's file.
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

// ottl quotes a word of the catalog for the Collector's language. The rules for names
// allow visible ASCII only, which Go quotes in the same way.
func ottl(word string) string { return strconv.Quote(word) }

// yamlQuote quotes an expression for YAML. It doubles each $, because the Collector
// expands variables afterwards, and $ begins a variable.
func yamlQuote(expression string) string {
	return "'" + strings.NewReplacer("'", "''", "$", "$$").Replace(expression) + "'"
}
