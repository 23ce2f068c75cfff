package publish

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed index.html.tmpl
var pageText string

//go:embed style.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"headline": headline,
	"words":    Figure.words,
	"percent":  Figure.percent,
	"bar":      barOf,
	"point":    func(p Point) string { return headline(Figure{Status: p.Status, Installations: p.Installations}) },
}).Parse(pageText + `{{define "style"}}` + pageStyle + `{{end}}`))

// barOf is the length of a figure's bar, of 100.
func barOf(f Figure) int {
	if f.Share == nil {
		return 0
	}
	return int(*f.Share*100 + 0.5)
}

// renderPage makes index.html: one file, without a script.
func renderPage(s Stats) ([]byte, error) {
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, s)
	return b.Bytes(), err
}
