package panel_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
)

// asked is one request of the right shape for its address.
func asked(method, path string) *http.Request {
	switch {
	case path == "/decide":
		r := form("decision=denied&notice=1&seen=x")
		r.Method = method
		return r
	case path == "/api/decision":
		r := put(`{"decision":"denied","notice":1}`)
		r.Method = method
		return r
	}
	return httptest.NewRequest(method, mounted+path, nil)
}

// Every method on every address by everybody.
func TestWhoMayDoWhat(t *testing.T) {
	const no, not, bad = http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed
	get := map[string]int{"GET": 200, "HEAD": 200}
	routes := []struct {
		path    string
		methods map[string]int // what a person who may change gets; the others get 405
		right   panel.Right    // that it takes
	}{
		{"/", get, panel.Look},
		{"/panel.css", get, panel.Nothing},
		{"/decide", map[string]int{"POST": 303}, panel.Change},
		{"/api/state", get, panel.Look},
		{"/api/preview", get, panel.Look},
		{"/evidence.json", get, panel.Look},
		{"/api/decision", map[string]int{"PUT": 200}, panel.Change},
		{"/api", nil, panel.Nothing}, {"/api/", nil, panel.Nothing}, {"//", nil, panel.Nothing},
		{"/decide/", nil, panel.Nothing}, {"/page.html", nil, panel.Nothing}, {"/../panel.go", nil, panel.Nothing},
	}
	for _, right := range []panel.Right{panel.Nothing, panel.Look, panel.Change, panel.Change + 1} {
		h := open(t, "", func(h *house) { h.may = right })
		for _, to := range routes {
			for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "post"} {
				want, known := to.methods[method]
				switch {
				case to.methods == nil:
					want = not
				case !known:
					want = bad
				case right < to.right || right > panel.Change && to.right != panel.Nothing:
					want = no
				}
				answers(t, h, method, to.path, want)
			}
		}
		if decided := len(h.records(t)) != 0; decided != (right == panel.Change) {
			t.Errorf("right %d: something was decided: %v", right, decided)
		}
	}
}

// answers fails if a request is not answered with a status, or not protected.
func answers(t *testing.T, h *house, method, path string, want int) {
	t.Helper()
	w := h.do(asked(method, path))
	if method == "GET" && want == http.StatusForbidden && strings.HasSuffix(w.Header().Get("Content-Type"), "json; charset=utf-8") &&
		!strings.Contains(w.Body.String(), "Only an administrator can see this.") {
		t.Errorf("%s: got %s, want that only an administrator can see it", path, w.Body)
	}
	if w.Code != want {
		t.Errorf("right %d: %s %s: %d, want %d", h.may, method, path, w.Code, want)
	}
	if (w.Code == http.StatusMethodNotAllowed) != (w.Header().Get("Allow") != "") {
		t.Errorf("%s %s: %d allows %q", method, path, w.Code, w.Header().Get("Allow"))
	}
	protected(t, w.Header())
}

func protected(t *testing.T, h http.Header) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
		"X-Content-Type-Options":  "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Until the application says who, no one may change anything.
func TestNobodyMayChangeByDefault(t *testing.T) {
	h := open(t, "", func(h *house) { h.config.May = nil })
	for _, r := range []*http.Request{form("decision=granted&notice=1&seen=x"), put(`{"decision":"granted","notice":1}`)} {
		if w := h.do(r); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", r.URL, w.Code)
		}
	}
	_, page := h.get(t, "/")
	if strings.Contains(page, "<button") || strings.Contains(page, "<form") || !strings.Contains(page, "Only an administrator can change this.") {
		t.Errorf("a page for looking:\n%s", section(page, "status"))
	}
	if len(h.records(t)) != 0 {
		t.Error("something was decided")
	}
}

func TestOtherSites(t *testing.T) {
	cases := []struct {
		name, fetch, origin string
		allowed             bool
	}{
		{"no browser", "", "", true},
		{"this page", "same-origin", "http://example.com", true},
		{"this page, no referrer", "same-origin", "null", true},
		{"typed by hand", "none", "", true},
		{"an older browser, or one over plain HTTP", "", "http://example.com", true},
		{"another port", "", "http://example.com:8080", false},
		{"another site", "cross-site", "https://evil.example", false},
		{"another site that says it is this one", "cross-site", "http://example.com", false},
		{"a neighbour below the same domain", "same-site", "http://blog.example.com", false},
		{"an older browser, another site", "", "https://evil.example", false},
		{"a sandboxed frame", "", "null", false},
		{"nonsense", "", "%%%", false},
		{"an unknown word", "same-universe", "http://example.com", false},
	}
	for _, c := range cases {
		for _, r := range []*http.Request{form("decision=denied&notice=1&seen=x"), put(`{"decision":"denied","notice":1}`)} {
			t.Run(c.name+" "+r.Method, func(t *testing.T) {
				h := open(t, "", nil)
				if c.fetch != "" {
					r.Header.Set("Sec-Fetch-Site", c.fetch)
				}
				if c.origin != "" {
					r.Header.Set("Origin", c.origin)
				}
				w := h.do(r)
				// Another site can make no browser send JSON, so a no in it is always taken.
				if got := len(h.records(t)) == 1; got != (c.allowed || r.Method == "PUT") || got == (w.Code == http.StatusForbidden) {
					t.Errorf("decided: %v, with %d", got, w.Code)
				}
			})
		}
	}
}

// TestBehindAProxy: nginx with its default Host makes every form of the page
// look like another site's. A no is taken all the same, with the page's token; a
// yes where the operator named the public address.
func TestBehindAProxy(t *testing.T) {
	var cookie *http.Cookie
	proxied := func(r *http.Request) *http.Request {
		r.Host = "upstream"
		if cookie != nil {
			r.Header.Del("Cookie")
			r.AddCookie(cookie)
		}
		r.Header.Set("Origin", "http://faces.example")
		return r
	}
	for _, origins := range [][]string{nil, {"http://faces.example"}} {
		h := open(t, "", func(h *house) { h.config.Origins = origins })
		pressed := h.pressed(t, "granted")
		cookie = h.cookie
		yes := h.do(proxied(form(pressed)))
		if got := len(h.records(t)) == 1; got != (origins != nil) || !got && !strings.Contains(yes.Body.String(), "Origins") {
			t.Errorf("origins %q: a yes: %d, %d records\n%s", origins, yes.Code, len(h.records(t)), yes.Body)
		}
		if origins == nil {
			h.save(t, consent.Granted, 1)
			if err := h.stats.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		before := len(h.records(t))
		no := h.pressed(t, "denied")
		cookie = h.cookie
		if origins == nil {
			if w := h.do(proxied(form("decision=denied&notice=1&seen=guessed&headcount_token=guessed"))); w.Code != http.StatusForbidden || len(h.records(t)) != before {
				t.Errorf("a no with another token: %d", w.Code)
			}
		}
		if w := h.do(proxied(form(no))); w.Code != http.StatusSeeOther || h.stats.Status().On {
			t.Errorf("origins %q: a no: %d, on %v\n%s", origins, w.Code, h.stats.Status().On, w.Body)
		}
	}
	if _, err := panel.New(panel.Config{Catalog: compreface.Catalog, Decisions: consent.NewFile(t.TempDir()), Origins: []string{"faces.example"}}); err == nil {
		t.Error("an origin without a scheme is accepted")
	}
}

// What is too large or of another type is not read.
func TestOversizedAndMistyped(t *testing.T) {
	h := open(t, "", nil)
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		name  string
		r     *http.Request
		media string
		want  int
	}{
		{"form", form("decision=granted&notice=1&seen=" + long), "", 413},
		{"form without a length", streamed(form("decision=granted&notice=1&seen=" + long)), "", 413},
		{"JSON", put(`{"decision":"granted","notice":1` + strings.Repeat(" ", 5000) + "}"), "", 413},
		{"JSON as a form", form(`{"decision":"granted","notice":1}`), "application/json", 415},
		{"a form as text", form("decision=granted&notice=1&seen=x"), "text/plain", 415},
		{"a form in parts", form("--x"), "multipart/form-data; boundary=x", 415},
		{"no type", form("decision=granted&notice=1&seen=x"), "-", 415},
		{"JSON as text", put(`{"decision":"granted","notice":1}`), "text/plain", 415},
		{"JSON of some kind", put(`{"decision":"granted","notice":1}`), "application/merge-patch+json", 415},
		{"a type that is none", put(`{"decision":"granted","notice":1}`), ";;;", 415},
	} {
		switch c.media {
		case "":
		case "-":
			c.r.Header.Del("Content-Type")
		default:
			c.r.Header.Set("Content-Type", c.media)
		}
		if w := h.do(c.r); w.Code != c.want {
			t.Errorf("%s: %d, want %d", c.name, w.Code, c.want)
		}
	}
	if len(h.records(t)) != 0 {
		t.Error("something was decided")
	}
}

func streamed(r *http.Request) *http.Request {
	r.ContentLength = -1
	r.Body = io.NopCloser(r.Body)
	return r
}

// Mounted anywhere, with or without the slash.
func TestMounted(t *testing.T) {
	h := open(t, "", nil)
	mux := http.NewServeMux()
	mux.Handle("/a/b/", http.StripPrefix("/a/b", h.Panel))
	mux.Handle("/c/", http.StripPrefix("/c/", h.Panel))
	mux.Handle("/d", http.StripPrefix("/d", h.Panel))
	server := httptest.NewServer(mux)
	defer server.Close()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]string{"/a/b/": "", "/a/b": "/a/b/", "/c/": "", "/c/panel.css": "", "/d?sizes": "./d/?sizes"} {
		res, err := client.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := res.Header.Get("Location"); got != want || (got == "") != (res.StatusCode == http.StatusOK) {
			t.Errorf("%s: %s, and leads to %q, want %q", path, res.Status, got, want)
		}
	}
	res, err := http.Post(server.URL+"/a/b/decide", "application/x-www-form-urlencoded", strings.NewReader("decision=denied&notice=1&seen=x"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Request.URL.Path != "/a/b/" {
		t.Errorf("an answer leads to %s %s", res.Request.URL, res.Status)
	}
}

// A panel that is not configured answers with no page, and decides nothing.
func TestNotConfigured(t *testing.T) {
	p, err := panel.New(panel.Config{Earlier: [][]byte{[]byte("{}")}, Origins: []string{"faces.example"}})
	for _, word := range []string{"catalog", "no place for decisions", `Earlier[0]`, `origin "faces.example"`} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not name %q: %v", word, err)
		}
	}
	for _, p := range []*panel.Panel{nil, {}, p} {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, put(`{"decision":"granted","notice":1}`))
		// As the comment on New says: without the error, which is for its operator.
		if w.Code != http.StatusInternalServerError || w.Body.String() != "the panel is not configured: see the error of panel.New\n" {
			t.Errorf("%d: %s", w.Code, w.Body)
		}
		if row := p.SignUp(w, httptest.NewRequest("GET", "/", nil)); row != "" {
			t.Errorf("a row: %s", row)
		}
		if r, yes := p.SignedUp(ticked("on", "1")); yes || r != (consent.Record{}) {
			t.Errorf("a yes: %v", r)
		}
	}
}

// TestYesFromAnotherSite: in JSON as well, a yes needs the same site.
func TestYesFromAnotherSite(t *testing.T) {
	h := open(t, "", nil)
	for _, r := range []*http.Request{put(h.yes(t, 1)), form(h.pressed(t, "granted"))} {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if w := h.do(r); w.Code != http.StatusForbidden || len(h.records(t)) != 0 {
			t.Errorf("%s: got %d and %d records, want 403 and none", r.Method, w.Code, len(h.records(t)))
		}
	}
}

// TestYesNeedsTheToken: a browser that says nothing of the form's origin may show
// another site, so a yes in a form needs the token of this browser as well. A no does
// not.
func TestYesNeedsTheToken(t *testing.T) {
	h, other := open(t, "", nil), open(t, "", nil)
	pressed, elsewhere := h.pressed(t, "granted"), other.pressed(t, "granted") // what stands is the same in both
	without, _ := url.ParseQuery(pressed)
	without.Del("headcount_token")
	forged := map[string]*http.Request{
		"neither token nor cookie":       form(without.Encode()),
		"a cookie and no token":          form(without.Encode()),
		"a token and no cookie":          form(pressed),
		"the token of another browser":   form(elsewhere),
		"an empty token, and the cookie": form(without.Encode() + "&headcount_token="),
	}
	forged["a cookie and no token"].AddCookie(h.cookie)
	forged["a token and no cookie"].Header.Del("Cookie")
	forged["the token of another browser"].Header.Set("Cookie", h.cookie.String())
	forged["an empty token, and the cookie"].Header.Set("Cookie", "headcount_token=")
	for name, r := range forged {
		if w := h.do(r); w.Code != http.StatusForbidden || len(h.records(t)) != 0 {
			t.Errorf("%s: got %d and %d records, want 403 and none", name, w.Code, len(h.records(t)))
		}
	}
	if w := h.do(form(pressed)); w.Code != http.StatusSeeOther || !h.stats.Status().On {
		t.Errorf("with both: got %d, want the yes taken", w.Code)
	}
	without.Set("decision", "denied")
	if w := h.do(form(without.Encode())); w.Code != http.StatusSeeOther || h.stats.Status().On {
		t.Errorf("a no without a token: got %d, want it taken", w.Code)
	}
}

// TestTokenCookie: all open pages have one token, also those with the banner, so that
// the yes of each is taken. Over TLS no other host can set it.
func TestTokenCookie(t *testing.T) {
	for address, want := range map[string]string{"http://example.com": "headcount_token", "https://example.com": "__Host-headcount_token"} {
		h := open(t, "", nil)
		first := httptest.NewRecorder()
		h.Banner(first, httptest.NewRequest("GET", address+"/", nil), mounted+"/")
		list := first.Result().Cookies()
		if len(list) != 1 || list[0].Name != want || list[0].Path != "/" || list[0].Domain != "" || !list[0].HttpOnly || list[0].Secure != (want != "headcount_token") {
			t.Fatalf("%s: got the cookies %v, want %s for every path", address, list, want)
		}
		r := httptest.NewRequest("GET", address+mounted+"/", nil)
		r.AddCookie(list[0])
		w := h.do(r)
		if len(w.Result().Cookies()) != 0 || !strings.Contains(w.Body.String(), list[0].Value) {
			t.Errorf("%s: the page has another token than the banner: %v", address, w.Result().Cookies())
		}
		fields := url.Values{"decision": {"granted"}}
		for _, f := range hidden.FindAllStringSubmatch(section(w.Body.String(), "status"), -1) {
			fields.Add(f[1], f[2])
		}
		yes := httptest.NewRequest("POST", address+mounted+"/decide", strings.NewReader(fields.Encode()))
		yes.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		yes.AddCookie(list[0])
		if w := h.do(yes); w.Code != http.StatusSeeOther || !h.stats.Status().On {
			t.Errorf("%s: got %d, want the yes taken", address, w.Code)
		}
	}
}
