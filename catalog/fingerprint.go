package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// Fingerprint identifies what is sent and what people are told: every name, unit,
// label and value, every range with its words, and the whole text of the notice. It
// does not depend on anything else. It is empty if the catalog has an error.
//
// The order of the statistics counts too, because the notice shows it.
func (c *Catalog) Fingerprint() string {
	if c.Err() != nil {
		return ""
	}
	type sent struct {
		Kind       Kind
		Name, Unit string
		Range      string // how the page words a range
		Attributes []Attribute
	}
	var list []sent
	for _, d := range c.metrics {
		list = append(list, sent{d.kind, d.name, d.unit, d.text.Range, d.attributes})
	}
	told, err := c.Notice()
	wire, failed := json.Marshal(list)
	if errors.Join(err, failed) != nil {
		return "" // strings and integers only: cannot happen, and would fail the golden test
	}
	sum := sha256.Sum256(append(wire, told...))
	return hex.EncodeToString(sum[:])
}
