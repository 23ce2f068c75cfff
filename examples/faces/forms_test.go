//go:build linux

package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

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

// A character is one, however many bytes it has; a password's bytes count.
func TestLengths(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	v := newPerson(t, p)
	v.signUp(t, "Ann", nil)
	collection := v.collection(t)
	application := v.post(t, "/applications", url.Values{"name": {"Front door"}})
	for _, test := range []struct {
		of   string
		n    int
		fits bool
	}{
		{"ä", 1, true}, {"ä", 199, true}, {"ä", 200, true}, {"ä", 201, false},
		{"a", 200, true}, {"a", 201, false}, {"𝒶", 200, true}, {"𝒶", 201, false},
	} {
		text := strings.Repeat(test.of, test.n)
		email := strings.Repeat(test.of, test.n-1) + "@" // as long
		for _, form := range []struct {
			path   string
			fields url.Values
		}{
			{"/signup", url.Values{"name": {"Bob"}, "email": {email}, "password": {password}}},
			{"/signup", url.Values{"name": {text}, "email": {fmt.Sprint(test, "@faces.example")}, "password": {password}}},
			{"/applications", url.Values{"name": {text}}},
			{application + "/services", url.Values{"name": {text}, "type": {compreface.Detection}}},
			{collection + "/faces", url.Values{"names": {"Ann\n" + text}}},
		} {
			if test.fits {
				v.post(t, form.path, form.fields)
			} else {
				v.mistake(t, form.path, form.fields, http.StatusUnprocessableEntity, "at most 200 characters")
			}
		}
	}
}

func TestPasswords(t *testing.T) {
	for text, says := range map[string]string{
		strings.Repeat("a", 9): "at least 10 characters", strings.Repeat("a", 10): "", strings.Repeat("a", 72): "", strings.Repeat("a", 73): "72 bytes",
		strings.Repeat("ä", 9): "at least 10 characters", strings.Repeat("ä", 10): "", strings.Repeat("ä", 36): "", strings.Repeat("ä", 37): "72 bytes",
	} {
		err := checkPassword(text)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", text, err, says)
		}
		if _, err := bcrypt.GenerateFromPassword([]byte(text), bcrypt.MinCost); (err == nil) != (says != "72 bytes") {
			t.Errorf("%s: %v", text, err)
		}
	}
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	newPerson(t, p).mistake(t, "/signup", url.Values{"name": {"Ann"}, "email": {"ann@faces.example"}, "password": {strings.Repeat("ä", 37)}},
		http.StatusUnprocessableEntity, "the password may have 72 bytes")
}

// What PostgreSQL cannot keep is a mistake in the form, and the name of
// nothing in an address, whichever database there is.
func TestNoText(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		p := startProduct(t, &product{endpoint: "http://127.0.0.1:9", database: database})
		v := newPerson(t, p)
		v.signUp(t, "Ann", nil)
		collection := v.collection(t)
		all, err := p.open(t).applications(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		stored := []string{"users", "applications", "services", "faces", "sessions"}
		before := p.rows(t, stored...)
		for _, bad := range []string{"\x00", "a\x00b", "\xff", "a\xc3", "\xed\xa0\x80"} {
			mistake := func(path string, form url.Values) {
				t.Helper()
				v.mistake(t, path, form, http.StatusUnprocessableEntity, errNoText.Error())
			}
			mistake("/signup", url.Values{"name": {bad}, "email": {"bob@faces.example"}, "password": {password}})
			mistake("/signup", url.Values{"name": {"Bob"}, "email": {bad + "@faces.example"}, "password": {password}})
			mistake("/login", url.Values{"email": {bad + "@faces.example"}, "password": {password}})
			mistake("/applications", url.Values{"name": {bad}})
			mistake("/applications/"+all[0].ID+"/services", url.Values{"name": {bad}, "type": {compreface.Recognition}})
			mistake(collection+"/faces", url.Values{"names": {"Bob\n" + bad}})
			at := url.PathEscape(bad)
			for path, form := range map[string]url.Values{
				"/applications/" + at: nil, "/services/" + at: nil, "/" + at: nil,
				"/applications/" + at + "/services": {"name": {"Doorbell"}, "type": {compreface.Recognition}},
				"/services/" + at + "/faces":        {"names": {"Bob"}},
			} {
				ask := v.Get
				if form != nil {
					ask = func(url string) (*http.Response, error) { return v.PostForm(url, form) }
				}
				reply, err := ask(p.url + path)
				if err != nil {
					t.Fatal(err)
				}
				reply.Body.Close()
				if reply.StatusCode != http.StatusNotFound {
					t.Errorf("%s: %s", path, reply.Status)
				}
			}
		}
		if after := p.rows(t, stored...); after != before {
			t.Errorf("%d rows, before %d", after, before)
		}
		p.stop(t)
		if log := p.log.String(); log != "" {
			t.Errorf("the log is %s", log)
		}
	})
}
