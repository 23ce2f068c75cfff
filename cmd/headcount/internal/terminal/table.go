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

// table lays out rows below a header: the first so many columns to the
// left, the others to the right, every line after the indent.
func (t Terminal) table(indent string, left int, header []string, rows [][]string) []string {
	w := table.NewWriter()
	w.SetStyle(plain)
	w.SuppressTrailingSpaces()
	w.AppendHeader(rowOf(header, func(s string) string { return t.in(faint, s) }))
	for _, r := range rows {
		w.AppendRow(rowOf(r, nil))
	}
	configs := make([]table.ColumnConfig, len(header))
	for i := range header {
		configs[i] = table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight}
		if i < left {
			configs[i].Align, configs[i].AlignHeader = text.AlignLeft, text.AlignLeft
		}
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
