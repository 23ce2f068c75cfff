package told

import (
	"html/template"
	"slices"
	"strings"

	"headcount.example/catalog"
	"headcount.example/telemetry"
)

// Mail returns the target of a link to a contact, which is an https URL or an e-mail
// address.
func Mail(contact string) string {
	if strings.HasPrefix(contact, "https:") {
		return contact
	}
	return "mailto:" + contact
}

// Broken returns a technical name that can be broken into lines after a dot or an
// underscore, and nowhere else.
func Broken(name string) template.HTML {
	return template.HTML(strings.NewReplacer(".", ".<wbr>", "_", "_<wbr>").Replace(template.HTMLEscapeString(name)))
}

// Erases says whether a report is a request to erase.
func Erases(of *catalog.Catalog, r telemetry.Report) bool {
	name := of.Erasure().Name
	return slices.ContainsFunc(r.Points, func(at telemetry.Point) bool { return at.Name == name })
}
