// Package answer understands what a person said on a page of package panel: in a
// form, or in JSON. What is not a clear answer is none.
package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"headcount.example/consent"
)

// An Answer is a decision about one notice.
type Answer struct {
	Decision consent.Decision
	Notice   int
	Erase    bool   // and ask to erase what was sent
	Seen     string // what stood when the page or the state was made; a no needs none
}

// Token is the name of the field of a form that holds the browser's token.
const Token = "headcount_token"

// Form understands what the page's buttons send: the fields decision, notice
// and seen, each once. Fields with other names are the application's own.
func Form(body string) (a Answer, fields url.Values, ok bool) {
	fields, err := url.ParseQuery(body)
	if err != nil || len(fields["decision"]) != 1 || len(fields["notice"]) != 1 || len(fields["seen"]) != 1 || len(fields[Token]) > 1 {
		return Answer{}, nil, false
	}
	a.Notice, ok = Number(fields.Get("notice"))
	a.Seen = fields.Get("seen")
	switch fields.Get("decision") {
	case "granted":
		a.Decision = consent.Granted
	case "denied":
		a.Decision = consent.Denied
	case "erase":
		a.Decision, a.Erase = consent.Denied, true
	case "later", "send", "earlier": // no decisions
	default:
		ok = false
	}
	if !ok || a.Seen == "" {
		return Answer{}, nil, false
	}
	return a, fields, true
}

// Number reads a notice's number as we write it.
func Number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text {
		return 0, false
	}
	return n, true
}

// JSON understands one object with the fields decision and notice, seen
// if it is there, and erase with a no: each once, spelled like this, and
// nothing after it. The usual decoder would take the last of two decisions, and
// "DECISION" for one. Its errors are for the author of the requests.
func JSON(data []byte) (a Answer, err error) {
	fields, err := read(data)
	if err != nil {
		return Answer{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains([]string{"decision", "notice", "seen", "erase"}, name) {
			return Answer{}, fmt.Errorf("the field %.40q is not known: there are decision, notice, seen and erase", name)
		}
	}
	digits, _ := fields["notice"].(json.Number)
	var noted, seen, erase bool
	a.Decision = map[any]consent.Decision{"granted": consent.Granted, "denied": consent.Denied}[fields["decision"]]
	a.Notice, noted = Number(digits.String())
	a.Seen, seen = fields["seen"].(string)
	a.Erase, erase = fields["erase"].(bool)
	given := func(name string) bool { _, is := fields[name]; return is }
	switch {
	case a.Decision == consent.Undecided:
		err = errors.New(`the field decision must be "granted" or "denied"`)
	case !noted:
		err = errors.New("the field notice must be the number of the notice that was read, such as 1")
	case given("seen") && !seen:
		err = errors.New("the field seen must be the text of that name in the state")
	case given("erase") && !erase, a.Erase && a.Decision != consent.Denied:
		err = errors.New(`the field erase must be true or false, and may be true only with the decision "denied"`)
	}
	if err != nil {
		return Answer{}, err
	}
	return a, nil
}

// Identifier understands one object with the field identifier, a text, and nothing else.
func Identifier(data []byte) (identifier string, ok bool) {
	fields, err := read(data)
	identifier, ok = fields["identifier"].(string)
	return identifier, ok && err == nil && len(fields) == 1
}

// read reads one JSON object whose fields are neither objects nor lists, each there
// once.
func read(data []byte) (map[string]any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var tokens []any
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is not JSON: %w", err)
		}
		tokens = append(tokens, token)
	}
	last := len(tokens) - 1
	if last < 1 || tokens[0] != json.Delim('{') || tokens[last] != json.Delim('}') {
		return nil, errors.New(`send one JSON object, such as {"decision":"denied","notice":1}`)
	}
	fields := map[string]any{}
	delim := func(token any) bool { _, is := token.(json.Delim); return is }
	for pair := range slices.Chunk(tokens[1:last], 2) { // up to the first delimiter: a name and its value
		if delim(pair[0]) {
			return nil, errors.New("something follows the object: send one object and nothing else")
		}
		name := pair[0].(string)
		if delim(pair[1]) {
			return nil, fmt.Errorf("the field %.40q is an object or a list, and no field may be one", name)
		}
		if _, twice := fields[name]; twice {
			return nil, fmt.Errorf("the field %.40q is there twice", name)
		}
		fields[name] = pair[1]
	}
	return fields, nil
}
