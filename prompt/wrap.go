package prompt

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// A size is what a terminal shows at once, in characters.
type size struct{ width, height int }

const (
	narrowest, usual, widest = 40, 80, 100
)

// fit gives a width that can be read. A height of 0 is not known.
func (s size) fit() size {
	if s.width == 0 {
		s.width = usual
	}
	s.width = min(max(s.width, narrowest), widest)
	return s
}

// wrap breaks text into lines of at most so many columns, between words and
// between the wide characters of Chinese and Japanese. A longer word, such as an
// address, stays whole, so that it can be copied. first and next begin the lines.
func wrap(text string, columns int, first, next string) string {
	var b strings.Builder
	line, used, spaced := first, len(first), false
	for _, word := range split(plain(text)) {
		if word == " " {
			spaced = true
			continue
		}
		need := wide(word)
		if gap := 0; used > len(next) {
			if spaced {
				gap = 1
			}
			if used+gap+need > columns {
				b.WriteString(line + "\n")
				line, used, gap = next, len(next), 0
			}
			line += strings.Repeat(" ", gap)
			used += gap
		}
		line, used, spaced = line+word, used+need, false
	}
	return b.String() + strings.TrimRight(line, " ") + "\n"
}

// split cuts text where a line may end: at spaces, which are parts of their own,
// and between wide characters, but not before the mark that ends a sentence.
func split(text string) (parts []string) {
	from := 0
	var last rune
	for at, r := range text {
		breaks := r == ' ' || last == ' ' || (isWide(r) || isWide(last)) && !strings.ContainsRune("。、，．！？：；）」』】)ー", r) && !strings.ContainsRune("（「『【(", last)
		if breaks && at > from {
			parts = append(parts, text[from:at])
			from = at
		}
		last = r
	}
	return append(parts, text[from:])
}

func isWide(r rune) bool {
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

// wide is how many columns a terminal gives a text.
func wide(text string) (columns int) {
	for _, r := range text {
		switch {
		case isWide(r):
			columns += 2
		case !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			columns++
		}
	}
	return columns
}

// plain is text of one line as it may be printed: without what moves the cursor,
// changes colours, reverses the direction or hides. The marks with which package
// words sets values apart go without a trace: terminals show them as boxes.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u2066' && r <= '\u2069':
			return -1
		case unicode.IsPrint(r):
			return r
		}
		return ' '
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
