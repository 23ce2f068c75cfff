package answer

import "encoding/json"

// A Maybe is a number, or not known: null in JSON. The zero value is not
// known.
type Maybe struct {
	N     int64
	Known bool
}

// MarshalJSON writes the number or null.
func (m Maybe) MarshalJSON() ([]byte, error) {
	if !m.Known {
		return []byte("null"), nil
	}
	return json.Marshal(m.N)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *Maybe) UnmarshalJSON(data []byte) error {
	var n *int64
	if err := json.Unmarshal(data, &n); err != nil {
		return err
	}
	*m = Maybe{}
	if n != nil {
		*m = Maybe{*n, true}
	}
	return nil
}
