package otlpfile

import (
	"strings"
	"testing"
)

func TestFleetIsReadWhole(t *testing.T) {
	for _, name := range []string{"compreface", "affiliate"} {
		s := load(t, name)
		f, result := read(t, string(fleet(t, s, 200)), s)
		if f.reports != 200 || f.kinds() != "" || result.Pending != 0 {
			t.Errorf("%s: got %d reports, rejected %q, pending %d", name, f.reports, f.kinds(), result.Pending)
			t.Log(strings.Join(f.lines[:5],"\n"))
		}
	}
}
