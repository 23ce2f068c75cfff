package catalog_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// german are the texts of small in German.
func german() map[string]string {
	return map[string]string{
		"about.purpose":   "Um zu sehen, was genutzt wird.",
		"shop.user.title": "Benutzer", "shop.user.description": "Ein Benutzer.", "shop.user.question": "Wie viele Benutzer?",
		"shop.basket.title": "Körbe", "shop.basket.description": "Körbe.", "shop.basket.question": "Wie groß?", "shop.basket.range": "Körbe mit {range} Waren",
		"shop.way.IN_STORE": "im Laden", "shop.way.WEB": "im Netz",
	}
}

func small() *catalog.Catalog {
	return catalog.New("Shop", 1, about,
		catalog.NewCounter("shop.user", "{user}", catalog.Text{Title: "Users", Description: "A user.", Question: "How many users?"},
			catalog.OneOf("shop.way", "IN_STORE", "WEB")),
		catalog.NewRangeGauge("shop.basket", "{basket}",
			catalog.Text{Title: "Baskets", Description: "Baskets.", Question: "How large?", Range: "Baskets with {range} goods"}, "shop.goods", bucketing.New(0, 10)))
}

// with gives small a German file.
func with(t *testing.T, english string, texts map[string]string) *catalog.Catalog {
	t.Helper()
	text, err := json.Marshal(map[string]any{"english": english, "texts": texts})
	if err != nil {
		t.Fatal(err)
	}
	return small().WithTexts(fstest.MapFS{"texts/de.json": {Data: text}}, "texts")
}

// current is the hash of the English texts, as the error of a stale one says it.
func current(t *testing.T) string {
	t.Helper()
	found := regexp.MustCompile(`write "english": "([0-9a-f]{16})"`).FindStringSubmatch(fmt.Sprint(with(t, "", german()).CheckTexts()))
	if found == nil {
		t.Fatal("an empty hash is sound, or its error does not say the right one")
	}
	return found[1]
}

func document(c *catalog.Catalog, language string) (all string, own bool) {
	blocks, own := c.Document(language)
	return fmt.Sprint(blocks), own
}

func TestTranslation(t *testing.T) {
	c := with(t, current(t), german())
	if err := c.CheckTexts(); err != nil {
		t.Fatal(err)
	}
	texts := c.Texts("de")
	if !texts.Translated || texts.About.Purpose != "Um zu sehen, was genutzt wird." || texts.About.Recipient != about.Recipient {
		t.Errorf("%+v", texts)
	}
	want := catalog.Text{Title: "Körbe", Description: "Körbe.", Question: "Wie groß?", Range: "Körbe mit {range} Waren"}
	if got := texts.Metric("shop.basket"); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := texts.Value("shop.way", "IN_STORE"); got != "im Laden" {
		t.Errorf("the value is %q", got)
	}
	english := c.Texts("en")
	if got := english.Value("shop.way", "IN_STORE"); got != "in store" || !english.Translated || english.Metric("shop.user").Title != "Users" {
		t.Errorf("in English: %q, %+v", got, english)
	}
	if c.Fingerprint() != small().Fingerprint() || c.Fingerprint() == "" {
		t.Error("a translation changes the fingerprint")
	}
	for language, title := range map[string]string{"en": "Baskets (shop.basket)", "": "Baskets (shop.basket)"} {
		if all, own := document(c, language); !own || !strings.Contains(all, title) || !strings.Contains(all, about.Recipient) {
			t.Errorf("%q: own %t, no %q in\n%s", language, own, title, all)
		}
	}
}

// A translation that is not sound is not used, and its fault is named.
func TestFaultyTranslations(t *testing.T) {
	now := current(t)
	change := func(key, text string) map[string]string {
		texts := german()
		if texts[key] = text; text == "" {
			delete(texts, key)
		}
		return texts
	}
	for name, test := range map[string]struct {
		english string
		texts   map[string]string
		fault   string
	}{
		"older English":     {"0123456789abcdef", german(), `write "english": "` + now + `" (it is "0123456789abcdef")`},
		"no texts":          {now, nil, `"about.purpose" is missing`},
		"a missing text":    {now, change("shop.way.WEB", ""), `text "shop.way.WEB" is missing: translate "web"`},
		"an unknown text":   {now, change("shop.way.APP", "App"), `text "shop.way.APP" is of no use`},
		"no place":          {now, change("shop.basket.range", "Körbe"), `text "shop.basket.range" is "Körbe"`},
		"two places":        {now, change("shop.basket.range", "{range} {range}"), `text "shop.basket.range"`},
		"a place too many":  {now, change("shop.user.title", "{range}"), `text "shop.user.title"`},
		"markup":            {now, change("shop.user.title", "<b>"), `text "shop.user.title" is "<b>"`},
		"two lines":         {now, change("shop.user.title", "a\nb"), `text "shop.user.title" is "a\nb"`},
		"anonymous":         {now, change("shop.user.title", "Anonyme Benutzer"), `text "shop.user.title" "Anonyme Benutzer" says that the statistics are anonymous`},
		"turned by a mark":  {now, change("shop.user.title", "\u202ea"), `text "shop.user.title"`},
		"the Erasure's own": {now, change("headcount.erasure.requested.title", "Löschung"), "is of no use"},
	} {
		t.Run(name, func(t *testing.T) {
			c := with(t, test.english, test.texts)
			if err := c.CheckTexts(); err == nil || !strings.Contains(err.Error(), test.fault) || !strings.HasPrefix(err.Error(), "catalog: texts/de.json: ") {
				t.Errorf("error %v, want %q", err, test.fault)
			}
			if err := c.Err(); err != nil {
				t.Errorf("a fault of a translation stops the statistics: %v", err)
			}
			if texts := c.Texts("de"); texts.Translated || texts.Metric("shop.user").Title != "Users" {
				t.Errorf("it is used: %+v", texts)
			}
		})
	}
	for name, files := range map[string]fstest.MapFS{
		"no file": {}, "not JSON": {"texts/de.json": {Data: []byte("{")}}, "elsewhere": {"de.json": {Data: []byte("{}")}},
	} {
		c := small().WithTexts(files, "texts")
		if err := c.CheckTexts(); err == nil || c.Texts("de").Translated {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestNoTranslation(t *testing.T) {
	c := small()
	if err := c.CheckTexts(); err != nil || c.Texts("de").Translated || c.Texts("de").Metric("shop.user").Title != "Users" {
		t.Errorf("error %v, %+v", err, c.Texts("de"))
	}
	var none *catalog.Catalog
	if none.WithTexts(fstest.MapFS{}, "texts") != nil || none.CheckTexts() == nil || none.Texts("de").Translated {
		t.Error("a nil catalog has texts")
	}
	if blocks, own := none.Document("en"); blocks != nil || own {
		t.Errorf("a nil catalog has a document: %v", blocks)
	}
}
