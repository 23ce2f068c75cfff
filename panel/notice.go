package panel

import (
	"slices"
	"strings"
)

// A block of the notice: a heading, a paragraph, a list or a table.
type block struct {
	Heading, Text string
	Items         []string
	Head          []string
	Rows          [][]string
}

// blocks reads the Markdown that a catalog's notice is written in, which uses
// little of it, so that the page can show it as text and not as source. What it
// does not know it shows as a paragraph: nothing is left out.
func blocks(markdown string) []block {
	var list []block
	for part := range strings.SplitSeq(markdown, "\n\n") {
		lines := strings.Split(strings.Trim(part, "\n"), "\n")
		// A note for those who edit the file.
		lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "<!--") && strings.HasSuffix(l, "-->") })
		if len(lines) == 0 {
			continue
		}
		switch first := lines[0]; {
		case strings.HasPrefix(first, "#") && len(lines) == 1:
			list = append(list, block{Heading: inline(strings.TrimLeft(first, "# "))})
		case strings.HasPrefix(first, "| ") && len(lines) > 2:
			b := block{Head: cells(first)}
			for _, line := range lines[2:] { // below the rule
				b.Rows = append(b.Rows, cells(line))
			}
			list = append(list, b)
		case strings.HasPrefix(first, "- "):
			text := strings.TrimPrefix(strings.Join(lines, "\n"), "- ")
			var b block
			for item := range strings.SplitSeq(text, "\n- ") {
				b.Items = append(b.Items, inline(item))
			}
			list = append(list, b)
		default:
			list = append(list, block{Text: inline(strings.Join(lines, "\n"))})
		}
	}
	return list
}

func cells(line string) []string {
	var list []string
	for cell := range strings.SplitSeq(strings.Trim(line, "| "), " | ") {
		list = append(list, inline(cell))
	}
	return list
}

// inline is text without marks and without line breaks.
func inline(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("`", "", "*", "").Replace(text)), " ")
}
