//go:build linux

package main

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// What another site sends is refused with a page of the product's own, and in
// JSON where the panel's API would answer; what a browser must know of every
// page, it is told of this one too.
func TestFromAnotherSite(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	v := newPerson(t, p)
	v.signUp(t, "Ann", nil)
	own, err := v.Get(p.url + "/")
	if err != nil {
		t.Fatal(err)
	}
	own.Body.Close()
	for path, method := range map[string]string{
		"/signup": "POST", "/logout": "POST", "/applications": "POST", "/nowhere": "POST", "/settings/statistics/decide": "POST",
		"/settings/statistics/api/decision": "PUT", "/settings/statistics/api/nothing": "POST",
	} {
		for name, value := range map[string]string{"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"} {
			r, err := http.NewRequestWithContext(t.Context(), method, p.url+path, strings.NewReader("name=Doorbell"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(name, value)
			reply, err := v.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(reply.Body)
			reply.Body.Close()
			if err != nil || reply.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "a page of another site") {
				t.Errorf("%s with %s: %s, %v\n%s", path, name, reply.Status, err, body)
			}
			if strings.Contains(path, "/api/") {
				isError(t, reply, body)
			} else if !strings.Contains(string(body), "<h1>Not accepted</h1>") {
				t.Errorf("%s with %s is no page of the product\n%s", path, name, body)
			}
			for _, header := range []string{"Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control"} {
				if got, want := reply.Header.Get(header), own.Header.Get(header); got != want || want == "" {
					t.Errorf("%s with %s: %s is %q, on other pages %q", path, name, header, got, want)
				}
			}
		}
	}
	if n := p.rows(t, "applications"); n != 0 {
		t.Errorf("%d applications", n)
	}
}
