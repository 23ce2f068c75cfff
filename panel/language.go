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

// A language is that of a reader: its words, what the catalog says in it, and the
// templates that use both.
type language struct {
	told.Words
	pages *template.Template
}

// language returns the language of a request.
func (p *Panel) language(r *http.Request) *language {
	wanted := r.Header.Get("Accept-Language")
	if p.config.Language != nil {
		wanted = p.askApplication(r, p.languages, p.config.Language)
	}
	match := words.Match(wanted)
	if known, ok := p.byTag.Load(match.Tag); ok {
		return known.(*language)
	}
	t := &language{Words: told.In(p.config.Catalog, match)}
	t.pages = template.Must(p.pages.Clone()).Funcs(t.funcs()) // pages are never executed, so they can be cloned
	p.byTag.Store(match.Tag, t)
	return t
}

func (t *language) funcs() template.FuncMap {
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

// render returns the text of one template: empty with an error.
func (t *language) render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	if err := t.pages.ExecuteTemplate(&b, name, data); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil // escaped by the template
}

// place returns in words where a decision was given. It returns a place that is not ours as it is.
func (t *language) place(where string) string {
	if text := t.Text("panel.place." + where); !strings.HasPrefix(text, "!") {
		return text
	}
	return where
}
