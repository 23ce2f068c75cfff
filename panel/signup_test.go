package panel_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"headcount.example/consent"
	"headcount.example/panel"
)

// ticked is a posted sign-up form.
func ticked(box, notice string) *http.Request {
	return signUpForm(url.Values{"name": {"x"}, "headcount_consent": {box}, "headcount_notice": {notice}}.Encode())
}

func signUpForm(body string) *http.Request {
	r := httptest.NewRequest("POST", "/signup", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

func (h *house) row(t testing.TB) string {
	t.Helper()
	w := httptest.NewRecorder()
	row := string(h.SignUp(w, httptest.NewRequest("GET", "/signup", nil)))
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("browsers may keep the page, and what was ticked on it")
	}
	return row
}

var tags = regexp.MustCompile(`<[^>]*>`)

func TestSignUpRow(t *testing.T) {
	h := open(t, "", nil)
	row := h.row(t)
	boxes := regexp.MustCompile(`<input[^>]*type="checkbox"[^>]*>`).FindAllString(row, -1)
	if len(boxes) != 1 {
		t.Fatalf("%d boxes in\n%s", len(boxes), row)
	}
	for _, never := range []string{"checked", "required", "disabled"} {
		if strings.Contains(boxes[0], never) {
			t.Errorf("the box is %s: %s", never, boxes[0])
		}
	}
	for _, always := range []string{`autocomplete="off"`, `id="headcount-consent"`, `aria-describedby="headcount-help"`, `value="on"`} {
		if !strings.Contains(boxes[0], always) {
			t.Errorf("the box has no %s: %s", always, boxes[0])
		}
	}
	label := regexp.MustCompile(`<label for="headcount-consent">([^<]*)</label>`).FindStringSubmatch(row)
	if label == nil || label[1] != "Send usage statistics to Exadel (optional)" {
		t.Errorf("the label is %q", label)
	}
	shown, rest, _ := strings.Cut(row, "</summary>")
	if n := len(strings.Fields(tags.ReplaceAllString(shown, " "))); n > 60 || n < 20 {
		t.Errorf("the row has %d words", n)
	}
	if !strings.Contains(shown, "<summary>See exactly what would be sent") {
		t.Error("what would be sent does not open in the page")
	}
	text := html.UnescapeString(rest)
	for _, part := range []string{"compreface.user.created", "FACE_RECOGNITION", "POST /v1/metrics HTTP/1.1", `"asInt": "0"`,
		"00000000-0000-4000-8000-000000000000", "https://stats.vendor.example/v1/metrics"} {
		if !strings.Contains(text, part) {
			t.Errorf("what would be sent does not show %q", part)
		}
	}
	if strings.Contains(row, "<form") || strings.Contains(row, "<a ") {
		t.Error("the row has a form of its own, or leads away from the form it is in")
	}
}

// The row is only there while there is something to ask.
func TestSignUpAsksOnlyTheUndecided(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*house)
		env    string
		asks   bool
	}{
		"undecided":      {func(*house) {}, "", true},
		"granted":        {func(h *house) { h.save(t, consent.Granted, 1) }, "", false},
		"denied":         {func(h *house) { h.save(t, consent.Denied, 1) }, "", false},
		"another notice": {func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) }, "", false},
		"damaged":        {func(h *house) { h.save(t, consent.Granted, 1); damage(t, h) }, "", false},
		"vetoed":         {func(*house) {}, "off", false},
		"accepted":       {func(*house) {}, "accept:1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("COMPREFACE_TELEMETRY", c.env)
			h := open(t, "", c.change)
			if asks := h.row(t) != ""; asks != c.asks {
				t.Errorf("asks: %v", asks)
			}
			notice := "1"
			if name == "another notice" {
				notice = "2"
			}
			if _, yes := h.SignedUp(ticked("on", notice)); yes != c.asks {
				t.Errorf("a ticked box is a decision: %v", yes)
			}
		})
	}
}

// Only the box itself, ticked once, from this site, is a yes.
func TestSignedUp(t *testing.T) {
	h := open(t, "", nil)
	record, yes := h.SignedUp(ticked("on", "1"))
	if !yes || record.Decision != consent.Granted || record.Notice != 1 || record.Where != "sign-up form" {
		t.Fatalf("a ticked box is %v", record)
	}
	refused := map[string]*http.Request{
		"left alone":          signUpForm("name=x&headcount_notice=1"),
		"nothing at all":      signUpForm(""),
		"notice missing":      signUpForm("headcount_consent=on"),
		"notice twice":        signUpForm("headcount_consent=on&headcount_notice=1&headcount_notice=1"),
		"two notices":         signUpForm("headcount_consent=on&headcount_notice=1&headcount_notice=2"),
		"box twice":           signUpForm("headcount_consent=on&headcount_consent=on&headcount_notice=1"),
		"on and off":          signUpForm("headcount_consent=on&headcount_consent=off&headcount_notice=1"),
		"half an escape":      signUpForm("headcount_consent=on&headcount_notice=1&x=%"),
		"older notice":        ticked("on", "0"),
		"newer notice":        ticked("on", "2"),
		"notice with a zero":  ticked("on", "01"),
		"notice with a sign":  ticked("on", "+1"),
		"notice with a space": ticked("on", "1 "),
	}
	for _, word := range []string{"", "off", "On", "ON", "1", "true", "yes", "granted", " on", "on ", "on\x00", "null", "оn"} {
		refused["box is "+word] = ticked(word, "1")
	}
	refused["in the address"] = httptest.NewRequest("POST", "/signup?headcount_consent=on&headcount_notice=1", nil)
	refused["a GET"] = httptest.NewRequest("GET", "/signup?headcount_consent=on&headcount_notice=1", nil)
	cross := ticked("on", "1")
	cross.Header.Set("Sec-Fetch-Site", "cross-site")
	refused["another site"] = cross
	for name, r := range refused {
		if record, yes := h.SignedUp(r); yes || record != (consent.Record{}) {
			t.Errorf("%s: %v", name, record)
		}
	}
	if len(h.records(t)) != 0 {
		t.Error("something was stored")
	}
}

// The sign-up row is one question for one installation: the second to sign up
// does not outvote the first.
func TestSignedUpOnce(t *testing.T) {
	h := open(t, "", nil)
	h.save(t, consent.Denied, 1)
	if r, yes := h.SignedUp(ticked("on", "1")); yes {
		t.Errorf("a box outvotes a no: %v", r)
	}
}

// May is not asked about the row, as its comment says: who is asked at sign-up
// is for the application to know.
func TestSignUpDoesNotAskMay(t *testing.T) {
	h := open(t, "", nil)
	h.may = panel.Nothing
	if _, yes := h.SignedUp(ticked("on", "1")); !yes || h.row(t) == "" {
		t.Errorf("the row is there: %v, and an answer: %v", h.row(t) != "", yes)
	}
}
