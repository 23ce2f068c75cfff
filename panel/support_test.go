package panel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER", "COMPREFACE_TELEMETRY"} {
		os.Unsetenv(name)
	}
	os.Exit(m.Run())
}

// A house is an application with a panel at /settings/statistics/.
type house struct {
	*panel.Panel
	http.Handler
	config    panel.Config
	dir       string
	endpoint  string
	decisions *consent.File
	stats     *telemetry.Client
	cookie    *http.Cookie // of the newest page with a form
	may       panel.Right
	database  telemetry.State // nil: its state is in dir
}

const mounted = "/settings/statistics"

// open makes one whose reports go to endpoint, "" meaning nowhere.
func open(t testing.TB, endpoint string, change func(*house)) *house {
	t.Helper()
	if endpoint == "" {
		endpoint = "https://stats.vendor.example"
	}
	h := &house{dir: filepath.Join(t.TempDir(), "telemetry"), endpoint: endpoint, may: panel.Change}
	h.decisions = consent.NewFile(h.dir)
	h.config = panel.Config{Catalog: compreface.Catalog, Decisions: h.decisions, Home: "/",
		May: func(*http.Request) panel.Right { return h.may }}
	if change != nil {
		change(h)
	}
	var err error
	h.stats, err = telemetry.Init(telemetry.Config{Catalog: h.config.Catalog, Endpoint: endpoint, Dir: h.dir, Consent: h.config.Decisions})
	if err != nil && !strings.Contains(err.Error(), "cannot read the recorded decision") {
		t.Fatal(err) // with a record that is damaged the client is usable, and off
	}
	t.Cleanup(func() { _ = h.stats.Shutdown(context.Background()) })
	h.config.Stats = h.stats
	if h.Panel, err = panel.New(h.config); err != nil {
		t.Fatal(err)
	}
	h.Handler = http.StripPrefix(mounted, h.Panel)
	return h
}

// upgraded is the same installation with a newer notice.
func upgraded(h *house, number int) {
	h.config.Catalog = catalog.New("CompreFace", number, compreface.About, compreface.UserCreated, compreface.ApplicationCreated,
		compreface.ServiceCreated, compreface.Collections)
}

func (h *house) save(t testing.TB, d consent.Decision, notice int) {
	t.Helper()
	if err := h.decisions.Save(context.Background(), consent.Record{Decision: d, Notice: notice, Where: "test"}); err != nil {
		t.Fatal(err)
	}
	if h.stats != nil {
		if err := h.stats.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func (h *house) records(t testing.TB) []consent.Record {
	t.Helper()
	list, err := h.decisions.History(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (h *house) get(t testing.TB, path string) (int, string) {
	t.Helper()
	w := h.do(httptest.NewRequest("GET", mounted+path, nil))
	return w.Code, w.Body.String()
}

func (h *house) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// ServeHTTP settles which of the two embedded handlers is meant.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.Handler.ServeHTTP(w, r) }

// form is what a browser posts, with the cookie that belongs to the form.
func form(body string) *http.Request {
	r := httptest.NewRequest("POST", mounted+"/decide", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if fields, err := url.ParseQuery(body); err == nil && fields.Has("headcount_token") {
		r.AddCookie(&http.Cookie{Name: "headcount_token", Value: fields.Get("headcount_token")})
	}
	return r
}

func put(body string) *http.Request {
	r := httptest.NewRequest("PUT", mounted+"/api/decision", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

// yes is a yes to what stands now, in JSON.
func (h *house) yes(t *testing.T, notice int) string {
	t.Helper()
	return fmt.Sprintf(`{"decision":"granted","notice":%d,"seen":%q}`, notice, h.state(t).Seen)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)

// pressed is what a browser posts for one button of the page.
func (h *house) pressed(t testing.TB, decision string) string {
	t.Helper()
	w := h.do(httptest.NewRequest("GET", mounted+"/", nil))
	page := w.Body.String()
	for _, c := range w.Result().Cookies() {
		h.cookie = c
	}
	if !strings.Contains(page, ` name="decision" value="`+decision+`">`) {
		t.Fatalf("the page has no button %q:\n%s", decision, section(page, "status"))
	}
	fields := url.Values{"decision": {decision}}
	for _, f := range hidden.FindAllStringSubmatch(section(page, "status"), -1) {
		fields.Add(f[1], f[2])
	}
	return fields.Encode()
}

// section is the part of a page below one heading.
func section(page, id string) string {
	_, rest, _ := strings.Cut(page, ` aria-labelledby="hc-`+id+`">`)
	text, _, _ := strings.Cut(rest, "</section>")
	return text
}

// status is the page's sentence on how things stand.
func (h *house) status(t testing.TB) string {
	t.Helper()
	code, page := h.get(t, "/")
	found := regexp.MustCompile(`<p class="hc-status"[^>]*>([^<]*)</p>`).FindStringSubmatch(page)
	if code != http.StatusOK || found == nil {
		t.Fatalf("%d: no status in\n%s", code, page)
	}
	return found[1]
}

// buttons are the answers that the page offers.
func (h *house) buttons(t testing.TB) []string {
	t.Helper()
	_, page := h.get(t, "/")
	var list []string
	for _, b := range regexp.MustCompile(`<button name="decision" value="(\w+)">`).FindAllStringSubmatch(page, -1) {
		list = append(list, b[1])
	}
	return list
}

// today is the day, of which five minutes are left at least: where midnight in UTC is
// nearer, it is waited for.
func today(t testing.TB) string {
	t.Helper()
	now := time.Now().UTC()
	if left := 24*time.Hour - now.Sub(now.Truncate(24*time.Hour)); left < 5*time.Minute {
		t.Logf("waits %v for midnight in UTC", left)
		time.Sleep(left)
	}
	return time.Now().UTC().Format("2 January 2006")
}
