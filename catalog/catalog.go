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
	series  []string // given as metrics
	err     error

	translations *translations // nil without WithTexts
}

// New makes the catalog of a product. The product's name is shown to people
// and gives the environment variable that administrators decide with
// ([Catalog.Variable]). The notice is the number of the text that people agree
// to, from 1; it must rise whenever what is sent or what is told changes, and
// then everybody is asked again. About says who asks and why.
//
// A metric is given whole: the result of NewCounter and not of [Counter.With].
// A catalog has at most 256 series, a metric at most 64, and a label's value at
// most 64 bytes, so that a report stays small.
//
// New does not panic, so that a catalog can be a package variable. Every
// fault of the list is in [Catalog.Err], and in the error of telemetry.Init.
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

// number tells each series of the counters where it is, see [Counter.Index].
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

// Err says everything that is wrong with the catalog; nil when it is sound.
func (c *Catalog) Err() error {
	// A Catalog that New made without metrics has an error, so no error means the zero Catalog.
	if c == nil || c.err == nil && len(c.metrics) == 0 {
		return errors.New("catalog: no catalog: make one with catalog.New")
	}
	return c.err
}

// Product is the product's name as people know it; empty for a nil catalog.
func (c *Catalog) Product() string {
	if c == nil {
		return ""
	}
	return c.product
}

// NoticeNumber is the number of the notice that people agree to; 0, which no
// notice has, for a nil catalog.
func (c *Catalog) NoticeNumber() int {
	if c == nil {
		return 0
	}
	return c.notice
}

// About is who asks for the statistics, why and for how long; empty for a nil
// catalog.
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

// Erasure is the one statistic that every catalog has beside the declared
// ones: a gauge with a single point of 1 that asks the receiver to erase what
// it has of this installation. It is sent alone, and only when a person turned
// statistics off and asked for it; the Collector lets it through.
func (c *Catalog) Erasure() Definition {
	def := definition{kind: KindRangeGauge, name: "headcount.erasure.requested", unit: "{request}",
		text: Text{Title: "Request to erase", Description: "This installation asks to erase what it sent.",
			Question: "Which installations ask to erase what they sent?"}}
	def.expand()
	return def.data()
}

// data copies a definition, so that its receiver cannot change the list.
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
// It is only asked about names that checkProduct let through.
func prefix(product string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "_", "-", "_", ".", "_").Replace(product))
}
