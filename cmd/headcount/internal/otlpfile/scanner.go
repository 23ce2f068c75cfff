package otlpfile

import (
	"bytes"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// A scanner reads reports that are written exactly as the Collector writes
// them. It compares with the texts of a plan, in the order in which they are
// likely, and parses little. Of what it does not know it says so, and judges
// nothing.
type scanner struct {
	schema *schema.Schema
	plan   plan
	absent []int64
	report schema.Report
	stamp  []byte // the last time that was read, and beforeValue
	time   uint64 // the same time
}

func newScanner(s *schema.Schema) *scanner {
	c := &scanner{schema: s}
	c.grow()
	return c
}

// grow follows a schema that has learnt.
func (s *scanner) grow() {
	if len(s.plan.metrics) == len(s.schema.Metrics) && len(s.absent) == len(s.schema.Series) {
		return
	}
	s.plan = newPlan(s.schema)
	s.absent = make([]int64, len(s.schema.Series))
	for i := range s.absent {
		s.absent[i] = schema.Absent
	}
	s.report.Values = make([]int64, len(s.absent))
}

// A cursor is a place in the input.
type cursor struct {
	b  []byte
	at int
}

// eat goes past a text, or returns false.
func (c *cursor) eat(text string) bool {
	if len(c.b)-c.at < len(text) || string(c.b[c.at:c.at+len(text)]) != text {
		return false
	}
	c.at += len(text)
	return true
}

// more goes past a comma.
func (c *cursor) more() bool {
	if c.at == len(c.b) || c.b[c.at] != ',' {
		return false
	}
	c.at++
	return true
}

// value returns what is before the next quote.
func (c *cursor) value() (text []byte, ok bool) {
	rest := c.b[c.at:min(len(c.b), c.at+256)]
	i := bytes.IndexByte(rest, '"')
	if i < 0 {
		return nil, false
	}
	c.at += i
	return rest[:i], true
}

// scan reads the report at the beginning into s.report, and returns where it
// ends. It is false for everything that it is not sure of.
func (s *scanner) scan(b []byte) (end int, ok bool) {
	c := cursor{b: b}
	if !c.eat(beforeGUID) || len(b)-c.at < guidLength || !parseGUID(b[c.at:c.at+guidLength], &s.report.GUID) {
		return 0, false
	}
	c.at += guidLength
	if !c.eat(beforeMetrics) {
		return 0, false
	}
	copy(s.report.Values, s.absent)
	var newest uint64
	for next := 0; ; {
		at, ok := s.metric(&c, next)
		if !ok || !s.points(&c, &s.plan.metrics[at], &newest) {
			return 0, false
		}
		if next = at + 1; !c.more() {
			break
		}
	}
	s.report.Day = dayOf(newest)
	ok = c.eat(afterMetrics) && s.report.Day != day.None
	return c.at, ok
}

// metric goes to the first point of a metric.
func (s *scanner) metric(c *cursor, next int) (at int, ok bool) {
	metrics := s.plan.metrics
	if next < len(metrics) && metrics[next].head != "" && c.eat(metrics[next].head) {
		return next, true
	}
	look := *c
	if !look.eat(beforeName) {
		return 0, false
	}
	name, ok := look.value()
	if !ok {
		return 0, false
	}
	at, ok = s.schema.Metric(name)
	return at, ok && metrics[at].head != "" && c.eat(metrics[at].head)
}

// points reads the points of a metric, to its end.
func (s *scanner) points(c *cursor, m *metricPlan, newest *uint64) bool {
	for next := 0; ; {
		at, ok := s.series(c, m, next)
		if !ok || !s.stamped(c) {
			return false
		}
		*newest = max(*newest, s.time)
		v, ok := s.count(c)
		if !ok {
			return false
		}
		if value := &s.report.Values[m.series[at].number]; m.gauge || v > *value {
			*value = v
		}
		if next = at + 1; !c.more() {
			return c.eat(m.tail)
		}
	}
}

// ahead is how many series are tried before one is looked up by its labels.
const ahead = 4

// series goes to the time of a point.
func (s *scanner) series(c *cursor, m *metricPlan, next int) (at int, ok bool) {
	for at = next; at < min(next+ahead, len(m.series)); at++ {
		if head := m.series[at].head; head != "" && c.eat(head) {
			return at, true
		}
	}
	look := *c
	var buffer [8][]byte
	labels := buffer[:0]
	if len(m.keys) > len(buffer) || len(m.keys) > 0 && !look.eat(beforeLabels) {
		return 0, false
	}
	for i, key := range m.keys {
		if i > 0 && !look.more() || !look.eat(key) {
			return 0, false
		}
		label, ok := look.value()
		if !ok || !look.eat(afterLabel) {
			return 0, false
		}
		labels = append(labels, label)
	}
	return s.find(c, m, labels)
}

func (s *scanner) find(c *cursor, m *metricPlan, labels [][]byte) (at int, ok bool) {
	number, ok := s.schema.Find(m.name, labels...)
	if !ok {
		return 0, false
	}
	at = s.plan.local[number]
	return at, m.series[at].head != "" && c.eat(m.series[at].head)
}

// stamped reads a time and goes to the value of the point.
func (s *scanner) stamped(c *cursor) bool {
	if len(s.stamp) > 0 && bytes.HasPrefix(c.b[c.at:], s.stamp) {
		c.at += len(s.stamp)
		return true
	}
	const digits = 19 // from 2001 to 2286
	if len(c.b)-c.at < digits {
		return false
	}
	var t uint64
	for _, d := range c.b[c.at : c.at+digits] {
		if d < '0' || d > '9' {
			return false
		}
		t = t*10 + uint64(d-'0')
	}
	text := c.b[c.at : c.at+digits]
	if c.at += digits; !c.eat(beforeValue) {
		return false
	}
	s.time, s.stamp = t, append(append(s.stamp[:0], text...), beforeValue...)
	return true
}

// count reads a value and goes past the point.
func (s *scanner) count(c *cursor) (v int64, ok bool) {
	from := c.at
	for c.at < len(c.b) && c.b[c.at]-'0' < 10 {
		v = v*10 + int64(c.b[c.at]-'0')
		c.at++
	}
	n := c.at - from
	return v, n > 0 && n <= 18 && v <= s.schema.Max && c.eat(afterValue)
}
