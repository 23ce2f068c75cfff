package texts

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
)

//go:embed *.json
var files embed.FS

const english = "en"

// A Language gives texts, numbers and dates in one language. Get one from [In] or
// from package words. A nil Language is English.
type Language struct {
	// Tag is the BCP 47 tag, such as "de".
	Tag string

	// Direction is "ltr", or "rtl" for a script that runs from right to left.
	Direction string

	texts map[string]string
}

// opened is filled at the first use. A value made at the start of the program
// would link all languages into applications that show no page.
var opened atomic.Pointer[map[string]*Language]

// all reads the files at the first use. A file that cannot be read gives a
// language without texts, which shows its keys; the tests find it.
func all() map[string]*Language {
	if list := opened.Load(); list != nil {
		return *list
	}
	list := map[string]*Language{}
	for _, tag := range Languages() {
		l := &Language{Tag: tag}
		if text, err := files.ReadFile(tag + ".json"); err == nil {
			_ = json.Unmarshal(text, &l.texts)
		}
		l.Direction = l.texts["common.direction"]
		list[tag] = l
	}
	opened.CompareAndSwap(nil, &list)
	return *opened.Load()
}

// In returns the language with this tag, which is one that [Languages] lists, or that of
// [Pseudo]. Any other tag gives English.
func In(tag string) *Language {
	if tag == pseudoTag {
		return Pseudo()
	}
	if l, shipped := all()[tag]; shipped {
		return l
	}
	return all()[english]
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

// or returns l, or English if l is nil.
func (l *Language) or() *Language {
	if l == nil {
		return all()[english]
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
	whole := key + "." + form(l.Tag, n)
	if _, known := l.texts[whole]; !known {
		whole = key + ".other"
	}
	return l.Text(whole, slices.Concat([]any{"n", l.Number(n)}, pairs)...)
}

// form names the plural form of n, as keys do. A test compares it with the tables
// of Unicode. The pseudo-locale has the forms of English.
func form(tag string, n int64) string {
	if n < 0 {
		n = -n
	}
	one := n == 1
	switch tag {
	case "ja":
		return "other"
	case "fr", "pt":
		one = n == 0 || n == 1
	case "ar":
		return arabic(n)
	}
	if one {
		return "one"
	}
	return "other"
}

func arabic(n int64) string {
	switch hundredth := n % 100; {
	case n == 0:
		return "zero"
	case n == 1:
		return "one"
	case n == 2:
		return "two"
	case hundredth >= 3 && hundredth <= 10:
		return "few"
	case hundredth >= 11:
		return "many"
	}
	return "other"
}

// Marks that set a value apart from the direction of the text around it.
const (
	firstStrongIsolate = "\u2068"
	rightToLeftIsolate = "\u2067"
	popIsolate         = "\u2069"
)

func (l *Language) isolate(text string) string {
	if l.Direction != "rtl" || text == "" {
		return text
	}
	// With firstStrongIsolate the first letter gives the direction, but letters of isolated
	// parts do not count. Arabic text that is made of such parts would run from left to right.
	first := strings.IndexFunc(text, unicode.IsLetter)
	if first >= 0 && unicode.Is(unicode.Arabic, []rune(text[first:])[0]) {
		return rightToLeftIsolate + text + popIsolate
	}
	return firstStrongIsolate + text + popIsolate
}
