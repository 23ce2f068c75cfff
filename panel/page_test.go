package panel_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"io/fs"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// counting is an installation that is on, has counted, and sends to a
// receiver that takes everything.
func counting(t testing.TB, change func(*house)) *house {
	t.Helper()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(receiver.Close)
	h := open(t, receiver.URL, func(h *house) {
		h.save(t, consent.Granted, 1)
		if change != nil {
			change(h)
		}
	})
	h.stats.Observe(compreface.Collections, func(context.Context) ([]int64, error) { return []int64{700, 5, 3}, nil })
	h.stats.Add(compreface.UserCreated, 12)
	h.stats.Add(compreface.ServiceCreated.With(compreface.Detection), 3)
	return h
}

// The three views are of the same bytes, and these are the client's.
func TestPreviewInThreeViews(t *testing.T) {
	today := today(t)
	h := counting(t, nil)
	next, err := h.stats.Preview(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	_, page := h.get(t, "/?sizes")
	view := html.UnescapeString(section(page, "preview"))
	for _, part := range []string{next.Head, string(next.JSON), strconv.Itoa(len(next.Request)) + " bytes"} {
		if !strings.Contains(view, part) {
			t.Errorf("the raw view does not show %q", part)
		}
	}
	for _, sentence := range []string{
		"Identifier: " + h.stats.Status().InstallGUID,
		"Users created since you agreed: 12",
		"Services created (face detection) since you agreed: 3",
		"Collections with 1 to 10 faces: 2",
		"Collections with 501 to 2,000 faces: 1",
		"Day of the report: " + today,
	} {
		if !strings.Contains(view, "<li>"+sentence+"</li>") {
			t.Errorf("the sentences do not say %q", sentence)
		}
	}
	view = strings.ReplaceAll(view, "<wbr>", "")
	cells := tags.ReplaceAllString(strings.ReplaceAll(view, "</td><td>", " "), "")
	for _, point := range next.Points {
		row := point.String()
		words := strings.FieldsFunc(row, func(r rune) bool { return strings.ContainsRune("{}=, ", r) })
		if !strings.Contains(cells, words[0]) || !strings.Contains(cells, words[len(words)-1]) {
			t.Errorf("the table does not show %q", row)
		}
	}
	if n := strings.Count(section(page, "preview"), `<th scope="row"`); n != len(next.Points)+1 {
		t.Errorf("the table has %d rows, the report %d", n, len(next.Points)+1)
	}
	if _, page := h.get(t, "/"); strings.Contains(section(page, "preview"), "501 to 2,000") {
		t.Error("the application was asked without being told to")
	}
}

// Where the table has no room its facts stand below each other: each cell knows
// the name of its column, and nothing keeps a cell on one line.
func TestFactsNeedNoWidth(t *testing.T) {
	_, page := counting(t, nil).get(t, "/?sizes")
	_, table, _ := strings.Cut(section(page, "preview"), `<table class="hc-facts" role="table">`)
	var heads []string
	for _, h := range regexp.MustCompile(`<th scope="col" role="columnheader">([^<]*)</th>`).FindAllStringSubmatch(table, -1) {
		heads = append(heads, h[1])
	}
	for _, row := range regexp.MustCompile(`(?s)<tbody role="rowgroup">(.*)</tbody>`).FindStringSubmatch(table)[1:] {
		var names []string
		for _, c := range regexp.MustCompile(`<td role="cell" data-is="([^"]*)">`).FindAllStringSubmatch(strings.SplitN(row, "</tr>", 2)[0], -1) {
			names = append(names, c[1])
		}
		if len(heads) != 5 || strings.Join(names, " ") != strings.Join(heads[1:], " ") {
			t.Errorf("the columns are %q, the cells %q", heads, names)
		}
	}
	style, err := os.ReadFile("panel.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range regexp.MustCompile(`[^{}]*\.hc-facts[^{}]*\{[^}]*\}`).FindAllString(string(style), -1) {
		if strings.Contains(rule, "nowrap") && !strings.Contains(rule, "thead") {
			t.Errorf("a cell is kept on one line: %s", rule)
		}
	}
}

// Looking opens no socket and writes no file, whatever is decided.
func TestLookingLeavesNothing(t *testing.T) {
	for name, prepare := range map[string]func(*house){
		"undecided": nil,
		"granted":   func(h *house) { h.save(t, consent.Granted, 1) },
		"denied":    func(h *house) { h.save(t, consent.Denied, 1) },
		"changed":   func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 2) },
		"damaged":   func(h *house) { h.save(t, consent.Granted, 1); damage(t, h) },
	} {
		t.Run(name, func(t *testing.T) {
			receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { t.Errorf("%s %s arrived", r.Method, r.URL) }))
			defer receiver.Close()
			h := open(t, receiver.URL, prepare)
			before := tree(t, h.dir)
			for range 5 {
				for _, path := range []string{"/", "/?sizes&all", "/api/state", "/api/preview?sizes", "/?recorded&asked="} {
					if code, body := h.get(t, path); code != http.StatusOK {
						t.Fatalf("%s: %d\n%s", path, code, body)
					}
				}
				h.row(t)
			}
			if after := tree(t, h.dir); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
		})
	}
}

// tree lists what is in a directory, with sizes and times; "" if there is none.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && !d.IsDir() {
			b.WriteString(path + " " + strconv.FormatInt(info.Size(), 10) + " " + info.ModTime().String() + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const evil = `"><script>alert(1)</script><a href="javascript:x">`

// A store whose records say whatever they like.
type hostile struct{ *consent.File }

func (hostile) Consent(context.Context) (consent.Record, error) {
	return consent.Record{}, errors.New(evil)
}
func (hostile) History(context.Context) ([]consent.Record, error) {
	return []consent.Record{{Decision: 7, Notice: -1, Where: evil, Time: time.Unix(1<<60, 0)}}, errors.New(evil)
}
func (hostile) Save(context.Context, consent.Record) error { return errors.New(evil) }

// A text stays a text, also one that another person wrote.
func TestTextsStayTexts(t *testing.T) {
	h := counting(t, func(h *house) {
		upgraded(h, 2)
		h.config.Home = "javascript:alert(1)"
	})
	h.save(t, consent.Granted, 2)
	if err := h.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	poison(t, filepath.Join(h.dir, "journal", "00000001.json"))
	_, page := h.get(t, "/?recorded")
	if !strings.Contains(section(page, "sent"), "alert(1)") {
		t.Fatal("the hostile entry is not on the page")
	}
	inert(t, page)
	_, state := h.get(t, "/api/state")
	if strings.Contains(state, "<script") {
		t.Errorf("the state has tags:\n%s", state)
	}
	h = open(t, "", func(h *house) { h.config.Decisions = hostile{h.decisions} })
	for _, r := range []*http.Request{httptest.NewRequest("GET", mounted+"/", nil), form("decision=denied&notice=1&seen=x"), form(evil)} {
		inert(t, h.do(r).Body.String())
	}
	inert(t, h.row(t))
	if code, body := h.get(t, "/api/state"); code == http.StatusOK || strings.Contains(body, "<script") {
		t.Errorf("a decision without a word: %d\n%s", code, body)
	}
}

// poison makes an entry of the journal a hostile one.
func poison(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	var entry map[string]any
	if err = errors.Join(err, json.Unmarshal(data, &entry)); err != nil {
		t.Fatal(err)
	}
	entry["outcome"], entry["url"] = evil, "javascript:alert(1)"+evil
	data, _ = json.Marshal(entry)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// inert fails if a page has anything that could act or load.
func inert(t *testing.T, page string) {
	t.Helper()
	if found := regexp.MustCompile(`(?i)<script|<iframe|<object|<img|<style|<base|="?javascript:|\son\w+=|\sstyle=|src=|@import|url\(`).FindString(page); found != "" {
		t.Errorf("the page has %q", found)
	}
}

// Every page can be parsed, has one of each landmark, asks no other server,
// and names everything that can be operated.
func TestPagesAreSound(t *testing.T) {
	pages := map[string]string{}
	_, pages["undecided"] = open(t, "", nil).get(t, "/")
	on := counting(t, nil)
	if err := on.stats.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, pages["on"] = on.get(t, "/?recorded&sizes")
	_, pages["changed"] = open(t, "", func(h *house) { h.save(t, consent.Granted, 1); upgraded(h, 3) }).get(t, "/")
	pages["refusal"] = on.do(form("")).Body.String()
	pages["row"] = "<main><h1>x</h1>" + open(t, "", nil).row(t) + "</main>"
	for name, page := range pages {
		t.Run(name, func(t *testing.T) {
			balanced(t, page)
			inert(t, page)
			named(t, page)
			if name != "row" && !strings.Contains(page, `<html lang="en"`) {
				t.Error("the page has no language")
			}
			if strings.Contains(page, "{") && regexp.MustCompile(`!panel|\{(notice|agreed|date|recipient|where|what|title|value|identifier|days|n)\}`).MatchString(page) {
				t.Error("a place was not filled in")
			}
		})
	}
}

// named fails if a part of a page has no name, or a name no part.
func named(t *testing.T, page string) {
	t.Helper()
	if strings.Count(page, "<main>") != 1 || strings.Count(page, "<h1") != 1 {
		t.Error("there is not one main part and one heading")
	}
	for _, link := range regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		about := compreface.About
		if link[1] != "mailto:"+about.Contact && link[1] != about.Policy && (strings.Contains(link[1], ":") || strings.HasPrefix(link[1], "//")) {
			t.Errorf("the page leads to %q", link[1])
		}
	}
	ids := map[string]bool{}
	for _, id := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[id[1]] {
			t.Errorf("two parts are called %q", id[1])
		}
		ids[id[1]] = true
	}
	// An application that shows the page in its own has a style for names such as "status".
	for _, names := range regexp.MustCompile(`\s(?:class|id)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		for _, name := range strings.Fields(names[1]) {
			if !strings.HasPrefix(name, "hc-") && !strings.HasPrefix(name, "headcount") {
				t.Errorf("got a class or id %q, want a name that begins with hc- or headcount", name)
			}
		}
	}
	for _, to := range regexp.MustCompile(`(?:aria-labelledby="|aria-describedby="|for="|#)([a-z-]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[to[1]] {
			t.Errorf("nothing is called %q", to[1])
		}
	}
	for _, region := range regexp.MustCompile(`<(?:pre|div class="hc-scroll")[^>]*>`).FindAllString(page, -1) {
		if !strings.Contains(region, `tabindex="0"`) || !strings.Contains(region, "aria-label") || !strings.Contains(region, `role="group"`) {
			t.Errorf("the keyboard cannot scroll, or nothing names, %s", region)
		}
	}
}

// balanced parses a page and fails if its tags do not nest.
func balanced(t *testing.T, page string) {
	t.Helper()
	page = strings.TrimPrefix(page, "<!doctype html>")
	page = regexp.MustCompile(`<(input|link|meta|br|wbr)([^>]*)>`).ReplaceAllString(page, "<$1$2/>")
	page = strings.ReplaceAll(strings.ReplaceAll(page, " autofocus>", ">"), " download>", ">")
	decoder := xml.NewDecoder(strings.NewReader("<all>" + page + "</all>"))
	decoder.Entity = xml.HTMLEntity
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// The two buttons of a pair look alike: no class, no style, no order of focus.
func TestButtonsAreEqual(t *testing.T) {
	for name, h := range map[string]*house{"off": open(t, "", nil), "on": counting(t, nil)} {
		_, page := h.get(t, "/")
		list := regexp.MustCompile(`<button[^>]*>`).FindAllString(section(page, "status"), -1)
		if len(list) != 2 {
			t.Fatalf("%s: %q", name, list)
		}
		for _, b := range list {
			if !regexp.MustCompile(`^<button name="decision" value="\w+">$`).MatchString(b) {
				t.Errorf("%s: %s stands out", name, b)
			}
		}
	}
	style, err := os.ReadFile("panel.css")
	if err != nil || regexp.MustCompile(`button\[|button:(nth|first|last)|\[value`).Match(style) {
		t.Errorf("the style tells buttons apart (%v)", err)
	}
}

// Text has a contrast of 4.5 to 1 and lines one of 3 to 1, in both themes.
func TestContrast(t *testing.T) {
	style, err := os.ReadFile("panel.css")
	if err != nil {
		t.Fatal(err)
	}
	themes := regexp.MustCompile(`--hc-back: (#\w{6}); --hc-text: (#\w{6}); --hc-soft: (#\w{6}); --hc-line: (#\w{6}); --hc-link: (#\w{6}); --hc-good: (#\w{6});`).FindAllStringSubmatch(string(style), -1)
	if len(themes) != 2 || !strings.Contains(string(style), "prefers-color-scheme: dark") {
		t.Fatalf("%d themes", len(themes))
	}
	for _, c := range themes {
		back, text, soft, line, link, good := c[1], c[2], c[3], c[4], c[5], c[6]
		for _, pair := range []struct {
			a, b  string
			least float64
		}{{text, back, 7}, {text, soft, 7}, {link, back, 4.5}, {link, soft, 4.5}, {line, back, 3}, {line, soft, 3}, {good, back, 4.5}} {
			if got := contrast(t, pair.a, pair.b); got < pair.least {
				t.Errorf("%s on %s: %.1f, less than %.1f", pair.a, pair.b, got, pair.least)
			}
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(colour string) float64 {
		n, err := strconv.ParseUint(colour[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		channel := func(shift int) float64 {
			c := float64(n>>shift&255) / 255
			if c <= 0.04045 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
	}
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x/y, y/x)
}
