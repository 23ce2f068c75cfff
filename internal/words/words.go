// Package words chooses a language of package texts by what a person prefers.
package words

import (
	"sync/atomic"

	"golang.org/x/text/language"

	"headcount.example/internal/texts"
)

// A Language gives texts, numbers and dates in one language.
type Language = texts.Language

// matcher is made at the first use.
var matcher atomic.Pointer[language.Matcher]

func match(wanted []language.Tag) (int, language.Confidence) {
	if matcher.Load() == nil {
		var tags []language.Tag
		for _, name := range texts.Languages() {
			tags = append(tags, language.Make(name))
		}
		made := language.NewMatcher(tags)
		matcher.CompareAndSwap(nil, &made)
	}
	_, index, confidence := (*matcher.Load()).Match(wanted...)
	return index, confidence
}

// Match chooses the language that fits best. Preferences are tags such as "pt-BR", or
// values of the header Accept-Language, the best first. A preference that cannot be
// parsed is ignored. If none fits, the language is English. The tag "x-pseudo", if it is
// the only preference, gives [texts.Pseudo].
func Match(preferences ...string) *Language {
	if pseudo := texts.Pseudo(); len(preferences) == 1 && preferences[0] == pseudo.Tag {
		return pseudo
	}
	var wanted []language.Tag
	for _, p := range preferences {
		tags, _, err := language.ParseAcceptLanguage(p)
		if err == nil {
			wanted = append(wanted, tags...)
		}
	}
	index, confidence := match(wanted)
	if confidence == language.No {
		index = 0
	}
	return texts.In(texts.Languages()[index])
}
