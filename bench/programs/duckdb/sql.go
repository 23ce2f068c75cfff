package main

import (
	"fmt"
	"strings"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
)

// A column is a series of the catalog.
type column struct {
	name    string // as answers_compare.go names it
	metric  string
	value   string // of the label; empty without one
	counter bool
}

// series lists the series of CompreFace, none of which has more than one
// label.
func series() (list []column) {
	for _, m := range compreface.Catalog.Metrics() {
		counter := m.Kind == catalog.KindCounter
		if len(m.Attributes) == 0 {
			list = append(list, column{m.Name, m.Name, "", counter})
			continue
		}
		for _, v := range m.Attributes[0].Values {
			name := m.Name + "|" + v // a range
			if counter {
				name = fmt.Sprintf("%s{%s=%s}", m.Name, m.Attributes[0].Key, v)
			}
			list = append(list, column{name, m.Name, v, counter})
		}
	}
	return list
}

// What read_json is told about a line, so that it guesses nothing and skips
// the rest.
const (
	point   = `STRUCT("attributes" STRUCT("key" VARCHAR, "value" STRUCT("stringValue" VARCHAR))[], "timeUnixNano" UBIGINT, "asInt" BIGINT)`
	metric  = `STRUCT("name" VARCHAR, "sum" STRUCT("dataPoints" ` + point + `[]), "gauge" STRUCT("dataPoints" ` + point + `[]))`
	columns = `{resourceMetrics: 'STRUCT("resource" STRUCT("attributes" STRUCT("key" VARCHAR, "value" STRUCT("stringValue" VARCHAR))[]),` +
		` "scopeMetrics" STRUCT("metrics" ` + metric + `[])[])[]'}`
)

// convert is the statement that reads the files and writes Parquet: a row is
// a report, a column a series, sorted by installation and day.
func convert(list []column, out string, files []string) string {
	quoted := make([]string, len(files))
	for i, f := range files {
		quoted[i] = quote(f)
	}
	var asked []string
	for _, c := range list {
		asked = append(asked, fmt.Sprintf("points[%s] AS %s", quote(c.metric+"|"+c.value), name(c.name)))
	}
	return `COPY (
WITH reports AS (
	SELECT r.resource.attributes[1].value.stringValue::UUID AS install_guid, r.scopeMetrics[1].metrics AS metrics
	FROM (SELECT unnest(resourceMetrics) AS r FROM read_json([` + strings.Join(quoted, ", ") + `],
		format = 'newline_delimited', ignore_errors = true, columns = ` + columns + `))),
wide AS (
	SELECT install_guid, coalesce(metrics[1].sum, metrics[1].gauge).dataPoints[1].timeUnixNano AS ns,
		map_from_entries(flatten(list_transform(metrics, m -> list_transform(coalesce(m.sum, m.gauge).dataPoints,
			p -> {k: m.name || '|' || coalesce(p.attributes[1].value.stringValue, ''), v: p.asInt})))) AS points
	FROM reports)
SELECT install_guid, make_timestamp_ns(ns::BIGINT)::DATE AS day, ` + strings.Join(asked, ", ") + `
FROM wide ORDER BY install_guid, day
) TO ` + quote(out) + ` (FORMAT parquet, COMPRESSION zstd)`
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
func name(text string) string  { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
