package catalog

import (
	"slices"

	"headcount.example/internal/notice"
	"headcount.example/internal/texts"
)

// Notice renders the list for people, in English and Markdown: who asks and why,
// what is sent, what is never sent, and how to say yes or no. It is the text that a
// notice number stands for.
func (c *Catalog) Notice() ([]byte, error) {
	if err := c.Err(); err != nil {
		return nil, err
	}
	const comment = "<!-- Rendered from the catalog. Do not edit: change the catalog and raise its notice number. -->\n"
	return []byte(comment + notice.Markdown(c.document(c.english(), texts.In("en")))), nil
}

// Document is the notice in another language, as headings, paragraphs, lists and
// tables of plain text. The language is a tag such as "de"; English if it is not
// shipped. translated is false where the catalog's own sentences are English, because it has no translation of its
// present English: see [Catalog.WithTexts]. The second block says so then. A
// catalog with an error has no document.
func (c *Catalog) Document(language string) (blocks []notice.Block, translated bool) {
	if c.Err() != nil {
		return nil, false
	}
	l := texts.In(language)
	own := c.Texts(l.Tag)
	blocks = c.document(own, l)
	if !own.Translated {
		blocks = slices.Insert(blocks, 1, notice.Block{Text: l.Text("notice.untranslated", "product", c.product)})
	}
	return blocks, own.Translated
}

func (c *Catalog) document(own Texts, l *texts.Language) []notice.Block {
	d := notice.Data{
		Product: c.product, Variable: c.Variable(), Notice: c.notice, Erasure: c.Erasure().Name,
		Recipient: c.about.Recipient, Purpose: own.About.Purpose, Contact: c.about.Contact, Policy: c.about.Policy,
		Results: c.about.Results, Others: own.About.Others,
		ReportDays: c.about.ReportDays, FigureDays: c.about.FigureDays, ErasureDays: c.about.ErasureDays,
	}
	for _, def := range c.metrics {
		text := own.Metric(def.name)
		m := notice.Metric{Title: text.Title, Name: def.name, Question: text.Question, Description: text.Description, Total: def.kind == KindCounter}
		for _, a := range def.attributes {
			m.Labels = append(m.Labels, notice.Label{Key: a.Key, Values: a.Values})
		}
		d.Metrics = append(d.Metrics, m)
	}
	return notice.Build(d, l)
}
