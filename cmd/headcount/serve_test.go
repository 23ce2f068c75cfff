package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/page"
	"headcount.example/cmd/headcount/internal/page/pagetest"
)

const goodToken = "0123456789abcdef"

// fleetServer serves a made fleet, on the day after its last one.
func fleetServer(f *pagetest.Fleet) *server {
	return newServer(func(context.Context) (*source, error) { return &source{f.Counts, f.List, f.List, f.Beside}, nil },
		func() day.Day { return pagetest.AsOf + 1 })
}

// get asks a server for a path, as a browser on this machine does.
func get(s *server, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8088"+path, nil)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	s.handler().ServeHTTP(w, r)
	return w
}

func TestServe(t *testing.T) {
	s := fleetServer(pagetest.New("compreface", 200, 120))
	for _, test := range []struct {
		name, path string
		status     int
		kind, want string
	}{
		{"page", "/", 200, "text/html; charset=utf-8", "in the 28 days to 25\u00a0November 2026"},
		{"window", "/?window=7", 200, "text/html; charset=utf-8", "in the 7 days to 25\u00a0November 2026"},
		{"date", "/?as_of=2026-11-01", 200, "text/html; charset=utf-8", "in the 28 days to 1\u00a0November 2026"},
		{"today", "/?as_of=2026-11-26", 200, "text/html; charset=utf-8", "is not over"},
		{"smallest window", "/?window=1", 200, "text/html; charset=utf-8", "on 25\u00a0November 2026"},
		{"largest window", "/?window=1000", 200, "text/html; charset=utf-8", "in the 1,000 days to"},
		{"first day", "/?as_of=2020-01-01", 200, "text/html; charset=utf-8", "No report until 1\u00a0January 2020. The first is of "},
		{"today as JSON", "/report.json?as_of=2026-11-26", 200, "application/json", `"2026-11-26 is not over; reports up to it`},
		{"table", "/csv/activity.csv?as_of=2026-11-01", 200, "text/csv; charset=utf-8", "2026-11-01,"},
		{"json", "/report.json?window=7", 200, "application/json", `"window_days": 7`},
		{"health", "/healthz", 200, "text/plain; charset=utf-8", "ok"},
		{"window 0", "/?window=0", 400, "text/html; charset=utf-8", `window="0" is not a number of days from 1 to 1000`},
		{"window too large", "/?window=1001", 400, "text/html; charset=utf-8", `window="1001"`},
		{"window empty", "/?window=", 400, "text/html; charset=utf-8", `window=""`},
		{"window markup", "/csv/activity.csv?window=<script>", 400, "text/html; charset=utf-8", `window="&lt;script&gt;"`},
		{"no date", "/report.json?as_of=2026-02-30", 400, "text/html; charset=utf-8", `as_of="2026-02-30" is not a day of the calendar: February 2026 has 28 days`},
		{"future", "/?as_of=2026-11-27", 400, "text/html; charset=utf-8", `as_of="2026-11-27" is not a day from 2020-01-01 to today, 2026-11-26`},
		{"before", "/?as_of=2019-12-31", 400, "text/html; charset=utf-8", `as_of="2019-12-31"`},
		{"no page", "/nothing", 404, "text/html; charset=utf-8", "no such page"},
		{"no table", "/csv/secret.csv", 404, "text/html; charset=utf-8", "activity.csv"},
		{"no ending", "/csv/activity", 404, "text/html; charset=utf-8", "no such table"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := get(s, test.path)
			body := strings.NewReplacer("&#34;", `"`).Replace(w.Body.String())
			if w.Code != test.status || w.Header().Get("Content-Type") != test.kind || !strings.Contains(body, test.want) {
				t.Errorf("got %d %s %.600s, want %d %s with %q", w.Code, w.Header().Get("Content-Type"), body, test.status, test.kind, test.want)
			}
			for header, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
				"Referrer-Policy": "no-referrer", "Content-Security-Policy": page.Policy(), "Set-Cookie": ""} {
				if got := w.Header().Get(header); got != want {
					t.Errorf("%s: got %q, want %q", header, got, want)
				}
			}
		})
	}
}

// report.json is what report --format json writes.
func TestServeJSON(t *testing.T) {
	f := pagetest.New("compreface", 50, 60)
	var want bytes.Buffer
	if err := export.JSON(&want, f.Answer(28)); err != nil {
		t.Fatal(err)
	}
	got := get(fleetServer(f), "/report.json").Body.String()
	if got != want.String() || !json.Valid([]byte(got)) {
		t.Errorf("got %.200s, want %.200s", got, want.String())
	}
}

// Each link of the page leads to something.
func TestServeLinks(t *testing.T) {
	s := fleetServer(pagetest.New("affiliate", 200, 120))
	links := 0
	for _, part := range strings.Split(get(s, "/").Body.String(), ` href="`)[1:] {
		link, _, _ := strings.Cut(part, `"`)
		link = strings.ReplaceAll(link, "&amp;", "&")
		if !strings.HasPrefix(link, "/") {
			continue
		}
		links++
		if w := get(s, link); w.Code != http.StatusOK {
			t.Errorf("%s: got %d", link, w.Code)
		}
	}
	if links < 8 {
		t.Errorf("got %d links, want 8 or more", links)
	}
}

func TestServeMethods(t *testing.T) {
	s := fleetServer(pagetest.Empty("compreface"))
	for method, want := range map[string]int{http.MethodHead: 200, http.MethodPost: 405, http.MethodPut: 405, http.MethodDelete: 405, http.MethodOptions: 405, "TRACE": 405} {
		w := get(s, "/", func(r *http.Request) { r.Method = method })
		if w.Code != want || want == 405 && w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, allowed %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
}

// A page of another site whose name was made to point to this machine reads
// nothing.
func TestServeHost(t *testing.T) {
	s := fleetServer(pagetest.Empty("compreface"))
	for host, want := range map[string]int{
		"127.0.0.1:8088": 200, "127.9.9.9": 200, "localhost:8088": 200, "LOCALHOST": 200, "[::1]:8088": 200, "[::1]": 200,
		"evil.example": 421, "evil.example:8088": 421, "127.0.0.1.evil.example": 421, "": 421, "10.0.0.1:8088": 421, "localhost.evil.example": 421,
	} {
		if w := get(s, "/", func(r *http.Request) { r.Host = host }); w.Code != want {
			t.Errorf("%q: got %d, want %d", host, w.Code, want)
		}
	}
	s.token = goodToken
	w := get(s, "/", func(r *http.Request) { r.Host = "stats.example"; r.SetBasicAuth("", goodToken) })
	if w.Code != http.StatusOK {
		t.Errorf("with a token, under a name: got %d", w.Code)
	}
}

func TestServeToken(t *testing.T) {
	s := fleetServer(pagetest.Empty("compreface"))
	s.token = goodToken
	for _, test := range []struct {
		name, path string
		set        func(*http.Request)
		want       int
	}{
		{"none", "/", func(*http.Request) {}, 401},
		{"none for a page that does not exist", "/nothing", func(*http.Request) {}, 401},
		{"none for the health", "/healthz", func(*http.Request) {}, 200},
		{"password", "/", func(r *http.Request) { r.SetBasicAuth("anyone", goodToken) }, 200},
		{"bearer", "/report.json", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+goodToken) }, 200},
		{"as the user", "/", func(r *http.Request) { r.SetBasicAuth(goodToken, "") }, 401},
		{"wrong", "/", func(r *http.Request) { r.SetBasicAuth("", goodToken+"x") }, 401},
		{"a part", "/", func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+goodToken[:8]) }, 401},
		{"empty", "/", func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 401},
		{"in the address", "/?token=" + goodToken, func(*http.Request) {}, 401},
	} {
		w := get(s, test.path, test.set)
		asked := strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ")
		if w.Code != test.want || asked != (test.want == 401) || strings.Contains(w.Body.String(), goodToken) {
			t.Errorf("%s: got %d, asked %t", test.name, w.Code, asked)
		}
	}
}

func TestServeWithoutArchive(t *testing.T) {
	s := newServer(func(context.Context) (*source, error) { return nil, errors.New("open /srv/archive: no such directory") },
		func() day.Day { return pagetest.AsOf })
	for _, path := range []string{"/", "/report.json", "/csv/sizes.csv"} {
		w := get(s, path)
		if body := w.Body.String(); w.Code != 503 || !strings.Contains(body, "no such directory") || !strings.Contains(body, "headcount compact") {
			t.Errorf("%s: got %d %s", path, w.Code, body)
		}
	}
	if w := get(s, "/healthz"); w.Code != 503 || strings.Contains(w.Body.String(), "/srv") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.255.255.254": true, "::1": true, "localhost": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "128.0.0.1": false, "10.1.2.3": false, "example.org": false, "127.0.0.1.example.org": false, "127.1": false, "::2": false,
	} {
		if got := loopback(host); got != want {
			t.Errorf("%q: got %t, want %t", host, got, want)
		}
	}
}

func TestTokenFor(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", goodToken+"\n", 0o600)
	for _, test := range []struct {
		name, listen, file string
		token, wrong       string
	}{
		{"loopback", "127.0.0.1:8088", "", "", ""},
		{"loopback 6", "[::1]:0", "", "", ""},
		{"loopback with a token", "localhost:8088", good, goodToken, ""},
		{"all with a token", ":8088", good, goodToken, ""},
		{"read only", "0.0.0.0:1", file("readonly", goodToken, 0o400), goodToken, ""},
		{"longest", ":1", file("longest", strings.Repeat("x", mostToken), 0o600), strings.Repeat("x", mostToken), ""},
		{"all", ":8088", "", "", "--token-file"},
		{"another", "192.0.2.1:8088", "", "", "192.0.2.1:8088 can be reached from other machines: give --token-file"},
		{"no port", "127.0.0.1", "", "", `"127.0.0.1" is not an address and port`},
		{"no file", ":1", filepath.Join(dir, "none"), "", "none"},
		{"a directory", ":1", dir, "", "not an ordinary file"},
		{"group", ":1", file("group", goodToken, 0o640), "", "mode 0640"},
		{"world", ":1", file("world", goodToken, 0o604), "", "chmod 600"},
		{"short", ":1", file("short", goodToken[1:]+"\n", 0o600), "", "15 characters and needs 16"},
		{"empty", ":1", file("empty", "", 0o600), "", "0 characters"},
		{"long", ":1", file("long", strings.Repeat("x", mostToken+1), 0o600), "", "more than 4096"},
		{"two lines", ":1", file("lines", goodToken+"\n"+goodToken, 0o600), "", "line break"},
		{"umlaut", ":1", file("umlaut", goodToken+"ü", 0o600), "", "a header cannot hold"},
	} {
		t.Run(test.name, func(t *testing.T) {
			token, err := tokenFor(test.listen, test.file)
			switch {
			case test.wrong == "" && (err != nil || token != test.token):
				t.Errorf("got %q, %v, want %q", token, err, test.token)
			case test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)):
				t.Errorf("got %v, want %q", err, test.wrong)
			case err != nil && strings.Contains(err.Error(), goodToken):
				t.Errorf("the error has the token: %v", err)
			}
		})
	}
}

// serve listens, answers, and ends without an error when it is asked to.
func TestServeEnds(t *testing.T) {
	ctx, end := context.WithCancel(t.Context())
	defer end()
	url := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		done <- serve(ctx, "127.0.0.1:0", fleetServer(pagetest.Empty("compreface")), func(u string) { url <- u })
	}()
	var at string
	select {
	case at = <-url:
	case err := <-done:
		t.Fatal(err)
	}
	reply, err := http.Get(at + "healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(reply.Body)
	if err := errors.Join(err, reply.Body.Close()); err != nil || string(body) != "ok\n" {
		t.Errorf("got %q, %v", body, err)
	}
	end()
	if err := <-done; err != nil {
		t.Errorf("got %v, want a clean end", err)
	}
}

func TestServePortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address := l.Addr().String()
	err = serve(t.Context(), address, fleetServer(pagetest.Empty("compreface")), func(string) { t.Error("it says that it listens") })
	if err == nil || !strings.Contains(err.Error(), address) || !strings.Contains(err.Error(), "choose another port") {
		t.Errorf("got %v", err)
	}
}
