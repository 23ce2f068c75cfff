// Package page writes the answer as one HTML page: self-contained, without
// script, with small SVG charts of its own and the numbers of each chart in a
// table. The same page is the file that report writes and what serve shows.
//
// Everything that is text in the answer is hostile: without a catalog, names
// and labels are as a sender wrote them. html/template escapes all of it.
package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// Options say what the page has beside the answer. The zero value is a file
// without controls.
type Options struct {
	// List has the descriptions, units and order of labels. nil: names alone.
	List *schema.Schema

	// Live is set where a server shows the page.
	Live *Live
}

// Live is what a page has that a server shows.
type Live struct {
	Windows []int                              // to choose from
	Latest  day.Day                            // the last complete day; the one after it can be asked for
	Link    func(window int, d day.Day) string // the page for a window and day
	CSV     func(name string) string           // the table of a chart
	JSON    string                             // the answer
}

//go:embed template
var files embed.FS

var (
	style  = read("style.css")
	policy = "default-src 'none'; style-src '" + hash(style) + "'; img-src data:; base-uri 'none'"
	pages  = template.Must(template.New("").Funcs(template.FuncMap{"last": lastOf, "rangesOf": newRanges, "dots": dots}).ParseFS(files, "template/*.html"))
)

func read(name string) string {
	data, err := files.ReadFile("template/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.TrimSpace(string(data))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Policy is the Content-Security-Policy of every page here, for a server's
// header: nothing may be loaded, run or framed.
func Policy() string { return policy + "; form-action 'self'; frame-ancestors 'none'" }

// Write writes the page of an answer.
func Write(w io.Writer, a *answer.Answer, o Options) error {
	return execute(w, "page.html", newModel(a, o))
}

// Message writes a page that says one thing: what is wrong and what to do. It
// links to the page of the answers.
func Message(w io.Writer, title, text, remedy string) error {
	return execute(w, "message.html", struct {
		head
		Text, Remedy string
	}{newHead(title), text, remedy})
}

// execute writes to a buffer first, so that half a page is never shown.
func execute(w io.Writer, name string, data any) error {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return err
	}
	_, err := b.WriteTo(w)
	return err
}

// A head is what every page begins with.
type head struct {
	Title  string
	Policy string
	Style  template.HTML
	Icon   template.URL
}

// The icon is three bars, in a colour that is seen on light and dark.
const icon = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%233b82c4' d='M1 10h4v5H1zM6 6h4v9H6zM11 1h4v14h-4z'/%3E%3C/svg%3E`

func newHead(title string) head {
	return head{Title: title, Policy: policy, Style: template.HTML("<style>" + style + "</style>"), Icon: icon}
}
