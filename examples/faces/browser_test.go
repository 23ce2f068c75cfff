//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// screenshots is where pictures of the pages are put; git ignores it.
const screenshots = "../../screenshots"

// browser is one Chromium for all tests; each test has cookies of its own.
var (
	browser      = sync.OnceValues(startBrowser)
	closeBrowser = func() {}
)

func startBrowser() (context.Context, error) {
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errors.New("Chromium is not installed (apt-get install chromium)")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WindowSize(1000, 800), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	closeBrowser = func() { cancel(); stop() }
	return ctx, chromedp.Do(ctx)
}

// A tab is a page in the browser. With every page it may ask no server but
// the product for anything.
type tab struct {
	context.Context
	t       *testing.T
	product *product

	mu      sync.Mutex
	foreign []string
}

func openTab(t *testing.T, p *product) *tab {
	t.Helper()
	parent, err := browser()
	need(t, err)
	ctx, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	b := &tab{t: t, product: p}
	if err := chromedp.Listen(ctx, b.hear); err != nil { // it opens the tab, which must not end with the time
		t.Fatal(err)
	}
	ctx, end := context.WithTimeout(ctx, 2*patience) // for all that the test does in it
	b.Context = ctx
	b.do(call(network.Enable, network.EnableParams{}), call(cdplog.Enable, cdp.Empty{}))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, f := range b.foreign {
			t.Errorf("a page asked elsewhere, or wanted to: %s", f)
		}
		end()
		cancel()
	})
	return b
}

func (b *tab) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; !strings.HasPrefix(u, b.product.url+"/") && !strings.HasPrefix(u, "data:") && u != "about:blank" {
			b.foreign = append(b.foreign, u)
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Source == cdplog.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			b.foreign = append(b.foreign, e.Entry.Text)
		}
	}
}

type action = chromedp.Action[chromedp.Void]

// call is a command of the browser's protocol.
func call[P, R any](command cdp.Command[P, R], params P) action {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, command, params)
		return err
	})
}

func (b *tab) do(actions ...action) {
	b.t.Helper()
	b.check(chromedp.Do(b, actions...))
}

func (b *tab) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatalf("%v\n%s", err, b.product.log.String())
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.product.url + path))
}

// leave does what leads to another page, and waits for that.
func (b *tab) leave(actions ...action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b, patience)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, actions...)
	b.check(err)
}

// press clicks what leads to another page.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.leave(chromedp.Click(chromedp.CSS(selector)))
}

func (b *tab) write(selector, text string) {
	b.t.Helper()
	b.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (b *tab) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b, chromedp.Text(chromedp.CSS(selector)))
	b.check(err)
	return text
}

func (b *tab) sees(selector, want string) {
	b.t.Helper()
	if got := b.text(selector); !strings.Contains(got, want) {
		b.t.Errorf("%s shows %q, not %q", selector, got, want)
	}
}

// ask evaluates JavaScript of the test's.
func ask[T any](b *tab, script string) T {
	b.t.Helper()
	answer, err := chromedp.Run(b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	b.check(err)
	return answer
}

const (
	box    = "#headcount-consent"
	ticked = `document.querySelector("` + box + `").checked`
	submit = "main form button"
)

// signUp fills in the form as a person does.
func (b *tab) signUp(name string, tick bool) {
	b.t.Helper()
	b.open("/signup")
	b.write("[name=name]", name)
	b.write("[name=email]", strings.ToLower(name)+"@faces.example")
	b.write("[name=password]", password)
	if tick {
		b.do(chromedp.Click(chromedp.CSS(box)))
	}
	b.press(submit)
	b.sees("h1", "Applications")
}

// work creates an application, a service of each type, and three faces.
func (b *tab) work() {
	b.t.Helper()
	b.open("/")
	b.write("[name=name]", "Front door")
	b.press(submit)
	for _, k := range kinds {
		b.write("[name=name]", "One of each")
		b.do(chromedp.Click(chromedp.CSS("[value=" + k.Type + "]")))
		b.press(submit)
		if len(ask[[]string](b, `[...document.querySelectorAll("textarea")].map(x => x.name)`)) > 0 {
			b.write("textarea", "Ann\nBob\nCleo")
			b.press(submit)
			b.sees("h2", "3 faces")
		}
		b.press("main a")
	}
}

// send asks for a report in the settings.
func (b *tab) send() {
	b.t.Helper()
	b.open("/settings")
	b.press(submit)
}

// decide presses one of the panel's buttons.
func (b *tab) decide(decision string) {
	b.t.Helper()
	b.open("/settings/statistics/")
	b.press("button[value=" + decision + "]")
}

// tabTo presses the tab key until an element has the focus, and can be seen
// to have it.
func (b *tab) tabTo(selector string) {
	b.t.Helper()
	for range 80 {
		b.do(chromedp.KeyEvent(kb.Tab))
		here := ask[struct {
			There, Seen bool
			What        string
		}](b, fmt.Sprintf(`(e => ({There: e.matches(%q), Seen: e === document.body || getComputedStyle(e).outlineStyle !== "none", What: e.outerHTML.slice(0, 100)}))(document.activeElement)`, selector))
		if !here.Seen {
			b.t.Errorf("it cannot be seen that the focus is on %s", here.What)
		}
		if here.There {
			return
		}
	}
	b.t.Fatalf("the tab key never leads to %s", selector)
}

// look sets how wide the page is, and whether it is dark.
func (b *tab) look(width int64, scheme string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 800))
	b.media("", "prefers-color-scheme", scheme)
}

// media is what the page is shown on, such as print, and one feature of that.
func (b *tab) media(media, feature, value string) {
	b.t.Helper()
	b.do(call(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{{Name: feature, Value: value}}}))
}

// speak sets the language that the reader prefers.
func (b *tab) speak(tag string) {
	b.t.Helper()
	b.do(call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}}))
}

// picture writes a screenshot of the whole page.
func (b *tab) picture(name string) { b.t.Helper(); b.keep(name, chromedp.FullScreenshot(100)) }

// screen writes a picture of what can be seen without scrolling.
func (b *tab) screen(name string) { b.t.Helper(); b.keep(name, chromedp.CaptureScreenshot()) }

func (b *tab) keep(name string, shot chromedp.Action[[]byte]) {
	b.t.Helper()
	png, err := chromedp.Run(b, shot)
	b.check(err)
	if err := errors.Join(os.MkdirAll(screenshots, 0o755), os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o644)); err != nil {
		b.t.Error(err)
	}
}

// script is JavaScript of testdata.
func (b *tab) script(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(data)
}

// unfold opens or closes all that can be opened.
func (b *tab) unfold(open bool) {
	b.t.Helper()
	ask[int](b, fmt.Sprintf(`[...document.querySelectorAll("details")].map(d => d.open = %t).length`, open))
}

// narrow checks that nothing has to be scrolled sideways.
func (b *tab) narrow(name string) {
	b.t.Helper()
	if wide := ask[[]int](b, `[document.documentElement.scrollWidth, innerWidth]`); wide[0] > wide[1] {
		b.t.Errorf("%s: %d pixels wide, on a screen of %d", name, wide[0], wide[1])
	}
}

var axe = sync.OnceValues(func() (string, error) {
	data, err := os.ReadFile("node_modules/axe-core/axe.min.js")
	if err != nil {
		return "", errors.New("axe-core is missing (npm ci --ignore-scripts in examples/faces)")
	}
	return string(data), nil
})

// accessible checks the page with axe-core, all that can be opened open.
func (b *tab) accessible(name string) {
	b.t.Helper()
	script, err := axe()
	need(b.t, err)
	b.unfold(true)
	if ask[string](b, "typeof axe") == "undefined" {
		b.do(chromedp.Evaluate[chromedp.Void](script))
	}
	result := ask[struct {
		Violations []string
		Passes     int
	}](b, `axe.run(document, {resultTypes: ["violations"]}).then(r => ({Passes: r.passes.length, Violations: r.violations.map(v =>
		v.id + ": " + v.help + ": " + v.nodes.map(n => n.html.slice(0, 100)).join(" | "))}))`)
	if result.Passes < 5 {
		b.t.Fatalf("%s: axe-core checked nothing", name)
	}
	for _, v := range result.Violations {
		b.t.Errorf("%s: %s", name, v)
	}
}

// cookies are the ones the browser has for the product.
func (b *tab) cookies() (list []*http.Cookie) {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		all, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{})
		for _, c := range all.Cookies {
			list = append(list, &http.Cookie{Name: c.Name, Value: c.Value})
		}
		return err
	}))
	return list
}
