package live

import (
	"bytes"
	"testing"
)

func TestReports(t *testing.T) {
	const a, b = `{"resourceMetrics":[1]}`, `{"resourceMetrics":[{"x":"{}"}]}`
	for name, c := range map[string]struct {
		data, want string
		torn       int
	}{
		"nothing":                         {"", "", 0},
		"a line each":                     {a + "\n" + b + "\n", a + "|" + b, 0},
		"killed before the end of line":   {a + b + "\n" + a, a + "|" + b + "|" + a, 0},
		"killed in the middle":            {a[:9] + b + "\n" + a[:22] + b + a + "\n", b + "|" + b + "|" + a, 2},
		"killed at the end of the file":   {a + "\n" + b[:25], a, 1},
		"killed within the first name":    {a + "\n" + b[:5], a, 1},
		"not of an exporter":              {"x\n" + a + "x\n", "x|" + a + "x", 0},
		"an empty line is not a report":   {a + "\n\n", a + "|", 0},
		"a report of which half is twice": {a[:20] + a[:20] + a + "\n", a, 2},
	} {
		pieces, torn := Reports([]byte(c.data))
		if got := string(bytes.Join(pieces, []byte("|"))); got != c.want || torn != c.torn {
			t.Errorf("%s: got %q and %d torn, want %q and %d", name, got, torn, c.want, c.torn)
		}
	}
}
