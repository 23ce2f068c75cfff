package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed *.json
var files embed.FS

const english = "en"

// A Language gives texts, numbers and dates in one language. Get one from
// [Match]; a nil Language is English.
type Language struct {
	// Tag is the BCP 47 tag, such as "de".
	Tag string

	// Direction is "ltr", or "rtl" for a script that runs from right to left.
	Direction string

	tag   language.Tag
	texts map[string]string
}

// A shelf is every language that is shipped, English first.
type shelf struct {
	languages []*Language
	matcher   language.Matcher
}

// opened is filled at the first use. A value made at the start of the program
// would link all languages into applications that show no page.
var opened atomic.Pointer[shelf]

// shelves reads the files at the first use. A file that cannot be read gives a
// language without texts, which shows its keys; the tests find it.
func shelves() *shelf {
	if s := opened.Load(); s != nil {
		return s
	}
	s := &shelf{}
	var tags []language.Tag
	for _, name := range Languages() {
		l := &Language{Tag: name, tag: language.Make(name)}
		if text, err := files.ReadFile(name + ".json"); err == nil {
			_ = json.Unmarshal(text, &l.texts)
		}
		l.Direction = l.texts["common.direction"]
		s.languages = append(s.languages, l)
		tags = append(tags, l.tag)
	}
	s.matcher = language.NewMatcher(tags)
	opened.CompareAndSwap(nil, s)
	return opened.Load()
}

// Languages lists the tags of the languages that are shipped: English, then the
// others in alphabetical order.
func Languages() []string {
	list := []string{english}
	entries, _ := files.ReadDir(".") // embedded: it is there
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".json"); name != english {
			list = append(list, name)
		}
	}
	return list
}

// Match chooses the language that fits best. Preferences are tags such as "pt-BR", or
// values of the header Accept-Language, the best first. What cannot be
// understood is passed over; English is chosen if nothing fits. The tag "x-pseudo"
// alone gives [Pseudo].
func Match(preferences ...string) *Language {
	if len(preferences) == 1 && preferences[0] == pseudoTag {
		return Pseudo()
	}
	var wanted []language.Tag
	for _, p := range preferences {
		tags, _, err := language.ParseAcceptLanguage(p)
		if err == nil {
			wanted = append(wanted, tags...)
		}
	}
	_, index, confidence := shelves().matcher.Match(wanted...)
	if confidence == language.No {
		index = 0
	}
	return shelves().languages[index]
}

// or gives English for a nil language.
func (l *Language) or() *Language {
	if l == nil {
		return shelves().languages[0]
	}
	return l
}

// Text returns the text of a key. Each {name} is replaced by the value that
// follows name in pairs. In a language that runs from right to left each value is
// isolated, so that it does not change the order of the text around it. An
// unknown key gives "!key!", which a person can report and the tests find.
func (l *Language) Text(key string, pairs ...any) string {
	l = l.or()
	text, known := l.texts[key]
	if !known {
		return "!" + key + "!"
	}
	if len(pairs) == 0 {
		return text
	}
	var list []string
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, "{"+fmt.Sprint(pairs[i])+"}", l.isolate(fmt.Sprint(pairs[i+1])))
	}
	return strings.NewReplacer(list...).Replace(text)
}

// Count returns the text of a key in the plural form that n takes: "x.one",
// "x.other" or another. {n} is n, written by [Language.Number]; other names are
// replaced as by [Language.Text].
func (l *Language) Count(key string, n int64, pairs ...any) string {
	l = l.or()
	whole := key + "." + form(l.tag, n)
	if _, known := l.texts[whole]; !known {
		whole = key + ".other"
	}
	return l.Text(whole, slices.Concat([]any{"n", l.Number(n)}, pairs)...)
}

// form names the plural form of n, as keys do.
func form(tag language.Tag, n int64) string {
	// The rules look at the last seven digits at most; a larger number keeps them.
	if n < 0 {
		n = -n
	}
	const enough = 10_000_000
	if n >= enough {
		n = n%enough + enough
	}
	switch plural.Cardinal.MatchPlural(tag, int(n), 0, 0, 0, 0) {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return "other"
}

// Marks that set a value apart from the direction of the text around it.
const (
	firstStrongIsolate = "\u2068"
	popIsolate         = "\u2069"
)

func (l *Language) isolate(text string) string {
	if l.Direction != "rtl" || text == "" {
		return text
	}
	return firstStrongIsolate + text + popIsolate
}
