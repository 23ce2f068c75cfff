// Package notice builds the text that a yes is given to, as blocks: the panel
// shows them as HTML, the prompt as plain text, and catalog.Notice as Markdown.
package notice

import (
	"strconv"
	"strings"

	"headcount.example/internal/texts"
)

// A Block is a heading, a paragraph, a list or a table. One of its parts is
// filled: Heading, Text, Items, or Head with Rows. All of it is plain text.
type Block struct {
	Heading string     `json:"heading,omitempty"`
	Text    string     `json:"text,omitempty"`
	Items   []string   `json:"items,omitempty"`
	Head    []string   `json:"head,omitempty"` // of a table
	Rows    [][]string `json:"rows,omitempty"` // each as long as Head
}

// Data is what a notice says about one product.
type Data struct {
	Product, Variable string
	Notice            int

	Recipient, Purpose, Contact, Policy string
	Results, Others                     string // empty: see catalog.About
	ReportDays, FigureDays, ErasureDays int

	Metrics []Metric
	Erasure string // the name of the request to erase
}

// A Metric is one row of the list.
type Metric struct {
	Title, Name, Question, Description string
	Total                              bool // a counter; otherwise the things of each range
	Labels                             []Label
}

// A Label is a label and its possible values.
type Label struct {
	Key    string
	Values []string
}

// Build writes the notice in a language. The first block is its title.
func Build(d Data, l *texts.Language) []Block {
	blocks := []Block{
		{Heading: l.Text("notice.title", "product", d.Product, "notice", d.Notice)},
		{Text: l.Text("notice.intro", "recipient", d.Recipient)},
		{Heading: l.Text("notice.why")},
		{Items: why(d, l)},
		{Heading: l.Text("notice.sent")},
		list(d, l),
		{Text: l.Text("notice.beside")},
		{Items: []string{l.Text("notice.guid"), l.Text("notice.days")}},
		{Text: l.Text("notice.erasure", "erasure", d.Erasure)},
		{Text: l.Text("notice.whole")},
		{Heading: l.Text("notice.never")},
		{Text: l.Text("notice.neverList")},
		{Text: l.Text("notice.address")},
		{Heading: l.Text("notice.decide")},
	}
	return append(blocks, decide(d, l)...)
}

func why(d Data, l *texts.Language) []string {
	days := func(n int) string { return l.Count("common.days", int64(n)) }
	published := l.Text("notice.published")
	if d.Results != "" {
		published += " " + l.Text("notice.results", "results", d.Results)
	}
	others := l.Text("notice.noOthers")
	if d.Others != "" {
		others = l.Text("notice.others", "others", d.Others)
	}
	return []string{
		l.Text("notice.recipient", "recipient", d.Recipient, "contact", d.Contact, "policy", d.Policy),
		l.Text("notice.purpose", "purpose", d.Purpose),
		l.Text("notice.kept", "reports", days(d.ReportDays), "figures", days(d.FigureDays)),
		published,
		others,
		l.Text("notice.erased", "days", days(d.ErasureDays)),
	}
}

// list is the table of what is sent. Labels stand there as they are on the wire.
func list(d Data, l *texts.Language) Block {
	b := Block{Head: []string{l.Text("notice.statistic"), l.Text("notice.question"), l.Text("notice.what"), l.Text("notice.labels")}}
	for _, m := range d.Metrics {
		kind := l.Text("notice.now")
		if m.Total {
			kind = l.Text("notice.total")
		}
		var labels []string
		for _, a := range m.Labels {
			labels = append(labels, a.Key+": "+strings.Join(a.Values, ", "))
		}
		if labels == nil {
			labels = []string{l.Text("common.none")}
		}
		b.Rows = append(b.Rows, []string{l.Text("notice.metric", "title", m.Title, "name", m.Name), m.Question, m.Description + " " + kind, strings.Join(labels, "; ")})
	}
	return b
}

func decide(d Data, l *texts.Language) []Block {
	accept, off := d.Variable+"=accept:"+strconv.Itoa(d.Notice), d.Variable+"=off"
	return []Block{
		{
			Head: []string{l.Text("notice.to"), l.Text("notice.do")},
			Rows: [][]string{
				{l.Text("notice.toDecide"), l.Text("notice.doDecide")},
				{l.Text("notice.toAccept"), l.Text("notice.doSet", "setting", accept)},
				{l.Text("notice.toRefuse", "product", d.Product), l.Text("notice.doSet", "setting", off)},
				{l.Text("notice.toRefuseAll"), l.Text("notice.doSet", "setting", "DO_NOT_TRACK=1")},
			},
		},
		{Text: l.Text("notice.rules")},
		{Text: l.Text("notice.effects", "product", d.Product)},
	}
}

// Markdown writes blocks as Markdown. The texts must not hold what Markdown
// understands: a catalog and the files of package texts are checked for that.
func Markdown(blocks []Block) string {
	var b strings.Builder
	for i, block := range blocks {
		if i > 0 {
			b.WriteString("\n")
		}
		switch {
		case block.Heading != "" && i == 0:
			b.WriteString("# " + block.Heading + "\n")
		case block.Heading != "":
			b.WriteString("## " + block.Heading + "\n")
		case block.Items != nil:
			for _, item := range block.Items {
				b.WriteString("- " + item + "\n")
			}
		case block.Head != nil:
			row(&b, block.Head)
			b.WriteString(strings.Repeat("| --- ", len(block.Head)) + "|\n")
			for _, cells := range block.Rows {
				row(&b, cells)
			}
		default:
			b.WriteString(block.Text + "\n")
		}
	}
	return b.String()
}

func row(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}
