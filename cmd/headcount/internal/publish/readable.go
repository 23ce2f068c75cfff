package publish

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"headcount.example/cmd/headcount/internal/number"
	"headcount.example/cmd/headcount/internal/schema"
)

// The forms of names here are those of the internal page (package page); a
// test holds the two together. The ids in stats.json stay technical.

// readable turns a technical name into words: FACE_DETECTION is "Face
// detection", API stays as it is.
func readable(name string) string {
	parts := strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '.' || r == '-' || unicode.IsSpace(r) })
	if len(parts) == 0 {
		return name
	}
	for i, p := range parts {
		if p == strings.ToUpper(p) && (len(parts) > 1 || utf8.RuneCountInString(p) > 3) {
			parts[i] = strings.ToLower(p)
		}
	}
	return capital(strings.Join(parts, " "))
}

func capital(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// titleOf is a metric's title, or else its name in words, without the product
// in front of it.
func titleOf(m schema.Metric) string {
	if m.Title != "" {
		return m.Title
	}
	name := m.Name
	if _, rest, ok := strings.Cut(name, "."); ok && rest != "" {
		name = rest
	}
	return readable(name)
}

// thing is what a range gauge counts, by its unit or else by its name:
// "collection" and "collections".
func thing(m schema.Metric) (one, more string) {
	one = strings.Trim(m.Unit, "{}")
	if one == "" || one == m.Unit {
		one = strings.ToLower(strings.TrimSuffix(titleOf(m), " count"))
	}
	return one, strings.TrimSuffix(one, "s") + "s"
}

// labelOf is the label values of a counter in words.
func labelOf(values []string) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, readable(v))
	}
	return strings.Join(parts, " · ")
}

// rangeOf writes a range with thousands separators: 501–2,000.
func rangeOf(label string) string {
	low, high, two := strings.Cut(label, "-")
	first, open := strings.CutSuffix(low, "+")
	switch {
	case two && digits(low) && digits(high):
		return number.Digits(low) + "–" + number.Digits(high)
	case !two && digits(first) && open:
		return number.Digits(first) + "+"
	case !two && digits(first):
		return number.Digits(first)
	}
	return label
}

// digits is whether a text is a number, and not too long to be one.
func digits(text string) bool {
	return text != "" && len(text) < 20 && strings.Trim(text, "0123456789") == ""
}
