package catalog

import (
	"slices"
	"strconv"
	"strings"

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
	return []byte(comment + markdown(c.document(c.english(), texts.In("en")))), nil
}

// Document returns the notice in another language. The language is a tag such as "de". A tag
// of a language that is not shipped gives English. A catalog with an error has no document.
//
// translated is false if the catalog's own sentences are English in it, because the catalog has
// no translation of its present English: see [Catalog.WithTexts]. The second block says so then.
func (c *Catalog) Document(language string) (blocks []Block, translated bool) {
	if c.Err() != nil {
		return nil, false
	}
	l := texts.In(language)
	own := c.Texts(l.Tag)
	blocks = c.document(own, l)
	if !own.Translated {
		blocks = slices.Insert(blocks, 1, Block{Text: l.Text("notice.untranslated", "product", c.product)})
	}
	return blocks, own.Translated
}

// document writes the notice with the catalog's own sentences in a language, and with
// those of package texts in the same language.
func (c *Catalog) document(own Texts, l *texts.Language) []Block {
	blocks := []Block{
		{Heading: l.Text("notice.title", "product", c.product, "notice", c.notice)},
		{Text: l.Text("notice.intro", "recipient", c.about.Recipient)},
		{Heading: l.Text("notice.why")},
		{Items: own.About.facts(l)},
		{Heading: l.Text("notice.sent")},
		c.table(own, l),
		{Text: l.Text("notice.beside")},
		{Items: []string{l.Text("notice.guid"), l.Text("notice.days")}},
		{Text: l.Text("notice.erasure", "erasure", c.Erasure().Name)},
		{Text: l.Text("notice.whole")},
		{Heading: l.Text("notice.never")},
		{Text: l.Text("notice.neverList")},
		{Text: l.Text("notice.address")},
		{Heading: l.Text("notice.decide")},
	}
	return append(blocks, c.decide(l)...)
}

// facts says who gets the reports, why, and for how long they are kept.
func (a About) facts(l *texts.Language) []string {
	published := l.Text("notice.published")
	if a.Results != "" {
		published += " " + l.Text("notice.results", "results", a.Results)
	}
	others := l.Text("notice.noOthers")
	if a.Others != "" {
		others = l.Text("notice.others", "others", a.Others)
	}
	return []string{
		l.Text("notice.recipient", "recipient", a.Recipient, "contact", a.Contact, "policy", a.Policy),
		l.Text("notice.purpose", "purpose", a.Purpose),
		l.Text("notice.kept", "reports", days(l, a.ReportDays), "figures", days(l, a.FigureDays)),
		published,
		others,
		l.Text("notice.erased", "days", days(l, a.ErasureDays)),
	}
}

func days(l *texts.Language, n int) string { return l.Count("common.days", int64(n)) }

// table lists what is sent. It shows names and labels as they are on the wire.
func (c *Catalog) table(own Texts, l *texts.Language) Block {
	b := Block{Head: []string{l.Text("notice.statistic"), l.Text("notice.question"), l.Text("notice.what"), l.Text("notice.labels")}}
	for _, d := range c.metrics {
		kind := l.Text("notice.now")
		if d.kind == KindCounter {
			kind = l.Text("notice.total")
		}
		var labels []string
		for _, a := range d.attributes {
			labels = append(labels, a.Key+": "+strings.Join(a.Values, ", "))
		}
		if labels == nil {
			labels = []string{l.Text("common.none")}
		}
		text := own.Metric(d.name)
		b.Rows = append(b.Rows, []string{l.Text("notice.metric", "title", text.Title, "name", d.name), text.Question,
			text.Description + " " + kind, strings.Join(labels, "; ")})
	}
	return b
}

// decide says how people and administrators say yes or no, and what each does.
func (c *Catalog) decide(l *texts.Language) []Block {
	accept, off := c.Variable()+"=accept:"+strconv.Itoa(c.notice), c.Variable()+"=off"
	return []Block{
		{
			Head: []string{l.Text("notice.to"), l.Text("notice.do")},
			Rows: [][]string{
				{l.Text("notice.toDecide"), l.Text("notice.doDecide")},
				{l.Text("notice.toAccept"), l.Text("notice.doSet", "setting", accept)},
				{l.Text("notice.toRefuse", "product", c.product), l.Text("notice.doSet", "setting", off)},
				{l.Text("notice.toRefuseAll"), l.Text("notice.doSet", "setting", "DO_NOT_TRACK=1")},
			},
		},
		{Text: l.Text("notice.rules")},
		{Text: l.Text("notice.effects", "product", c.product)},
	}
}
