// Package terminal shows answers and progress as text for people: in colour
// and as wide as the window where there is a terminal, plain and 80 columns
// wide elsewhere.
package terminal

import (
	"os"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// Widths of the text, in columns.
const (
	DefaultWidth = 80
	MinWidth     = 64
	MaxWidth     = 160
)

// A Terminal is what text is written to. The zero value is a file: 80
// columns, no colour.
type Terminal struct {
	Width       int  // columns; 0 for DefaultWidth
	Colour      bool // takes colours
	Interactive bool // is a terminal, so a line can be written over
}

// Of says what is behind a writer: a terminal where it has the descriptor of
// one. NO_COLOR and TERM=dumb turn colour off.
func Of(w any) Terminal {
	f, ok := w.(interface{ Fd() uintptr })
	if !ok {
		return Terminal{}
	}
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return Terminal{}
	}
	width, _, err := term.GetSize(fd)
	if err != nil {
		width = 0
	}
	dumb := os.Getenv("TERM") == "dumb"
	return Terminal{Width: width, Colour: os.Getenv("NO_COLOR") == "" && !dumb, Interactive: !dumb}
}

// columns is the width to use.
func (t Terminal) columns() int {
	if t.Width <= 0 {
		return DefaultWidth
	}
	return min(max(t.Width, MinWidth), MaxWidth)
}

// A style is the number of an ANSI attribute.
type style string

const (
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	blue   style = "34"
)

func (t Terminal) in(s style, what string) string {
	if !t.Colour || what == "" {
		return what
	}
	return "\x1b[" + string(s) + "m" + what + "\x1b[0m"
}

// Clean replaces what is no printable character, such as the escapes that
// steer a terminal: names in the data are of unknown origin.
func Clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, strings.ToValidUTF8(s, "·"))
}

// shorten cuts a text to so many columns, with … in place of its end.
func shorten(s string, width int) string {
	if text.StringWidth(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	return text.Trim(s, width-1) + "…"
}

// pad fills a text with spaces to so many columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(width-text.StringWidthWithoutEscSequences(s), 0))
}

// padLeft fills a text with spaces before it.
func padLeft(s string, width int) string {
	return strings.Repeat(" ", max(width-text.StringWidthWithoutEscSequences(s), 0)) + s
}

// wrap breaks a text at spaces, to lines of so many columns. A word that is
// wider has a line of its own.
func wrap(s string, width int) []string {
	var lines []string
	for i, word := range strings.Split(s, " ") {
		last := len(lines) - 1
		if i == 0 || text.StringWidth(lines[last])+1+text.StringWidth(word) > width {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
}
