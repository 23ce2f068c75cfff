package texts

import "strings"

const pseudoTag = "x-pseudo"

// Pseudo is English made 40 % longer and put in brackets. It shows what a page
// does with long texts, and which of its texts do not come from this package.
func Pseudo() *Language {
	source := (*Language)(nil).or()
	l := &Language{Tag: pseudoTag, Direction: source.Direction, texts: map[string]string{}}
	for key, text := range source.texts {
		if !technical(key) {
			text = "[" + text + strings.Repeat("~", (len(text)*2+4)/5) + "]"
		}
		l.texts[key] = text
	}
	return l
}

// technical is true for the keys that are no words: how the language is written.
func technical(key string) bool {
	return key == "common.direction" || key == "common.thousands"
}
