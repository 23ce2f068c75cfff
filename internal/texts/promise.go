package texts

import (
	"regexp"
	"strings"
	"unicode"
)

var promise = regexp.MustCompile(`(?i)an[oóô]n[yýi]e?m|анон[иі]м|匿名|مجهول|إغفال الهوية`)

// Promises finds the word "anonymous" in a text, in the languages of which we
// know how they spell it. Every report carries an identifier, so the statistics are
// pseudonymous, and a text that says more is refused.
//
// It finds the word also in letters that are put together from parts, and with
// something invisible between them. It finds no other word for the same, no letters
// that only look alike, and no promise that does without the word: those are for
// the author of the text.
func Promises(text string) bool {
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.M, unicode.Cf) {
			return -1 // accents that stand alone, soft hyphens, joiners
		}
		return r
	}, text)
	return promise.MatchString(text)
}
