package audit

import (
	"strconv"
	"time"

	"headcount.example/cmd/headcount/internal/schema"
)

func (j *judge) metric(guid string, n *node) {
	var name, unit, kind string
	var data *node
	of := func(k string) func(*node) { return func(v *node) { kind, data = k, v } }
	j.object(n, UnknownField, fields{
		"name": func(v *node) { name = v.text }, "unit": func(v *node) { unit = v.text },
		"description": j.never(Description), "metadata": j.never(Metadata),
		"sum": of(string(schema.Counter)), "gauge": of(string(schema.RangeGauge)),
		"histogram": of("histogram"), "exponentialHistogram": of("exponential histogram"), "summary": of("summary"),
	})
	r := j.list.rules[name]
	if r == nil {
		j.deviates(MetricName, n, strconv.Quote(name))
		return
	}
	if unit != r.unit {
		j.deviates(Unit, n, strconv.Quote(unit)+" and not "+strconv.Quote(r.unit))
	}
	want := string(schema.Counter)
	if r.gauge {
		want = string(schema.RangeGauge)
	}
	if kind != want {
		j.deviates(Kind, n, name+" is a "+strconv.Quote(kind)+" and not a "+want)
		return
	}
	monotonic, temporality := "", ""
	j.object(data, UnknownField, fields{
		"dataPoints":             func(v *node) { j.each(v, func(v *node) { j.point(guid, name, r, v) }) },
		"isMonotonic":            func(v *node) { monotonic = string(v.kind) },
		"aggregationTemporality": func(v *node) { temporality = v.text },
	})
	if !r.gauge && (monotonic != "t" || temporality != "2") {
		j.deviates(Temporality, n, name+" is not a monotonic, cumulative sum")
	}
}

func (j *judge) point(guid, metric string, r *rule, n *node) {
	labels := map[string]string{}
	value, at := "", ""
	j.object(n, UnknownField, fields{
		"attributes":        func(v *node) { labels = j.attributes(v, Label) },
		"asInt":             func(v *node) { value = v.text },
		"asDouble":          func(v *node) { j.deviates(Value, v, "a double in "+metric) },
		"timeUnixNano":      func(v *node) { at = v.text },
		"startTimeUnixNano": j.never(StartTime), "flags": j.never(Flags), "exemplars": j.never(Exemplar),
	})
	series := Series(metric, labels)
	if !r.series[series] {
		j.deviates(Label, n, series)
		return
	}
	if !j.isDay(at) {
		j.deviates(Time, n, strconv.Quote(at)+" is not the beginning of this day in UTC")
	}
	v, err := strconv.ParseInt(value, 10, 64)
	if err != nil || v < 0 || v > j.list.max {
		j.deviates(Value, n, strconv.Quote(value)+" in "+metric)
		return
	}
	if key := (Row{GUID: guid, Series: series}); j.seen[key] {
		j.deviates(Twice, n, series+" comes twice in one report")
	} else {
		j.seen[key] = true
	}
	j.rows = append(j.rows, Row{guid, series, v})
}

// isDay reports whether a time is the beginning of today, of yesterday or of
// tomorrow: midnight may pass during an audit.
func (j *judge) isDay(nanos string) bool {
	for days := -1; days <= 1; days++ {
		if nanos == strconv.FormatInt(j.today.Add(time.Duration(days)*24*time.Hour).UnixNano(), 10) {
			return true
		}
	}
	return false
}
