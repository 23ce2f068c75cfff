package panel

import (
	"bytes"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/internal/words"
)

// A tongue is one language: its words, what the catalog says in it, and the
// templates that use both.
type tongue struct {
	*words.Language
	about catalog.About
	texts catalog.Texts
	pages *template.Template
}

// tongue is the language of a request.
func (p *Panel) tongue(r *http.Request) *tongue {
	language := words.Match(p.config.Language(r))
	if known, ok := p.tongues.Load(language.Tag); ok {
		return known.(*tongue)
	}
	texts := p.config.Catalog.Texts(language.Tag)
	t := &tongue{Language: language, about: texts.About, texts: texts}
	t.pages = template.Must(p.pages.Clone()).Funcs(t.funcs()) // pages are never executed, so they can be cloned
	p.tongues.Store(language.Tag, t)
	return t
}

func (t *tongue) funcs() template.FuncMap {
	return template.FuncMap{
		"t":      func(key string, pairs ...any) string { return t.Text(key, pairs...) }, // t is filled later
		"tag":    func() string { return t.Tag },
		"dir":    func() string { return t.Direction },
		"day":    func(at time.Time) string { return t.Date(at) },
		"moment": func(at time.Time) string { return t.Moment(at) },
		"place":  t.place,
		"broken": broken,
		"newest": newest,
		"join":   func(list []string) string { return strings.Join(list, ", ") },
		"mail":   mail,
	}
}

// mail is the address behind a contact, which is an https URL or of e-mail.
func mail(contact string) string {
	if strings.HasPrefix(contact, "https:") {
		return contact
	}
	return "mailto:" + contact
}

// broken lets a technical name end a line after a dot or an underscore, and nowhere
// else.
func broken(name string) template.HTML {
	return template.HTML(strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>").Replace(template.HTMLEscapeString(name)))
}

// render makes the text of one template.
func (t *tongue) render(name string, data any) (template.HTML, error) {
	var b bytes.Buffer
	err := t.pages.ExecuteTemplate(&b, name, data)
	return template.HTML(b.String()), err // escaped by the template
}

// part is for a page of the application: empty if it cannot be made.
func (t *tongue) part(name string, data any) template.HTML {
	part, err := t.render(name, data)
	if err != nil {
		return ""
	}
	return part
}

func (t *tongue) days(n int) string { return t.Count("common.days", int64(n)) }

// place is where a decision was given, in words; those that are not ours as they are.
func (t *tongue) place(where string) string {
	if text := t.Text("panel.place." + where); !strings.HasPrefix(text, "!") {
		return text
	}
	return where
}

// title names a series for people: "Services created (face detection)", or
// "Collections with 11 to 50 faces". Attributes are keys and values in turn.
func (t *tongue) title(name string, kind catalog.Kind, attributes []string) string {
	text := t.texts.Metric(name)
	if len(attributes) == 0 {
		return text.Title
	}
	if kind == catalog.KindRangeGauge {
		in := t.Range(attributes[1])
		if text.Range == "" {
			return t.Text("panel.range", "title", text.Title, "range", in)
		}
		return strings.ReplaceAll(text.Range, "{range}", in)
	}
	var values []string
	for pair := range slices.Chunk(attributes, 2) {
		values = append(values, t.texts.Value(pair[0], pair[1]))
	}
	return t.Text("panel.range", "title", text.Title, "range", strings.Join(values, ", "))
}
