package panel_test

import (
	"net/http"
	"regexp"
	"testing"

	"headcount.example/consent"
)

// The whole life on the page: every button, and what the page says after it.
func TestLife(t *testing.T) {
	h := open(t, "", nil)
	steps := []struct{ before, press, after string }{
		{`^No decision has been made`, "granted", `^On since \d+ \w+ \d{4}, for notice 1.$`},
		{`^On since`, "denied", `^Turned off on \d+ \w+ \d{4} \(settings\)`},
		{`^Turned off`, "granted", `^On since`},
		{`^On since`, "erase", `^Turned off`},
	}
	for _, step := range steps {
		if got := h.status(t); !regexp.MustCompile(step.before).MatchString(got) {
			t.Fatalf("before %s the page says %q", step.press, got)
		}
		w := h.do(form(h.pressed(t, step.press)))
		if w.Code != http.StatusSeeOther {
			t.Fatalf("%s: %d\n%s", step.press, w.Code, w.Body)
		}
		if got := h.status(t); !regexp.MustCompile(step.after).MatchString(got) {
			t.Fatalf("after %s the page says %q", step.press, got)
		}
	}
	var got []consent.Decision
	for _, r := range h.records(t) {
		got = append(got, r.Decision)
	}
	if len(got) != 4 || h.stats.Status().On {
		t.Errorf("the records are %v", got)
	}
}
