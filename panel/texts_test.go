package panel_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"headcount.example/consent"
	"headcount.example/panel"
)

// No text of ours says that what carries an identifier is anonymous.
func TestNeverAnonymous(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".html") && f.Name() != "texts.go" {
			continue
		}
		text, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range regexp.MustCompile(`(?i)\w*anonym\w*`).FindAllString(string(text), -1) {
			// The comment and the check that forbid it are the exceptions.
			if f.Name() != "texts.go" || word != "anonymous" && word != "anonym" {
				t.Errorf("%s says %q", f.Name(), word)
			}
		}
	}
	h := counting(t, nil)
	_, page := h.get(t, "/?sizes&recorded")
	page = regexp.MustCompile(`(?s)<div class="notice".*?<section`).ReplaceAllString(page, "") // the catalog's text: "pseudonymous, not anonymous"
	for _, text := range []string{page, open(t, "", nil).row(t)} {
		if strings.Contains(strings.ToLower(text), "anonym") && !strings.Contains(text, "pseudonymous") || strings.Contains(text, " anonym") {
			t.Error("a page says anonymous")
		}
	}
}

// Texts that promise too much, or have places that nothing fills, are refused.
func TestTextsAreChecked(t *testing.T) {
	config := open(t, "", nil).config
	for _, text := range []string{"Send anonymous statistics", "Anonyme Statistiken", "ANONYM", "Send to {reciepient}", "On since {date} for {notice}"} {
		config.Texts = panel.Texts{SignUpLabel: text}
		if _, err := panel.New(config); err == nil || !strings.Contains(err.Error(), "SignUpLabel") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for name, change := range map[string]func(){
		`Described["x"] promises`:     func() { config.Texts.Described = map[string]string{"x": "Anonymous: a user"} },
		`Described["x"] has {un_1}`:   func() { config.Texts.Described = map[string]string{"x": "A user, {un_1}"} },
		"Changes[2] promises":         func() { config.Changes = map[int]string{2: "All of it is ANONYM"} },
		"Changes[2] has {notice}":     func() { config.Changes = map[int]string{2: "See {notice}"} },
		"SignUpHelp promises":         func() { config.Texts.SignUpHelp = "Анонимная статистика" },
		"Never promises":              func() { config.Texts.Never = "estadísticas anónimas" },
		"Months[0] has {day}":         func() { config.Texts.Months[0] = "{day}" },
		"SignUpLabel has no {recipie": func() { config.Texts.SignUpLabel = "Send usage statistics (optional)" },
		"SignUpDetails promises":      func() { config.Texts.SignUpDetails = "Todo es ano\u0301nimo" },
		"KeepOff promises":            func() { config.Texts.KeepOff = "an\u200bonym\u00adous" },
		"Counted promises":            func() { config.Texts.Counted = "ANÓNIMO" },
		`Places["settings"] promises`: func() { config.Texts.Places = map[string]string{"settings": "anonyme Einstellungen"} },
		`Places["x"] has {date}`:      func() { config.Texts.Places = map[string]string{"x": "{date}"} },
		"recipient \"our anonymous":   func() { config.Recipient = "our anonymous statistics (Example GmbH)" },
		"Months[1] is empty":          func() { config.Texts.Months = [12]string{"Januar"} },
		"Title has {Product}":         func() { config.Texts.Title = "Of {Product}" },
	} {
		config = open(t, "", func(h *house) { upgraded(h, 2) }).config
		change()
		if _, err := panel.New(config); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	config = open(t, "", func(h *house) { upgraded(h, 2) }).config
	config.Changes = map[int]string{2: "Pseudonymous as before; nothing else."}
	config.Texts = panel.Texts{SignUpLabel: "Statistik an {recipient} senden (freiwillig)"}
	if _, err := panel.New(config); err != nil {
		t.Error(err)
	}
}

// Every word of ours can be replaced: in a translation in which each text is
// its own name, nothing English is left but what comes from elsewhere.
func TestEveryTextIsReplaceable(t *testing.T) {
	var texts panel.Texts
	v := reflect.ValueOf(&texts).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString("Ü" + v.Type().Field(i).Name)
		}
	}
	texts.Lang, texts.Direction = "ar", "rtl"
	texts.SignUpLabel += " {recipient}"
	for i := range texts.Months {
		texts.Months[i] = "Ümonth"
	}
	texts.Described = map[string]string{}
	h := open(t, "", func(h *house) { h.config.Texts = texts; h.config.Changes = nil })
	for _, d := range h.config.Catalog.Metrics() {
		texts.Described[d.Name] = "Üdescribed"
	}
	_, undecided := h.get(t, "/")
	row := h.row(t)
	h.save(t, consent.Granted, 1)
	_, on := h.get(t, "/?recorded=erase&sizes")
	h.save(t, consent.Denied, 1)
	_, off := h.get(t, "/")
	refused := h.do(form("")).Body.String()
	for name, page := range map[string]string{"undecided": undecided, "row": row, "on": on, "off": off, "refused": refused} {
		page = regexp.MustCompile(`(?s)<pre.*?</pre>|<code>.*?</code>|<div class="notice".*?</details>|<title>|<td[^>]*>.*?</td>`).ReplaceAllString(page, "")
		for _, text := range regexp.MustCompile(`>([^<>]*[A-Za-z][^<>]*)<`).FindAllStringSubmatch(page, -1) {
			if word := strings.TrimSpace(text[1]); !strings.HasPrefix(word, "Ü") {
				t.Errorf("%s: %q cannot be replaced", name, word)
			}
		}
		if name != "row" && !strings.Contains(page, `<html lang="ar" dir="rtl">`) {
			t.Errorf("%s: the language of the page is lost", name)
		}
	}
}

// In a page of another language, what comes from elsewhere is either replaced
// or marked as English.
func TestAnotherLanguage(t *testing.T) {
	h := counting(t, func(h *house) {
		h.config.Texts = panel.Texts{Lang: "de", Delivered: "zugestellt", Places: map[string]string{"settings": "Einstellungen", "sign-up form": "Anmeldung"}}
	})
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.do(form(h.pressed(t, "erase")))
	_, page := h.get(t, "/?recorded=erase")
	for _, want := range []string{
		"(Einstellungen).</span> Request to erase: <span lang=\"en\" dir=\"ltr\">asked to erase on ",
		"<td>Einstellungen</td>", "<td>test</td>", " – zugestellt</summary>",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	poison(t, filepath.Join(h.dir, "journal", "00000001.json"))
	if _, page = h.get(t, "/"); !strings.Contains(section(page, "sent"), ` – <span lang="en" dir="ltr">&#34;&gt;`) {
		t.Errorf("an outcome in English is not marked:\n%.300s", section(page, "sent"))
	}
	t.Setenv("DO_NOT_TRACK", "1")
	if _, page = h.get(t, "/?recorded"); !strings.Contains(page, `<span lang="en" dir="ltr">Off – DO_NOT_TRACK is set.</span>`) {
		t.Error("a reason in English is not marked")
	}
}

// Dates are in words, and in UTC.
func TestDates(t *testing.T) {
	h := open(t, "", nil)
	h.save(t, consent.Denied, 1)
	_, page := h.get(t, "/")
	if !regexp.MustCompile(`\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}, \d\d:\d\d UTC`).
		MatchString(section(page, "history")) {
		t.Errorf("the history says\n%s", section(page, "history"))
	}
}

// The row in the sign-up form and the settings page can have different words
// for different people: texts belong to a panel, not to the package.
func TestTwoPanels(t *testing.T) {
	h := open(t, "", nil)
	config := h.config
	config.Texts = panel.Texts{Lang: "de", Title: "Nutzungsstatistik von {product}"}
	german, err := panel.New(config)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	german.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if !strings.Contains(w.Body.String(), "<h1>Nutzungsstatistik von CompreFace</h1>") {
		t.Error("the title is not replaced")
	}
	if _, page := h.get(t, "/"); !strings.Contains(page, "<h1>Usage statistics of CompreFace</h1>") {
		t.Error("another panel's texts are used")
	}
}
