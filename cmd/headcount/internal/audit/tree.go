package audit

import (
	"bytes"
	"encoding/json"
	"errors"
)

// A node is a JSON value that keeps its bytes, its order and keys that come
// twice, which a map would hide.
type node struct {
	kind    byte // '{', '[', 's' for a text, 'n' for a number, 't', 'f', '0' for null
	text    string
	raw     []byte
	members []member
	items   []*node
}

type member struct {
	key   string
	value *node
}

const maxDepth = 500

// parse reads one JSON value and nothing behind it.
func parse(data []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	n, err := value(d, data, 0)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(data[d.InputOffset():])) > 0 {
		return nil, errors.New("more than one JSON value")
	}
	return n, nil
}

func value(d *json.Decoder, data []byte, depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errors.New("too deep")
	}
	before := d.InputOffset()
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &node{}
	switch t := t.(type) {
	case json.Delim:
		n.kind = byte(t)
		if t != '{' && t != '[' {
			return nil, errors.New("not a value")
		}
		if err := n.fill(d, data, depth); err != nil {
			return nil, err
		}
	case string:
		n.kind, n.text = 's', t
	case json.Number:
		n.kind, n.text = 'n', t.String()
	case bool:
		if n.kind = 'f'; t {
			n.kind = 't'
		}
	default:
		n.kind = '0'
	}
	n.raw = bytes.TrimLeft(data[before:d.InputOffset()], " \t\r\n,:")
	return n, nil
}

// fill reads the members or items, and the closing bracket.
func (n *node) fill(d *json.Decoder, data []byte, depth int) error {
	for d.More() {
		var key string
		if n.kind == '{' {
			t, err := d.Token()
			if err != nil {
				return err
			}
			key, _ = t.(string)
		}
		v, err := value(d, data, depth+1)
		if err != nil {
			return err
		}
		if n.kind == '{' {
			n.members = append(n.members, member{key, v})
		} else {
			n.items = append(n.items, v)
		}
	}
	_, err := d.Token()
	return err
}

// empty reports whether a value says nothing: OTLP's JSON may spell out what
// protobuf leaves out.
func (n *node) empty() bool {
	switch n.kind {
	case '{':
		return len(n.members) == 0
	case '[':
		return len(n.items) == 0
	case 's', 'n':
		return n.text == "" || n.text == "0"
	}
	return n.kind != 't'
}
