package texts

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// read returns a file's texts, with the plural forms of a key as one entry.
func read(t *testing.T, tag string) map[string]string {
	t.Helper()
	text, err := files.ReadFile(tag + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(text, &texts); err != nil {
		t.Fatalf("%s.json: %v", tag, err)
	}
	return texts
}

var pluralKey = regexp.MustCompile(`^(.+)\.(zero|one|two|few|many|other)$`)

// plurals lists the keys that Count is asked for.
func plurals(texts map[string]string) map[string]bool {
	found := map[string]bool{}
	for key := range texts {
		if part := pluralKey.FindStringSubmatch(key); part != nil {
			found[part[1]] = true
		}
	}
	return found
}

// wanted are the keys that a language has: those of English, and the plural
// forms that the language distinguishes.
func wanted(l *Language, source map[string]string) []string {
	var own []string
	for n := range int64(1100) {
		own = append(own, form(l.Tag, n))
	}
	own = append(own, form(l.Tag, 1_000_000), "other")
	slices.Sort(own)
	own = slices.Compact(own)
	keys := map[string]bool{}
	for key := range source {
		part := pluralKey.FindStringSubmatch(key)
		if part == nil {
			keys[key] = true
			continue
		}
		for _, f := range own {
			keys[part[1]+"."+f] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

var (
	place = regexp.MustCompile(`\{[^{}]*\}`)
	name  = regexp.MustCompile(`^\{[a-z][a-zA-Z]*\}$`)
)

// places lists the {names} of a text, each once.
func places(text string) []string {
	list := place.FindAllString(text, -1)
	slices.Sort(list)
	return slices.Compact(list)
}

func TestEveryLanguageIsComplete(t *testing.T) {
	if want := []string{"en", "ar", "de", "es", "fr", "ja", "pt"}; !slices.Equal(Languages(), want) {
		t.Errorf("the languages are %q, the documentation says %q", Languages(), want)
	}
	source := read(t, english)
	for _, tag := range Languages() {
		l := In(tag)
		texts := read(t, l.Tag)
		if got, want := slices.Sorted(maps.Keys(texts)), wanted(l, source); !slices.Equal(got, want) {
			t.Errorf("%s.json: missing %q, unknown %q", l.Tag, without(want, got), without(got, want))
		}
		for key, text := range texts {
			original, few := source[key], false
			if part := pluralKey.FindStringSubmatch(key); part != nil {
				// "One user" may do without the figure.
				original, few = source[part[1]+".other"], slices.Contains([]string{"zero", "one", "two"}, part[2])
			}
			got, want := places(text), places(original)
			if few {
				got, want = without(got, []string{"{n}"}), without(want, []string{"{n}"})
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s.json: %s has the places %q, English has %q", l.Tag, key, got, want)
			}
		}
	}
}

func without(list, other []string) (rest []string) {
	for _, s := range list {
		if !slices.Contains(other, s) {
			rest = append(rest, s)
		}
	}
	return rest
}

func TestTexts(t *testing.T) {
	for _, tag := range Languages() {
		l := In(tag)
		if l.Direction != "ltr" && l.Direction != "rtl" {
			t.Errorf("%s: direction %q", l.Tag, l.Direction)
		}
		for key, text := range read(t, l.Tag) {
			if text == "" || text != strings.TrimSpace(text) && !technical(key) || strings.Contains(text, "  ") {
				t.Errorf("%s.json: %s is %q", l.Tag, key, text)
			}
			for _, p := range places(text) {
				if !name.MatchString(p) {
					t.Errorf("%s.json: %s has the place %s", l.Tag, key, p)
				}
			}
			if strings.ContainsAny(place.ReplaceAllString(text, ""), "{}<>") {
				t.Errorf("%s.json: %s has a brace that is not closed, or markup: %q", l.Tag, key, text)
			}
			if strings.ContainsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }) {
				t.Errorf("%s.json: %s has an invisible character: %q", l.Tag, key, text)
			}
			if Promises(text) {
				t.Errorf("%s.json: %s says that the statistics are anonymous, and an identifier is sent: %q", l.Tag, key, text)
			}
		}
	}
}

func TestPromisesAreFound(t *testing.T) {
	for text, want := range map[string]bool{
		"Anonymous statistics": true, "anonyme Statistiken": true, "estadísticas anónimas": true, "estatísticas anônimas": true,
		"匿名の統計": true, "إحصاءات مجهولة المصدر": true, "Анонимная статистика": true, "ANÓNIMO": true,
		"n\u00fameros ano\u0301nimos": true, "an\u200bonym\u00adous": true, "anonymised numbers": true, "Anzahl der Namen": false, "estatísticas pseudônimas": false, "pseudonymous statistics": false, "仮名の統計": false, "إحصاءات باسم مستعار": false,
	} {
		if Promises(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}

// The files are sorted, so that a change shows what changed.
func TestFilesAreSorted(t *testing.T) {
	for _, tag := range Languages() {
		text, _ := files.ReadFile(tag + ".json")
		var keys []string
		for _, m := range regexp.MustCompile(`(?m)^  "([^"]+)": "`).FindAllStringSubmatch(string(text), -1) {
			keys = append(keys, m[1])
		}
		if len(keys) != len(read(t, tag)) || !slices.IsSorted(keys) {
			t.Errorf("%s.json has %d keys in %d lines, sorted: %t; want one a line, sorted", tag, len(read(t, tag)), len(keys), slices.IsSorted(keys))
		}
	}
}

// One text has one key: two keys with the same text in every language are one.
func TestNoTextIsThereTwice(t *testing.T) {
	all := map[string]string{} // the texts of all languages → a key
	for key := range read(t, english) {
		var whole string
		for _, tag := range Languages() {
			whole += read(t, tag)[key] + "\n"
		}
		if other, twice := all[whole]; twice {
			t.Errorf("got the same texts for %s and %s, want one key", key, other)
		}
		all[whole] = key
	}
}

var (
	used = regexp.MustCompile("[\"`]((?:panel|prompt|notice|common)\\.[a-zA-Z0-9.]*)[\"`]")
	file = regexp.MustCompile(`\.(md|css|html|js|json|yaml)$`)
)

// usedKeys finds the keys in the sources. One of two words or more that ends with a
// dot is the beginning of keys that are put together.
func usedKeys(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, dir := range []string{"panel", "prompt", "catalog", "internal/texts", "internal/told"} {
		err := filepath.WalkDir(filepath.Join("../..", dir), func(path string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains([]string{".go", ".html", ".tmpl"}, filepath.Ext(path)) {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range used.FindAllStringSubmatch(string(text), -1) {
				if !file.MatchString(m[1]) {
					found[m[1]] = path
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestEveryKeyIsUsed(t *testing.T) {
	source, found := read(t, english), usedKeys(t)
	counts := plurals(source)
	begins := func(key string) bool {
		for use := range found {
			if strings.Count(use, ".") > 1 && strings.HasSuffix(use, ".") && strings.HasPrefix(key, use) {
				return true
			}
		}
		return false
	}
	for key := range source {
		plain := pluralKey.ReplaceAllString(key, "$1")
		if found[key] == "" && found[plain] == "" && !begins(key) {
			t.Errorf("en.json: %s is used nowhere: remove it from every language", key)
		}
	}
	for key, path := range found {
		if strings.HasSuffix(key, ".") {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(source)), func(k string) bool { return strings.HasPrefix(k, key) }) {
				t.Errorf("%s: no key begins with %q", path, key)
			}
		} else if _, known := source[key]; !known && !counts[key] {
			t.Errorf("%s: en.json has no %q", path, key)
		}
	}
}
