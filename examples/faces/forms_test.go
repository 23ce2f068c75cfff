//go:build linux

package main

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
)

// mistake posts a form that must be shown again, with a reason.
func (v *person) mistake(t *testing.T, path string, form url.Values, code int, reason string) {
	t.Helper()
	reply, err := v.PostForm(v.product.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	page, err := io.ReadAll(reply.Body)
	shown := html.UnescapeString(string(page))
	if err != nil || reply.StatusCode != code || !strings.Contains(shown, reason) || !strings.Contains(shown, `<form class="card"`) {
		t.Errorf("POST %s: %s, %v, without %q or the form\n%s", path, reply.Status, err, reason, page)
	}
}

// collection makes an application with a collection and returns its path.
func (v *person) collection(t *testing.T) string {
	t.Helper()
	application := v.post(t, "/applications", url.Values{"name": {"Front door"}})
	return v.post(t, application+"/services", url.Values{"name": {"Staff"}, "type": {compreface.Recognition}})
}

// As many names at once as do not keep everybody else waiting, and not one
// without a letter.
func TestNamesAtOnce(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	v := newPerson(t, p)
	v.signUp(t, "Ann", nil)
	at := v.collection(t) + "/faces"
	const limit = "write 1 to 1000 names at once, one a line, each of at most 200 characters"
	for _, test := range []struct {
		name, names string
		added       int // 0: a mistake
	}{
		{"none", "", 0}, {"blank lines", "\n\r\n \n\t\n\u00a0\n", 0}, {"one", "Ann", 1},
		{"one among blank lines", "\n \r\n  Ann \n\t\n", 1}, {"a long one", strings.Repeat("x", 200), 1}, {"too long", "Ann\n" + strings.Repeat("x", 201), 0},
		{"999", strings.Repeat("Ann\r\n", 999), 999}, {"1000", strings.Repeat("Ann\n", 1000), 1000}, {"1000 and blank lines", strings.Repeat("Ann\n \n", 1000), 1000},
		{"1001", strings.Repeat("Ann\n", 1001), 0}, {"a quarter of a million", strings.Repeat("x\n", 250_000), 0}, {"more than is read", strings.Repeat("Ann\n", 500_000), 0},
	} {
		before := p.rows(t, "faces")
		if test.added == 0 {
			v.mistake(t, at, url.Values{"names": {test.names}}, http.StatusUnprocessableEntity, limit)
		} else {
			v.post(t, at, url.Values{"names": {test.names}})
		}
		if added := p.rows(t, "faces") - before; added != test.added {
			t.Errorf("%s: %d added", test.name, added)
		}
	}
	var blank int
	if err := p.open(t).QueryRowContext(t.Context(), "SELECT count(*) FROM faces WHERE trim(name) = ''").Scan(&blank); err != nil || blank != 0 {
		t.Errorf("%d without a name, %v", blank, err)
	}
}
