package catalog

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"headcount.example/bucketing"
)

// A Kind is what a statistic measures and how it is sent.
type Kind uint8

const (
	KindCounter    Kind = iota + 1 // a monotonic sum: a total that only grows
	KindRangeGauge                 // a gauge by range: how many things have that size now
)

// An Attribute is a label and all the values it can take.
type Attribute struct {
	Key    string
	Values []string
}

// OneOf declares a label and the closed list of its values. People see the values in
// this order.
func OneOf(key string, values ...string) Attribute {
	return Attribute{Key: key, Values: slices.Clone(values)}
}

// A Metric is a statistic that a catalog can have: a [Counter] or a [RangeGauge].
type Metric interface {
	metric()
}

// definition is what a Counter or RangeGauge points to. It is immutable. It holds no
// count: the client of package telemetry does.
type definition struct {
	kind       Kind
	name, unit string
	text       Text
	attributes []Attribute
	ranges     bucketing.Ranges
	series     []Series // nil when there would be more than maxSeries
	bare       Counter  // while labels are missing
	undeclared Counter  // what With returns for values that are not declared
}

// A Counter is a statistic that only grows, or one of its labelled series.
// It is a small comparable value without state. Make one with [NewCounter].
// The zero Counter is not in any catalog and counts nothing.
type Counter struct{ of *counted }

// counted is what a Counter points to. A Counter is a single pointer because that
// saves a third of the time of telemetry's Add.
type counted struct {
	def    *definition
	series int          // position in def.series; none while labels are missing
	index  atomic.Int32 // see Counter.Index
}

const none = -1

// NewCounter declares a counter: its name, its unit, what people read about it, and its
// labels. Name and unit follow OpenTelemetry's rules, as in "shop.user.created" and
// "{user}". The error of the catalog that has the counter names its faults.
func NewCounter(name, unit string, text Text, attributes ...Attribute) Counter {
	def := &definition{kind: KindCounter, name: name, unit: unit, text: text}
	for _, a := range attributes {
		def.attributes = append(def.attributes, OneOf(a.Key, a.Values...))
	}
	def.bare = Counter{&counted{def: def, series: none}}
	def.undeclared = Counter{&counted{def: def, series: none}}
	def.bare.of.index.Store(none)
	def.undeclared.of.index.Store(none)
	def.expand()
	if len(attributes) == 0 {
		return def.series[0].Counter
	}
	return def.bare
}

// With returns the series of these label values, which are in the order in which the
// labels were declared. If a value is not declared, or the number of values is wrong,
// it returns a counter that counts nothing: an undeclared word is never sent. With
// allocates nothing.
func (c Counter) With(values ...string) Counter {
	if c.of == nil {
		return c
	}
	def := c.of.def
	if len(values) != len(def.attributes) || def.series == nil {
		return def.undeclared
	}
	at := 0
	for i, value := range values {
		declared := def.attributes[i].Values
		found := slices.Index(declared, value)
		if found < 0 {
			return def.undeclared
		}
		at = at*len(declared) + found
	}
	return def.series[at].Counter
}

// whole is the counter that [NewCounter] returned.
func (d *definition) whole() Counter {
	if len(d.attributes) == 0 && len(d.series) == 1 {
		return d.series[0].Counter
	}
	return d.bare
}

// Index returns the position of c among the counter series of its catalog, or -1 if c
// is in no catalog. If c is in several catalogs, the one that was made last counts. So
// the position is a hint that makes a look-up fast: compare the counter found there with c.
func (c Counter) Index() int {
	if c.of == nil {
		return none
	}
	return int(c.of.index.Load())
}

// Err returns nil for a counter with the labels that it needs. Otherwise the error names
// the labels and values that are declared. It does not name the values that were given,
// because a user may have typed them.
func (c Counter) Err() error {
	switch {
	case c.of == nil:
		return errors.New("the zero Counter is in no catalog: make one with catalog.NewCounter")
	case c.of.series == none:
		return labelError{c}
	}
	return nil
}

// A labelError is about a counter without a series.
type labelError struct{ Counter }

func (e labelError) Error() string {
	def := e.of.def
	if len(def.attributes) == 0 {
		return def.name + " has no labels: do not call With"
	}
	var labels []string
	for _, a := range def.attributes {
		labels = append(labels, a.Key+" is one of "+strings.Join(a.Values, ", "))
	}
	return def.name + " needs With and its labels: " + strings.Join(labels, "; ")
}

// String returns the name and labels of the series, as in
// shop.service.created{shop.service.type=SEARCH}. It is the same in every
// version of a catalog that declares the series.
func (c Counter) String() string {
	switch {
	case c.of == nil:
		return "undeclared counter"
	case c.of.series == none:
		return c.of.def.name + "{undeclared labels}"
	}
	return c.of.def.seriesName(c.of.def.series[c.of.series].Values)
}

func (Counter) metric() {}

// A RangeGauge says how many things there are in each range now, such as collections
// by their number of faces. The exact sizes stay in the application. The zero
// RangeGauge is not in any catalog.
type RangeGauge struct{ def *definition }

// NewRangeGauge declares a range gauge: the name and unit of the things that are counted,
// what people read about them, the label that carries the range, and the ranges. The
// error of the catalog that has the range gauge names its faults.
func NewRangeGauge(name, unit string, text Text, attribute string, ranges bucketing.Ranges) RangeGauge {
	def := &definition{kind: KindRangeGauge, name: name, unit: unit, text: text,
		attributes: []Attribute{OneOf(attribute, ranges.Labels()...)}, ranges: ranges}
	def.expand()
	return RangeGauge{def}
}

// String returns the name of the statistic.
func (s RangeGauge) String() string {
	if s.def == nil {
		return "undeclared range gauge"
	}
	return s.def.name
}

func (RangeGauge) metric() {}

// maxSeries bounds the labelled series of one metric, and so the size of a
// report. Declaring more is a fault.
const maxSeries = 64

// expand makes a series for every combination of label values. The last label changes
// fastest. Where there would be more than maxSeries it makes none, so that a careless
// declaration takes no memory. The catalog reports that as a fault.
func (d *definition) expand() {
	combinations := [][]string{nil}
	for _, a := range d.attributes {
		if len(combinations)*len(a.Values) > maxSeries {
			return
		}
		next := make([][]string, 0, len(combinations)*len(a.Values))
		for _, c := range combinations {
			for _, v := range a.Values {
				next = append(next, append(slices.Clone(c), v))
			}
		}
		combinations = next
	}
	d.series = make([]Series, len(combinations))
	all := make([]counted, len(combinations))
	for i, values := range combinations {
		d.series[i] = Series{Values: values}
		if d.kind == KindCounter {
			all[i].def, all[i].series = d, i
			all[i].index.Store(none)
			d.series[i].Counter = Counter{&all[i]}
		}
	}
}

func (d *definition) seriesName(values []string) string {
	if len(values) == 0 {
		return d.name
	}
	var labels []string
	for i, v := range values {
		labels = append(labels, d.attributes[i].Key+"="+v)
	}
	return d.name + "{" + strings.Join(labels, ",") + "}"
}
