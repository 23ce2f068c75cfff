package audit

import (
	"bytes"
	"regexp"
	"strconv"
	"time"
)

// A Deviation is something in a written report that is not on the list.
type Deviation struct {
	Carrier Carrier
	What    string
	Bytes   []byte // of the report
}

// guidRule is a UUID of version 4 in lower case, and nothing around it.
var guidRule = regexp.MustCompile(`\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z`)

// scopeName is the only name of a scope: a constant, and so it tells nothing.
const scopeName = "headcount"

// A judge reads one report.
type judge struct {
	list       *List
	today      time.Time
	rows       []Row
	deviations []Deviation
	seen       map[Row]bool // value 0
}

// Judge returns the rows of one written report in OTLP's JSON, and everything
// in it that is not on the list. Now is when the report was written, give or
// take a day.
func (l *List) Judge(report []byte, now time.Time) ([]Row, []Deviation) {
	j := &judge{list: l, today: now.UTC().Truncate(24 * time.Hour), seen: map[Row]bool{}}
	n, err := parse(report)
	if err != nil {
		return nil, []Deviation{{Delivery, "not a whole report: " + err.Error(), report}}
	}
	j.object(n, UnknownField, fields{
		"resourceMetrics": func(v *node) { j.each(v, j.resourceMetrics) },
		"resourceLogs":    j.never(Signal), "resourceSpans": j.never(Signal), "resourceProfiles": j.never(Signal),
	})
	return j.rows, j.deviations
}

func (j *judge) deviates(c Carrier, n *node, what string) {
	j.deviations = append(j.deviations, Deviation{c, what, n.raw})
}

// fields says what to do with each key of an object.
type fields map[string]func(*node)

// object hands each member to its field. A key that is unknown, or that comes
// twice, deviates.
func (j *judge) object(n *node, unknown Carrier, known fields) {
	if n.kind != '{' {
		j.deviates(unknown, n, "not an object")
		return
	}
	seen := map[string]bool{}
	for _, m := range n.members {
		read, ok := known[m.key]
		switch {
		case seen[m.key]:
			j.deviates(unknown, m.value, strconv.Quote(m.key)+" comes twice")
		case ok:
			read(m.value)
		case !m.value.empty():
			j.deviates(unknown, m.value, "the field "+strconv.Quote(m.key))
		}
		seen[m.key] = true
	}
}

func (j *judge) each(n *node, read func(*node)) {
	if n.kind != '[' {
		j.deviates(UnknownField, n, "not a list")
		return
	}
	for _, item := range n.items {
		read(item)
	}
}

// never is a field that must say nothing.
func (j *judge) never(c Carrier) func(*node) {
	return func(n *node) {
		if !n.empty() {
			j.deviates(c, n, "it is not on the list")
		}
	}
}

// constant is a field with one value, or none.
func (j *judge) constant(c Carrier, want string) func(*node) {
	return func(n *node) {
		if n.text != want && !n.empty() {
			j.deviates(c, n, "not "+strconv.Quote(want))
		}
	}
}

func (j *judge) resourceMetrics(n *node) {
	guid := ""
	var scopes []*node
	j.object(n, UnknownField, fields{
		"resource":     func(v *node) { guid = j.resource(v) },
		"scopeMetrics": func(v *node) { scopes = append(scopes, v) }, // after the identifier
		"schemaUrl":    j.never(ResourceSchema),
	})
	if !guidRule.MatchString(guid) {
		j.deviates(Identifier, n, "no random identifier of version 4, but "+strconv.Quote(guid))
	}
	for _, v := range scopes {
		j.each(v, func(v *node) { j.scopeMetrics(guid, v) })
	}
}

func (j *judge) resource(n *node) (guid string) {
	j.object(n, UnknownField, fields{
		"attributes": func(v *node) {
			for key, value := range j.attributes(v, ResourceAttribute) {
				if key == "install_guid" {
					guid = value
				} else {
					j.deviates(ResourceAttribute, v, strconv.Quote(key))
				}
			}
		},
		"entityRefs":             j.never(EntityRef),
		"droppedAttributesCount": j.never(Dropped),
	})
	return guid
}

// attributes returns pairs of texts. What is no text, or comes twice, deviates.
func (j *judge) attributes(n *node, c Carrier) map[string]string {
	pairs := map[string]string{}
	j.each(n, func(a *node) {
		var key, text string
		j.object(a, c, fields{
			"key": func(v *node) { key = v.text },
			"value": func(v *node) {
				isText := false
				j.object(v, c, fields{"stringValue": func(v *node) { text, isText = v.text, v.kind == 's' }})
				if !isText {
					j.deviates(c, a, "a value that is no text")
				}
			},
		})
		if _, twice := pairs[key]; twice {
			j.deviates(c, n, strconv.Quote(key)+" comes twice")
		}
		pairs[key] = text
	})
	return pairs
}

func (j *judge) scopeMetrics(guid string, n *node) {
	j.object(n, UnknownField, fields{
		"scope": func(v *node) {
			j.object(v, UnknownField, fields{"name": j.constant(ScopeName, scopeName), "version": j.never(ScopeVersion),
				"attributes": j.never(ScopeAttribute), "droppedAttributesCount": j.never(Dropped)})
		},
		"metrics":   func(v *node) { j.each(v, func(v *node) { j.metric(guid, v) }) },
		"schemaUrl": j.never(ScopeSchema),
	})
}

// begins is how a report begins. Inside of one it cannot stand: the quotes of
// a text are escaped.
var begins = regexp.MustCompile(`\{"resource(Metrics|Logs|Spans|Profiles)":`)

// Pieces splits what a file exporter wrote into its reports. A Collector that
// was killed, or had no disk left, leaves a torn one on the line of the next.
func Pieces(data []byte) (pieces [][]byte) {
	for line := range bytes.Lines(data) {
		line = bytes.TrimSpace(line)
		from := 0
		for _, at := range begins.FindAllIndex(line, -1) {
			if at[0] > from {
				pieces = append(pieces, line[from:at[0]])
			}
			from = at[0]
		}
		if from < len(line) {
			pieces = append(pieces, line[from:])
		}
	}
	return pieces
}
