package catalog

import (
	"bytes"
	_ "embed"
	"strings"
	"text/template"
)

//go:embed notice.md.tmpl
var noticeText string

var noticeTemplate = template.Must(template.New("notice").Funcs(template.FuncMap{
	"days": days,
	"join": func(values []string) string { return "`" + strings.Join(values, "`, `") + "`" },
}).Parse(noticeText))

// Notice renders the list for people, in Markdown: what is sent, what is
// never sent, and how to say yes or no. It is the text that a notice number
// stands for.
func (c *Catalog) Notice() ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err := noticeTemplate.Execute(&b, map[string]any{
		"Product": c.product, "Notice": c.notice, "About": c.about, "Variable": c.Variable(), "Metrics": c.Metrics(),
		"Counter": KindCounter, "Erasure": c.Erasure().Name,
	})
	return b.Bytes(), err
}
