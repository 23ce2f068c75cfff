package catalog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The rules for names are OpenTelemetry's: the syntax of instrument names
// and units (specification, Metrics API, "Instrument name syntax" and
// "Instrument unit") and its naming guidance (semantic conventions, "Naming"):
// lower case, words joined by "_", name spaces by ".", no delimiter twice or
// at the end, nothing under "otel.". A unit may have those characters of UCUM that
// need no escape inside quotes. The rules for values and texts are our own: they allow
// only what cannot be misread in YAML, in the Collector's language, or in a table.
var (
	nameRule    = regexp.MustCompile(`^[a-z][a-z0-9]*([._][a-z0-9]+)*$`)
	unitRule    = regexp.MustCompile(`^([A-Za-z0-9_%*./^+-]+|[A-Za-z0-9_%*./^+-]*\{[A-Za-z0-9_%*./^+-]+\})$`)
	valueRule   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.+/-]*$`)
	productRule = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([ ._-][A-Za-z0-9]+)*$`)
	titleRule   = regexp.MustCompile(`^[A-Z0-9]`)
	textRule    = regexp.MustCompile("^[A-Z0-9][^|<>`\\[\\]\\\\$]*\\.$")
)

const (
	maxName    = 255 // OpenTelemetry's limit for instrument names
	maxUnit    = 63  // OpenTelemetry's limit for instrument units
	maxValue   = 64
	maxProduct = 64
	maxText    = 200
	maxTotal   = 256 // series in one catalog: a report stays small, and so does the request a Collector accepts
)

func (c *Catalog) check() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("catalog: "+format, args...))
	}
	checkProduct(c.product, fault)
	if c.notice < 1 {
		fault("notice number %d: notices are numbered from 1", c.notice)
	}
	c.about.check(fault)
	for _, name := range c.series {
		fault("%q is one series of a counter, or is not declared: give the counter itself, without With", name)
	}
	if len(c.metrics) == 0 {
		fault("product %.80q declares no statistics", c.product)
	}
	seen := map[string]bool{}
	total := 0
	for i, d := range c.metrics {
		if d == nil {
			fault("metric %d of %d was not made by NewCounter or NewRangeGauge", i+1, len(c.metrics))
			continue
		}
		if seen[strings.ToLower(d.name)] {
			fault("metric %q is declared twice", d.name)
		}
		seen[strings.ToLower(d.name)] = true
		d.check(fault)
		total += len(d.series)
	}
	if total > maxTotal {
		fault("%d series in all, more than %d: a report would be too large", total, maxTotal)
	}
	return errors.Join(faults...)
}

func checkProduct(product string, fault func(string, ...any)) {
	switch {
	case len(product) > maxProduct:
		fault("product name %.80q is longer than %d bytes", product, maxProduct)
	case !productRule.MatchString(product):
		fault("product name %.80q cannot become an environment variable: use ASCII letters and digits, beginning with a letter, "+
			"words joined by one space, dot, dash or underscore", product)
	case prefix(product) == "OTEL" || strings.HasPrefix(prefix(product), "OTEL_"):
		fault("product name %.80q would take OpenTelemetry's own variables: choose another", product)
	}
}

func (d *definition) check(fault func(string, ...any)) {
	checkName("metric name", d.name, fault)
	if len(d.unit) > maxUnit || !unitRule.MatchString(d.unit) {
		fault("metric %q: unit %q is not a unit: use 1 to %d ASCII letters, digits or _%%*./^+-, an annotation in braces, as in \"{user}\"",
			d.name, d.unit, maxUnit)
	}
	d.text.check(d.name, d.kind, fault)
	if d.kind == KindRangeGauge {
		if err := d.ranges.Err(); err != nil {
			fault("metric %q: %w", d.name, err)
		}
	}
	keys := map[string]bool{}
	for _, a := range d.attributes {
		checkName(fmt.Sprintf("metric %q: attribute", d.name), a.Key, fault)
		if a.Key == "install_guid" {
			fault("metric %q: attribute %q is the name of the identifier", d.name, a.Key)
		}
		if keys[a.Key] {
			fault("metric %q: attribute %q is declared twice", d.name, a.Key)
		}
		keys[a.Key] = true
		if len(a.Values) == 0 && d.kind == KindCounter { // of a range gauge, the fault is in the ranges
			fault("metric %q: attribute %q has no values", d.name, a.Key)
		}
		a.check(d.name, fault)
	}
	if d.series == nil {
		fault("metric %q has more than %d series: declare fewer values", d.name, maxSeries)
	}
}

func (a Attribute) check(metric string, fault func(string, ...any)) {
	seen := map[string]bool{}
	for _, v := range a.Values {
		if len(v) > maxValue || !valueRule.MatchString(v) {
			fault("metric %q: attribute %q: value %q is not 1 to %d ASCII letters, digits or _.+/- beginning with a letter or digit",
				metric, a.Key, v, maxValue)
		}
		if seen[v] {
			fault("metric %q: attribute %q: value %q is declared twice", metric, a.Key, v)
		}
		seen[v] = true
	}
}

func checkName(what, name string, fault func(string, ...any)) {
	switch {
	case len(name) > maxName:
		fault("%s %q is longer than %d bytes", what, name, maxName)
	case !nameRule.MatchString(name):
		fault("%s %q is not an OpenTelemetry name: use lower-case letters and digits, words joined by _ and name spaces by .", what, name)
	case name == "otel" || strings.HasPrefix(name, "otel."):
		fault("%s %q is in OpenTelemetry's own name space", what, name)
	case name == "headcount" || strings.HasPrefix(name, "headcount."):
		fault("%s %q is in Headcount's own name space", what, name)
	}
}

// printable reports whether a reader sees the text as it is. It is false for text with
// control or format characters, which can be invisible or change the order of the text,
// with spaces other than the ordinary one, or with broken UTF-8.
func printable(text string) bool {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	return utf8.ValidString(text) && !strings.ContainsFunc(text, hidden)
}
