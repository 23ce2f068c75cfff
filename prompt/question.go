package prompt

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/words"
)

// A Question is what Ask asks about. Catalog and Change are required.
type Question struct {
	// Catalog says who asks, why, what would be sent and for how long it is kept,
	// and for which notice the answer is.
	Catalog *catalog.Catalog

	// Change is the command that changes the answer later: at most 200 bytes.
	// Control characters in it are not printed.
	Change string

	// Decided is what was decided so far; nil means nothing was.
	Decided consent.Source

	// By is who answers, in the application's own words: consent.Record's By. It is
	// not shown and never sent. Empty: it is not recorded.
	By string

	// Env is telemetry.Config's: where variables of the environment are looked up.
	// Nil means os.LookupEnv.
	Env func(name string) (value string, set bool)

	// Language is a tag such as "de". Empty means that of the environment: LC_ALL,
	// LC_MESSAGES or LANG. A language that is not shipped is English.
	Language string
}

const maxChange = 200 // bytes

func (q Question) check() error {
	if err := q.Catalog.Err(); err != nil {
		return fmt.Errorf("prompt: %w", err)
	}
	switch change := plain(q.Change); {
	case change == "":
		return errors.New("prompt: the question has no Change: name the command that changes the answer later")
	case len(q.Change) > maxChange:
		return fmt.Errorf("prompt: Change %.40q… is longer than %d bytes", q.Change, maxChange)
	}
	if _, err := consent.Append(nil, consent.Record{Decision: consent.Granted, Notice: 1, By: q.By}, time.Now()); err != nil {
		return fmt.Errorf("prompt: no such answer could be saved: %w", err)
	}
	return nil
}

func (q Question) env(name string) string {
	lookup := q.Env
	if lookup == nil {
		lookup = os.LookupEnv
	}
	value, _ := lookup(name)
	return value
}

// language is the person's. A terminal that does not show UTF-8 gets English,
// which is ASCII here.
func (q Question) language() *words.Language {
	if q.Language != "" {
		return words.Match(q.Language)
	}
	locale := cmp.Or(q.env("LC_ALL"), q.env("LC_MESSAGES"), q.env("LANG"))
	locale, _, _ = strings.Cut(locale, "@")
	tag, charset, named := strings.Cut(locale, ".")
	if named && !strings.EqualFold(strings.ReplaceAll(charset, "-", ""), "utf8") {
		return words.Match()
	}
	return words.Match(strings.ReplaceAll(tag, "_", "-"))
}

// A dialogue is one question to one person.
type dialogue struct {
	Question
	l     *words.Language
	texts catalog.Texts
	page  size
}

// question is why, by whom, what and for how long, and then the question.
func (d *dialogue) question() string {
	about, days := d.texts.About, func(n int) string { return d.l.Count("common.days", int64(n)) }
	var titles []string
	for _, m := range d.Catalog.Metrics() {
		titles = append(titles, d.texts.Metric(m.Name).Title)
	}
	return d.lines(
		d.l.Text("prompt.asks", "recipient", about.Recipient, "product", d.Catalog.Product()),
		d.l.Text("prompt.why", "purpose", about.Purpose),
		d.l.Text("prompt.what", "titles", strings.Join(titles, "; ")),
		d.l.Text("prompt.never"),
		d.l.Text("prompt.kept", "reports", days(about.ReportDays), "figures", days(about.FigureDays)),
		d.l.Text("prompt.change", "change", d.Change),
		"",
		d.l.Text("prompt.question", "recipient", about.Recipient),
	) + d.keys()
}

func (d *dialogue) keys() string {
	return strings.TrimSuffix(d.lines(d.l.Text("prompt.keys")+" [y/N]"), "\n") + " "
}

// said confirms an answer, or that there was none.
func (d *dialogue) said(key string) string {
	return d.lines(d.l.Text(key, "recipient", d.texts.About.Recipient, "change", d.Change))
}

// notice is everything, as lines of plain text.
func (d *dialogue) notice() []string {
	blocks, _ := d.Catalog.Document(d.l.Tag)
	var b strings.Builder
	for _, block := range blocks {
		b.WriteString("\n")
		if text := block.Heading + block.Text; text != "" {
			b.WriteString(d.lines(text))
		}
		for _, item := range block.Items {
			b.WriteString(d.item(item))
		}
		for _, row := range block.Rows {
			if len(row) == 2 {
				b.WriteString(d.item(row[0] + ": " + row[1]))
				continue
			}
			b.WriteString(d.item(row[0]))
			for i, cell := range row[1:] {
				b.WriteString(wrap(block.Head[i+1]+": "+cell, d.page.width, "  ", "  "))
			}
		}
	}
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

func (d *dialogue) item(text string) string { return wrap(text, d.page.width, "- ", "  ") }

// lines wraps each text, and an empty one to an empty line.
func (d *dialogue) lines(texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		b.WriteString(wrap(text, d.page.width, "", ""))
	}
	return b.String()
}
