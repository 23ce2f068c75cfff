package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Texts are a catalog's own sentences in one language. Get them from
// [Catalog.Texts].
type Texts struct {
	// About has Purpose and Others in this language. Its other fields have no language.
	About About

	// Translated is false where the sentences are English because there is no
	// translation of the present English. It is true for English itself.
	Translated bool

	metrics map[string]Text
	values  map[string]string
}

// Metric is what people read about the metric of this name. It is zero for a name that
// is not in the catalog.
func (t Texts) Metric(name string) Text { return t.metrics[name] }

// Value is the word for a label's value, such as "face detection" for
// FACE_DETECTION. Without a translation it is the value in lower case, with spaces. It
// has no words for the values of a range gauge, which are ranges.
func (t Texts) Value(key, value string) string {
	if word := t.values[key+"."+value]; word != "" {
		return word
	}
	return strings.ToLower(strings.NewReplacer("_", " ", "-", " ").Replace(value))
}

// translations are read at the first use, so that an application that shows no text
// does not link the code for it.
type translations struct {
	files fs.FS
	dir   string
	once  sync.Once
	all   map[string]translation // by the tag
	err   error
}

// A translation is a file of texts.
type translation struct {
	English string            `json:"english"` // the hash of the English that it translates
	Texts   map[string]string `json:"texts"`
	fault   error
}

// WithTexts returns c with translations of its own sentences. Each *.json file
// of the directory is one language, named by its tag, such as de.json:
//
//	//go:embed texts
//	var texts embed.FS
//
//	var Catalog = catalog.New("Shop", 1, About, UserCreated).WithTexts(texts, "texts")
//
// A file has the hash of the English texts that it translates, and the texts:
//
//	{
//	  "english": "5ba93c9db0cff93f",
//	  "texts": {
//	    "about.purpose": "Um zu verstehen, was genutzt wird.",
//	    "shop.user.created.title": "Angelegte Konten",
//	    …
//
// The keys are about.purpose and about.others; the name of each metric with
// .title, .description, .question and .range; and each label with each of its values,
// as in shop.service.type.PAYMENT. English texts stay in Go, and the fingerprint
// covers them alone.
//
// A file is not used if it is not sound, or if its hash is not that of the present
// English. People then read English, and Translated is false. [Catalog.CheckTexts]
// says what is wrong. catalogtest.Golden calls it.
func (c *Catalog) WithTexts(files fs.FS, dir string) *Catalog {
	if c == nil {
		return nil
	}
	with := *c
	with.translations = &translations{files: files, dir: dir}
	return &with
}

// Texts are the catalog's own sentences in the language of this tag. They are
// English if there is no sound translation. A catalog with an error has none.
func (c *Catalog) Texts(tag string) Texts {
	if c.Err() != nil {
		return Texts{}
	}
	texts := c.english()
	texts.Translated = tag == "en"
	if c.translations == nil {
		return texts
	}
	all, _ := c.readTexts()
	found, ok := all[tag]
	if !ok || found.fault != nil {
		return texts
	}
	own := Texts{About: c.about, Translated: true, metrics: map[string]Text{}, values: found.Texts}
	own.About.Purpose, own.About.Others = found.Texts["about.purpose"], found.Texts["about.others"]
	for _, d := range c.metrics {
		own.metrics[d.name] = Text{Title: found.Texts[d.name+".title"], Description: found.Texts[d.name+".description"],
			Question: found.Texts[d.name+".question"], Range: found.Texts[d.name+".range"]}
	}
	return own
}

// CheckTexts returns an error that says everything that is wrong with the translations
// that [Catalog.WithTexts] got. It is nil if all are sound, or if there are none.
func (c *Catalog) CheckTexts() error {
	if err := c.Err(); err != nil || c.translations == nil {
		return err
	}
	all, err := c.readTexts()
	faults := []error{err}
	for _, tag := range slices.Sorted(maps.Keys(all)) {
		faults = append(faults, all[tag].fault)
	}
	return errors.Join(faults...)
}

func (c *Catalog) english() Texts {
	texts := Texts{About: c.about, Translated: true, metrics: map[string]Text{}}
	for _, d := range c.metrics {
		texts.metrics[d.name] = d.text
	}
	return texts
}

// source lists every text that a translation has, by its key.
func (c *Catalog) source() map[string]string {
	list := map[string]string{}
	put := func(key, text string) {
		if text != "" {
			list[key] = text
		}
	}
	put("about.purpose", c.about.Purpose)
	put("about.others", c.about.Others)
	for _, d := range c.metrics {
		put(d.name+".title", d.text.Title)
		put(d.name+".description", d.text.Description)
		put(d.name+".question", d.text.Question)
		put(d.name+".range", d.text.Range)
		if d.kind != KindCounter {
			continue // ranges are written by package texts
		}
		for _, a := range d.attributes {
			for _, v := range a.Values {
				put(a.Key+"."+v, Texts{}.Value(a.Key, v))
			}
		}
	}
	return list
}

// hash identifies the English texts.
func hash(source map[string]string) string {
	text, _ := json.Marshal(source) // strings only, sorted by key: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

func (c *Catalog) readTexts() (map[string]translation, error) {
	t := c.translations
	t.once.Do(func() { t.all, t.err = c.parseTexts(t.files, t.dir) })
	return t.all, t.err
}

func (c *Catalog) parseTexts(files fs.FS, dir string) (map[string]translation, error) {
	names, err := fs.Glob(files, dir+"/*.json")
	if err != nil || len(names) == 0 {
		return nil, fmt.Errorf("catalog: no texts in %q: embed a directory of files such as de.json (%v)", dir, err)
	}
	source, all := c.source(), map[string]translation{}
	for _, name := range names {
		var one translation
		text, err := fs.ReadFile(files, name)
		if err == nil {
			err = json.Unmarshal(text, &one)
		}
		if err == nil {
			err = one.check(source)
		}
		if err != nil {
			one.fault = fmt.Errorf("catalog: %s: %w", name, err)
		}
		all[strings.TrimSuffix(name[len(dir)+1:], ".json")] = one
	}
	return all, nil
}

// check says everything that is wrong with a translation.
func (t translation) check(source map[string]string) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if now := hash(source); t.English != now {
		fault("the English texts have changed since they were translated: translate what changed, then write \"english\": %q (it is %.40q)", now, t.English)
	}
	for _, key := range slices.Sorted(maps.Keys(source)) {
		text, places := t.Texts[key], strings.Count(source[key], "{range}")
		switch {
		case text == "":
			fault("text %q is missing: translate %q", key, source[key])
		case !plain(text) || strings.Count(text, "{range}") != places:
			fault("text %q is %.100q: write plain text of one line, with {range} where the English has it", key, text)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(t.Texts)) {
		refuseAnonymous(fmt.Sprintf("text %q", key), t.Texts[key], fault)
		if source[key] == "" {
			fault("text %q is of no use: remove it", key)
		}
	}
	return errors.Join(faults...)
}
