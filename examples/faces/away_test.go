//go:build linux

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// away takes the database of a running product away, and returns what gives it
// back. PostgreSQL ends all connections to it and takes no new ones; in SQLite,
// which cannot be away, log-ins cannot be read.
func (p *product) away(t *testing.T) (back func()) {
	t.Helper()
	do := func(db *store, statement string) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if p.database == "" {
		db := p.open(t)
		do(db, "ALTER TABLE sessions RENAME TO away")
		return func() { do(db, "ALTER TABLE away RENAME TO sessions") }
	}
	at := mustParse(t, p.database)
	name := strings.TrimPrefix(at.Path, "/")
	at.Path = "/postgres"
	db, err := openStore(t.Context(), at.String(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	do(db, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	do(db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	return func() { do(db, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true") }
}

// isError checks that an answer is JSON, and has an error.
func isError(t *testing.T, reply *http.Response, body []byte) {
	t.Helper()
	var says struct{ Error string }
	err := json.Unmarshal(body, &says)
	if err != nil || says.Error == "" || reply.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%s: %v, %s, %q", reply.Request.URL.Path, err, reply.Header.Get("Content-Type"), body)
	}
}

// While the database is away no person is told that they are not logged in, or
// that they may not: it is not known. When it is back they still are, and may.
func TestDatabaseAway(t *testing.T) {
	databases(t, func(t *testing.T, database string) {
		p := startProduct(t, &product{endpoint: "http://127.0.0.1:9", database: database})
		v := newPerson(t, p)
		v.signUp(t, "Ann", yes)
		v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		says := func(code int, reply *http.Response, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			defer reply.Body.Close()
			page, err := io.ReadAll(reply.Body)
			if strings.Contains(reply.Request.URL.Path, "/api/") {
				isError(t, reply, page)
			}
			if honest := strings.Contains(string(page), "this could not be done; the log says why"); err != nil || reply.StatusCode != code || honest != (code == http.StatusInternalServerError) {
				t.Errorf("%s %s: %s to %q, %v\n%s", reply.Request.Method, reply.Request.URL.Path, reply.Status, reply.Header.Get("Location"), err, page)
			}
		}
		get := func(path string, code int) {
			t.Helper()
			reply, err := v.Get(p.url + path)
			says(code, reply, err)
		}
		back := p.away(t)
		for _, path := range []string{"/", "/settings", "/settings/statistics/", "/settings/statistics/api/state", "/settings/statistics/api/preview", "/settings/statistics/api/nothing"} {
			get(path, http.StatusInternalServerError)
		}
		for _, path := range []string{"/settings/statistics/decide", "/settings/report", "/applications", "/logout"} {
			reply, err := v.PostForm(p.url+path, url.Values{"decision": {"denied"}, "notice": {"1"}})
			says(http.StatusInternalServerError, reply, err)
		}
		if database != "" { // all of it is away
			get("/login", http.StatusInternalServerError)
		}
		back()
		get("/", http.StatusOK)
		get("/settings/statistics/", http.StatusOK)
		v.CheckRedirect = nil
		v.decide(t, "denied")
		p.stop(t)
		if log := p.log.String(); !strings.Contains(log, "level=ERROR msg=request method=POST path=/settings/statistics/decide") {
			t.Errorf("the log is %s", log)
		}
	})
}
