package panel

import (
	"bytes"
	"html/template"
	"net/http"
	"strings"
	"time"

	"headcount.example/internal/told"
	"headcount.example/internal/words"
)

// A tongue is one language: its words, what the catalog says in it, and the
// templates that use both.
type tongue struct {
	told.Words
	pages *template.Template
}

// tongue is the language of a request.
func (p *Panel) tongue(r *http.Request) *tongue {
	wanted := r.Header.Get("Accept-Language")
	if p.config.Language != nil {
		wanted = p.told(r, p.languages, p.config.Language)
	}
	language := words.Match(wanted)
	if known, ok := p.tongues.Load(language.Tag); ok {
		return known.(*tongue)
	}
	t := &tongue{Words: told.In(p.config.Catalog, language)}
	t.pages = template.Must(p.pages.Clone()).Funcs(t.funcs()) // pages are never executed, so they can be cloned
	p.tongues.Store(language.Tag, t)
	return t
}

func (t *tongue) funcs() template.FuncMap {
	return template.FuncMap{
		"t":      func(key string, pairs ...any) string { return t.Text(key, pairs...) }, // t is filled later
		"tag":    func() string { return t.Tag },
		"dir":    func() string { return t.Direction },
		"number": func(n int64) string { return t.Number(n) },
		"odd":    func(n int) bool { return n%2 == 1 },
		"day":    func(at time.Time) string { return t.Date(at) },
		"moment": func(at time.Time) string { return t.Moment(at) },
		"place":  t.place,
		"broken": told.Broken,
		"join":   func(list []string) string { return strings.Join(list, ", ") },
		"mail":   told.Mail,
	}
}

// render makes the text of one template: empty with an error.
func (t *tongue) render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := t.pages.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil // escaped by the template
}

// place is where a decision was given, in words; those that are not ours as they are.
func (t *tongue) place(where string) string {
	if text := t.Text("panel.place." + where); !strings.HasPrefix(text, "!") {
		return text
	}
	return where
}
