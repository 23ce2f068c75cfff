package catalog

import (
	"errors"
	"slices"
	"strings"

	"headcount.example/bucketing"
)

// A Catalog is the closed list of one product's statistics and the number of
// the notice that tells people about them. It is immutable and safe for
// concurrent use. Make one with [New]; a nil or zero Catalog has an error and
// no statistics.
type Catalog struct {
	product string
	notice  int
	about   About
	metrics []*definition
	series  []string // of counters, given as metrics: a fault
	err     error

	translations *translations // nil without WithTexts
}

// New makes the catalog of a product. The product's name is shown to people. The
// environment variable with which administrators decide is named after it: see
// [Catalog.Variable]. The notice is the number of the text that people agree to. It
// begins at 1. It must rise whenever what is sent, or what people are told, changes.
// Then everybody is asked again. About says who asks and why.
//
// A metric is the result of [NewCounter] or [NewRangeGauge], not of [Counter.With].
// A catalog has at most 256 series, a metric at most 64, and a label's value at
// most 64 bytes, so that a report stays small.
//
// New does not panic, so that a catalog can be a package variable. [Catalog.Err]
// and the error of telemetry.Init name every fault of the list.
func New(product string, notice int, about About, metrics ...Metric) *Catalog {
	c := &Catalog{product: product, notice: notice, about: about}
	for _, m := range metrics {
		// By type and not by m.metric(): a nil pointer to a Counter has the
		// method too, and calling it would panic.
		var def *definition
		switch m := m.(type) {
		case Counter:
			switch {
			case m.of == nil:
			case m != m.of.def.whole():
				c.series = append(c.series, m.String())
				continue
			default:
				def = m.of.def
			}
		case RangeGauge:
			def = m.def
		}
		c.metrics = append(c.metrics, def)
	}
	c.err = c.check()
	if c.err == nil {
		c.number()
	}
	return c
}

// number gives each series of a counter its position: see [Counter.Index].
func (c *Catalog) number() {
	next := int32(0)
	for _, d := range c.metrics {
		for _, s := range d.series {
			if s.Counter.of != nil {
				s.Counter.of.index.Store(next)
				next++
			}
		}
	}
}

// Err returns an error that says everything that is wrong with the catalog, or nil
// if it is sound.
func (c *Catalog) Err() error {
	// A Catalog that New made without metrics has an error, so no error means the zero Catalog.
	if c == nil || c.err == nil && len(c.metrics) == 0 {
		return errors.New("catalog: no catalog: make one with catalog.New")
	}
	return c.err
}

// Product is the product's name as people know it. It is empty for a nil catalog.
func (c *Catalog) Product() string {
	if c == nil {
		return ""
	}
	return c.product
}

// NoticeNumber is the number of the notice that people agree to. A nil catalog
// returns 0, which is the number of no notice.
func (c *Catalog) NoticeNumber() int {
	if c == nil {
		return 0
	}
	return c.notice
}

// About says who asks for the statistics, why, and for how long they are kept. It is
// empty for a nil catalog.
func (c *Catalog) About() About {
	if c == nil {
		return About{}
	}
	return c.about
}

// Variable is the environment variable by which an administrator decides for
// this product: COMPREFACE_TELEMETRY for CompreFace. It is empty when the
// catalog has an error.
func (c *Catalog) Variable() string {
	if c.Err() != nil {
		return ""
	}
	return prefix(c.product) + "_TELEMETRY"
}

// A Definition is one statistic of a catalog, as plain data.
type Definition struct {
	Kind       Kind
	Name, Unit string
	Text
	Attributes []Attribute      // a range gauge has one: the range
	Ranges     bucketing.Ranges // of a range gauge only
	RangeGauge RangeGauge       // the range gauge itself; of a range gauge only
	Series     []Series
}

// A Series is one combination of label values.
type Series struct {
	Values  []string // one for each attribute, in their order
	Counter Counter  // for counters only
}

// Metrics lists the statistics in the order in which they were declared. The
// result is the caller's own; it is empty when the catalog has an error, so
// that nothing of a faulty list is ever counted or sent.
func (c *Catalog) Metrics() []Definition {
	if c.Err() != nil {
		return nil
	}
	list := make([]Definition, len(c.metrics))
	for i, d := range c.metrics {
		list[i] = d.data()
	}
	return list
}

// Erasure is the one statistic that every catalog has besides the declared ones. It
// asks the receiver to erase what it has from one installation. It is a gauge with a
// single point of value 1. It is sent alone, and only if a person asked for it. The
// Collector lets it through.
func (c *Catalog) Erasure() Definition {
	def := definition{kind: KindRangeGauge, name: "headcount.erasure.requested", unit: "{request}",
		text: Text{Title: "Request to erase", Description: "This installation asks to erase what it sent.",
			Question: "Which installations ask to erase what they sent?"}}
	def.expand()
	return def.data()
}

// data copies a definition, so that no caller can change the list.
func (d *definition) data() Definition {
	data := Definition{Kind: d.kind, Name: d.name, Unit: d.unit, Text: d.text, Ranges: d.ranges}
	if d.kind == KindRangeGauge {
		data.RangeGauge = RangeGauge{d}
	}
	for _, a := range d.attributes {
		data.Attributes = append(data.Attributes, OneOf(a.Key, a.Values...))
	}
	for _, s := range d.series {
		data.Series = append(data.Series, Series{Values: slices.Clone(s.Values), Counter: s.Counter})
	}
	return data
}

// prefix turns a product name into the beginning of an environment variable.
// It is called only for names that match productRule.
func prefix(product string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_", ".", "_").Replace(product))
}
