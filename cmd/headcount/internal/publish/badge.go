package publish

import (
	"bytes"
	_ "embed"
	"text/template"
)

//go:embed badge.svg.tmpl
var badgeText string

// All texts of the badge are made here: they have no letter that XML quotes.
var badgeTemplate = template.Must(template.New("badge").Parse(badgeText))

const badgeLabel = "active installations"

// renderBadge draws the headline as a small picture.
func renderBadge(s Stats) ([]byte, error) {
	value := headline(s.Active)
	if s.Preview {
		value = "preview"
	}
	left, right := width(badgeLabel), width(value)
	var b bytes.Buffer
	err := badgeTemplate.Execute(&b, map[string]any{
		"Label": badgeLabel, "Value": value, "Left": left, "Right": right, "Width": left + right,
		"LabelAt": left / 2, "ValueAt": left + right/2, "LabelLength": left - 2*badgePad, "ValueLength": right - 2*badgePad,
	})
	return b.Bytes(), err
}

const badgePad = 6

// width is about what a text needs at 11 pixels; textLength makes it exact.
func width(text string) int {
	tenths := 0
	for _, r := range text {
		switch r {
		case 'i', 'l', 't', 'f', 'r', ' ', ',', '.':
			tenths += 40
		case 'm', 'w':
			tenths += 100
		default:
			tenths += 67
		}
	}
	return tenths/10 + 2*badgePad
}
