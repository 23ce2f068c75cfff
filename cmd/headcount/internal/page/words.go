package page

import (
	"html/template"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/number"
	"headcount.example/cmd/headcount/internal/schema"
)

// words turns a technical name into words: FACE_DETECTION is "Face
// detection", API stays as it is.
func words(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '.' || r == '-' || unicode.IsSpace(r) })
	if len(parts) == 0 {
		return name
	}
	for i, p := range parts {
		if len(parts) > 1 || utf8.RuneCountInString(p) > 3 {
			if p == strings.ToUpper(p) {
				parts[i] = strings.ToLower(p)
			}
		}
	}
	return capital(strings.Join(parts, " "))
}

// mostRunes bounds a name on the page. The tables as CSV have all of it.
const mostRunes = 60

// clip shortens what is too long to be a name.
func clip(text string) string {
	if runes := []rune(text); len(runes) > mostRunes {
		return string(runes[:mostRunes-1]) + "…"
	}
	return text
}

// dots lets a technical name break after its dots, and so not in a word.
func dots(name string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(name), ".", ".<wbr/>"))
}

func capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// title is a metric's title, or else its name in words, without the product in
// front of it: compreface.user.created is "User created".
func title(m schema.Metric) string {
	if m.Title != "" {
		return clip(m.Title)
	}
	name := m.Name
	if _, rest, ok := strings.Cut(name, "."); ok && rest != "" {
		name = rest
	}
	return clip(words(name))
}

// lede is the question that a metric answers and what it says.
func lede(m schema.Metric) string {
	return strings.TrimSpace(m.Question + " " + m.Description)
}

// things are what a range gauge counts, by its unit or else by its name:
// "collection" and "collections".
func things(m schema.Metric) (one, more string) {
	one = strings.Trim(m.Unit, "{}")
	if one == "" || one == m.Unit {
		one = strings.ToLower(strings.TrimSuffix(title(m), " count"))
	}
	if strings.HasSuffix(one, "s") {
		return one, one
	}
	return one, one + "s"
}

// rangeText writes a range with thousands separators: 501–2,000.
func rangeText(label string) string {
	low, high, two := strings.Cut(label, "-")
	plus := ""
	if !two {
		low, plus = strings.TrimSuffix(label, "+"), label[len(strings.TrimSuffix(label, "+")):]
	}
	if !digits(low) || two && !digits(high) {
		return clip(label)
	}
	if two {
		return number.Digits(low) + "–" + number.Digits(high)
	}
	if plus != "" {
		return number.Digits(low) + "+"
	}
	return number.Digits(low)
}

// digits is whether a text is a number, and not too long to be one.
func digits(text string) bool {
	return text != "" && len(text) < 20 && strings.Trim(text, "0123456789") == ""
}

// A lexicon finds what the list says of a metric.
type lexicon struct{ list *schema.Schema }

func (x lexicon) metric(name string) schema.Metric {
	if x.list != nil {
		for _, m := range x.list.Metrics {
			if m.Name == name {
				return m
			}
		}
	}
	return schema.Metric{Name: name}
}

// keys are a counter's label keys, in the declared order or else sorted.
func (x lexicon) keys(c answer.Counter) (keys []string) {
	for _, a := range x.metric(c.Name).Attributes {
		if _, has := c.Labels[a.Key]; has {
			keys = append(keys, a.Key)
		}
	}
	if len(keys) == len(c.Labels) {
		return keys
	}
	keys = nil
	for k := range c.Labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// label is a counter's label values in words, and as they are.
func (x lexicon) label(c answer.Counter) (text, technical string) {
	for _, k := range x.keys(c) {
		if text != "" {
			text, technical = text+" · ", technical+", "
		}
		text += words(c.Labels[k])
		technical += c.Labels[k]
	}
	return clip(text), clip(technical)
}
