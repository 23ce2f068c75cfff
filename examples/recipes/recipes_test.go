package recipes

import (
	"context"
	"errors"
	"fmt"
	"html"
	"html/template"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/gorilla/csrf"
	"github.com/labstack/echo/v4"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

// settings are a client that is off, and its page.
func settings(t *testing.T, change func(*panel.Config)) (*telemetry.Client, *panel.Panel) {
	t.Helper()
	config := configuration(t)
	stats, err := telemetry.Init(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stats.Shutdown(context.Background()) })
	c := panel.Config{Catalog: compreface.Catalog, Decisions: config.Consent.(*consent.File), Stats: stats, Env: config.Env,
		May: func(*http.Request) panel.Right { return panel.Change }}
	if change != nil {
		change(&c)
	}
	statistics, err := panel.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return stats, statistics
}

func configuration(t *testing.T) telemetry.Config {
	dir := t.TempDir() + "/statistics"
	return telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.shop.example", Dir: dir, Consent: consent.NewFile(dir),
		Env: func(string) (string, bool) { return "", false }}
}

// TestMounted: behind every router the page, its style, the JSON and a yes and
// a no from its forms work.
func TestMounted(t *testing.T) {
	gin.SetMode(gin.TestMode)
	for name, test := range map[string]struct {
		path  string
		mount func(*panel.Panel) http.Handler
	}{
		"net/http": {"/settings/statistics/", func(p *panel.Panel) http.Handler {
			mux := http.NewServeMux()
			NetHTTP(mux, p)
			return mux
		}},
		"a host of its own": {"/", func(p *panel.Panel) http.Handler {
			mux := http.NewServeMux()
			OwnHost(mux, p)
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Host = "statistics.shop.example" // what a browser says there
				mux.ServeHTTP(w, r)
			})
		}},
		"base path": {"/shop/settings/statistics/", func(p *panel.Panel) http.Handler { return BasePath("/shop", p) }},
		"chi": {"/settings/statistics/", func(p *panel.Panel) http.Handler {
			r := chi.NewRouter()
			Chi(r, p)
			return r
		}},
		"gin": {"/settings/statistics/", func(p *panel.Panel) http.Handler {
			r := gin.New()
			r.OPTIONS("/*any", func(c *gin.Context) {}) // as a CORS middleware's
			Gin(r, p)
			return r
		}},
		"echo": {"/settings/statistics/", func(p *panel.Panel) http.Handler {
			e := echo.New()
			Echo(e, p)
			return e
		}},
	} {
		t.Run(name, func(t *testing.T) {
			stats, statistics := settings(t, func(c *panel.Config) { c.Origins = []string{"http://statistics.shop.example"} })
			server := httptest.NewServer(test.mount(statistics))
			t.Cleanup(server.Close)
			b := newBrowser(t, server.URL+test.path)
			if style := b.get("panel.css"); !strings.Contains(style, "{") {
				t.Errorf("got the style %q", style)
			}
			if state := b.get("api/state"); !strings.HasPrefix(state, "{") {
				t.Errorf("got the state %.80q", state)
			}
			b.decide("granted", nil)
			if !stats.Status().On {
				t.Errorf("got %q after the yes, want on", stats.Status().Reason)
			}
			b.decide("denied", nil)
			if stats.Status().On {
				t.Error("got on after the no, want off")
			}
		})
	}
}

// A browser follows the forms of the page.
type browser struct {
	t      *testing.T
	page   string
	client *http.Client
}

func newBrowser(t *testing.T, page string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, page, &http.Client{Jar: jar}}
}

func (b *browser) get(path string) string {
	b.t.Helper()
	answer, err := b.client.Get(b.page + path)
	return b.read(answer, err)
}

func (b *browser) read(answer *http.Response, err error) string {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.t.Fatalf("%s: got %s, %v\n%.300s", answer.Request.URL, answer.Status, err, body)
	}
	return string(body)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// decide presses a button of the page, with all hidden fields of its form.
func (b *browser) decide(decision string, more url.Values) {
	b.t.Helper()
	form := url.Values{"decision": {decision}}
	for _, field := range hidden.FindAllStringSubmatch(b.get(""), -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	for name, values := range more {
		form[name] = values
	}
	request, err := http.NewRequest(http.MethodPost, b.page+"decide", strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	b.read(b.client.Do(request))
}

// TestTokenCSRF: the host's check lets the page's forms through, and no other.
func TestTokenCSRF(t *testing.T) {
	stats, statistics := settings(t, TokenCSRF)
	mux := http.NewServeMux()
	NetHTTP(mux, statistics)
	protect := csrf.Protect(make([]byte, 32), csrf.Secure(false), csrf.Path("/"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protect(mux).ServeHTTP(w, csrf.PlaintextHTTPRequest(r))
	}))
	t.Cleanup(server.Close)
	b := newBrowser(t, server.URL+"/settings/statistics/")
	b.decide("granted", nil)
	if !stats.Status().On {
		t.Errorf("got %q, want on", stats.Status().Reason)
	}
	answer, err := b.client.PostForm(b.page+"decide", url.Values{"decision": {"denied"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("got %s without the host's token, want 403: the host checks nothing", answer.Status)
	}
	b.decide("denied", nil)
	if stats.Status().On {
		t.Error("got on after the no, want off")
	}
}

// TestFramed: the page stands in the host's layout, under its policy, without a
// script or style of its own.
func TestFramed(t *testing.T) {
	layout := template.Must(template.New("").Parse(`<!doctype html><title>{{.Title}}</title><link rel="stylesheet" href="panel.css"><nav>Shop</nav>{{.Content}}`))
	stats, statistics := settings(t, func(c *panel.Config) { Framed(c, layout, func(*http.Request) string { return "abc" }) })
	mux := http.NewServeMux()
	NetHTTP(mux, statistics)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := newBrowser(t, server.URL+"/settings/statistics/")
	page := b.get("")
	if !strings.Contains(page, "<nav>Shop</nav>") {
		t.Errorf("got a page without the host's menu:\n%.300s", page)
	}
	for _, never := range []string{"<script", " style=", "<style", "onclick"} {
		if strings.Contains(page, never) {
			t.Errorf("got %q in the page", never)
		}
	}
	b.decide("granted", nil)
	if !stats.Status().On {
		t.Errorf("got %q, want on", stats.Status().Reason)
	}
}

// TestMembers: everyone reads the notice, and it has no form.
func TestMembers(t *testing.T) {
	_, statistics := settings(t, nil)
	mux := http.NewServeMux()
	Members(mux, statistics)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	page := newBrowser(t, server.URL+"/usage-notice/").get("")
	if !strings.Contains(page, compreface.About.Recipient) || strings.Contains(page, "<form") {
		t.Errorf("got %.500s, want the notice and no form", page)
	}
}

// TestCounting: what each program counts is in the next report.
func TestCounting(t *testing.T) {
	config := configuration(t)
	config.Env = func(name string) (string, bool) {
		if name == "COMPREFACE_TELEMETRY" {
			return "accept:1", true
		}
		return "", false
	}
	for range 3 {
		if err := CommandLine(t.Context(), config, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	failed := errors.New("failed")
	if err := CommandLine(t.Context(), config, func() error { return failed }); err != failed {
		t.Errorf("got %v, want %v", err, failed)
	}

	stats, err := telemetry.Init(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stats.Shutdown(context.Background()) })
	ok := CreateUser(stats, func(*http.Request) error { return nil })
	not := CreateUser(stats, func(*http.Request) error { return failed })
	for _, handler := range []http.HandlerFunc{ok, ok, not} {
		handler(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/users", nil))
	}
	batches := make(chan int64, 2)
	batches <- 40
	batches <- 2
	close(batches)
	Worker(t.Context(), stats, batches)

	report, err := stats.Preview(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{"compreface.application.created": 3, "compreface.user.created": 2, "compreface.service.created": 42} {
		var got int64
		for _, p := range report.Points {
			if p.Name == name {
				got += p.Value
			}
		}
		if got != want {
			t.Errorf("%s: got %d, want %d\n%s", name, got, want, fmt.Sprint(report))
		}
	}
}
