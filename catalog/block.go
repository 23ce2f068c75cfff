package catalog

import "strings"

// A Block is one part of a notice: a heading, a paragraph, a list or a table. [Catalog.Document]
// returns the blocks of a notice in the order in which people read them.
//
// Exactly one of Heading, Text, Items and Head is set, and Rows is set with Head. That is how a
// program knows which kind of block it has. All strings are plain text: escape them to show
// them in HTML. In Arabic they contain invisible marks that keep values in their place in the
// line: show these too. The JSON tags are part of the API of package panel.
type Block struct {
	// Heading is a heading. The first block of a notice is its title; the other
	// headings are all of one level.
	Heading string `json:"heading,omitempty"`

	// Text is a paragraph.
	Text string `json:"text,omitempty"`

	// Items are the entries of a list that is not numbered.
	Items []string `json:"items,omitempty"`

	// Head holds the headings of a table, one for each column.
	Head []string `json:"head,omitempty"`

	// Rows are the rows of the table below Head. Each has one cell for each column.
	Rows [][]string `json:"rows,omitempty"`
}

// markdown writes blocks as Markdown. It escapes nothing. The texts must not contain
// characters that mean something in Markdown: [New] and the tests of package texts check that.
func markdown(blocks []Block) string {
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
