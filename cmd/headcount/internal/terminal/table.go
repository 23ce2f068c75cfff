package terminal

import (
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// plain is a table of columns without lines.
var plain = func() table.Style {
	s := table.StyleDefault
	s.Name = "plain"
	s.Options = table.OptionsNoBordersAndSeparators
	s.Box.PaddingLeft, s.Box.PaddingRight = "", "  "
	s.Format = table.FormatOptions{Header: text.FormatDefault, Row: text.FormatDefault, Footer: text.FormatDefault}
	return s
}()

// table lays out rows below a header: the first column to the left, cut to
// what fits, the others to the right, every line after the indent.
func (t Terminal) table(indent string, header []string, rows [][]string) []string {
	first := t.columns() - text.StringWidth(indent)
	for i := 1; i < len(header); i++ {
		first -= 2 + widest(header, rows, i)
	}
	for _, r := range rows {
		r[0] = shorten(r[0], max(first, 8))
	}
	w := table.NewWriter()
	w.SetStyle(plain)
	w.SuppressTrailingSpaces()
	w.AppendHeader(rowOf(header, func(s string) string { return t.in(faint, s) }))
	for _, r := range rows {
		w.AppendRow(rowOf(r, nil))
	}
	configs := make([]table.ColumnConfig, len(header))
	for i := range header {
		align := text.AlignRight
		if i == 0 {
			align = text.AlignLeft
		}
		configs[i] = table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align}
	}
	w.SetColumnConfigs(configs)
	lines := strings.Split(w.Render(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(indent+line, " ")
	}
	return lines
}

func rowOf(cells []string, dress func(string) string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		if dress != nil {
			c = dress(c)
		}
		row[i] = c
	}
	return row
}

// widest is the width of a column.
func widest(header []string, rows [][]string, column int) int {
	wide := text.StringWidth(header[column])
	for _, r := range rows {
		if column < len(r) {
			wide = max(wide, text.StringWidth(r[column]))
		}
	}
	return wide
}
