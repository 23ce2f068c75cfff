package texts

import (
	"regexp"
	"strings"
	"unicode"
)

var promise = regexp.MustCompile(`(?i)an[oóô]n[yýi]e?m|анон[иі]м|匿名|مجهول|إغفال الهوية`)

// Promises finds the word "anonymous" in a text, in the languages of which we
// know how they spell it. Every report carries an identifier, so the statistics are
// pseudonymous. A text that promises more is refused.
//
// Promises also finds the word where accents are characters of their own, and where
// invisible characters stand between the letters. It does not find synonyms, letters that
// only look alike, or a promise in other words. The author of the text must avoid these.
func Promises(text string) bool {
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.M, unicode.Cf) {
			return -1 // accents that stand alone, soft hyphens, joiners
		}
		return r
	}, text)
	return promise.MatchString(text)
}
