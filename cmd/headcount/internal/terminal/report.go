package terminal

import (
	"fmt"
	"io"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/schema"
)

// Report writes an answer for people to read, with the list's words for what
// is counted; nil is no list. The same answer, list and terminal give the same
// text.
func Report(w io.Writer, t Terminal, a *answer.Answer, list *schema.Schema) error {
	p := &printer{t: t, a: a, list: list, width: t.columns()}
	p.headline()
	p.howMany()
	p.popularity()
	p.counters()
	p.sizes()
	p.cohorts()
	p.health()
	_, err := io.WriteString(w, p.b.String())
	return err
}

// A printer collects the lines of a report.
type printer struct {
	t     Terminal
	a     *answer.Answer
	list  *schema.Schema
	width int
	b     strings.Builder
}

func (p *printer) line(s string) {
	p.b.WriteString(strings.TrimRight(s, " "))
	p.b.WriteByte('\n')
}

// wrapped writes a text in as many lines as it needs.
func (p *printer) wrapped(s, indent string) {
	for _, line := range wrap(s, p.width-len(indent)) {
		p.line(indent + line)
	}
}

// dim writes a note in as many lines as it needs.
func (p *printer) dim(s string) {
	for _, line := range wrap(s, p.width-2) {
		p.line("  " + p.t.in(faint, line))
	}
}

// section begins a part of the report.
func (p *printer) section(title, note string) {
	p.line("")
	if note == "" {
		p.line(p.t.in(bold, title))
		return
	}
	if len(title)+2+len([]rune(note)) > p.width {
		p.line(p.t.in(bold, title))
		p.dim(note)
		return
	}
	p.line(p.t.in(bold, title) + "  " + p.t.in(faint, note))
}

func (p *printer) headline() {
	a := p.a
	product := Clean(a.Product)
	if product == "" {
		product = "Product " + notKnown + " (no catalog)"
	}
	days := "the " + Count(int64(a.WindowDays), "day", "days")
	if a.WindowDays == 1 {
		days = "the day"
	}
	text := fmt.Sprintf("%s: of %s that opted in and reported in %s to %s", product,
		Count(a.Denominator, "installation", "installations"), days, a.AsOf)
	for i, line := range wrap(text, p.width) {
		if i == 0 && strings.HasPrefix(line, product) {
			line = p.t.in(bold, product) + line[len(product):]
		}
		p.line(line)
	}
}

// known is a number, where there are installations from which it is known.
func (p *printer) known(n, known int64) string {
	if known == 0 {
		return notKnown
	}
	return Number(n)
}
