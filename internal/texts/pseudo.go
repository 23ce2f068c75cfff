package texts

import "strings"

const pseudoTag = "x-pseudo"

// accents makes letters that a font or a small character set may not have.
var accents = strings.NewReplacer("a", "á", "e", "ë", "i", "î", "o", "ø", "u", "ü", "n", "ñ", "A", "Å", "E", "É", "I", "Ï", "O", "Ö", "N", "Ñ")

// Pseudo is English with accents, 40 % longer and in brackets. It shows what a page
// does with long texts, and which of its texts do not come from this package.
func Pseudo() *Language {
	source := (*Language)(nil).or()
	l := &Language{Tag: pseudoTag, Direction: source.Direction, texts: map[string]string{}}
	for key, text := range source.texts {
		if !technical(key) {
			longer := (len(text)*2 + 4) / 5
			// In words, because a line can end only between them.
			more := strings.TrimRight(strings.Repeat("~~~~~~ ", longer/6+1)[:longer], " ")
			text = "[" + accented(text) + more + "]"
		}
		l.texts[key] = text
	}
	return l
}

// accented puts accents on a text, except on the names of values in braces.
func accented(text string) string {
	before, rest, open := strings.Cut(text, "{")
	place, after, closed := strings.Cut(rest, "}")
	if !open || !closed {
		return accents.Replace(text)
	}
	return accents.Replace(before) + "{" + place + "}" + accented(after)
}

// technical reports whether a text is not words, but says how the language is written.
func technical(key string) bool {
	return key == "common.direction" || key == "common.thousands"
}
