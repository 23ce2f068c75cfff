package export

import (
	"encoding/json"
	"io"

	"headcount.example/cmd/headcount/internal/answer"
)

// JSON writes an answer as its JSON contract, indented by two spaces.
func JSON(w io.Writer, a *answer.Answer) error { return Indented(w, a) }

// Indented writes a value as JSON, indented by two spaces, with < and > as
// they are.
func Indented(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
