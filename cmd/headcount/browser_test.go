package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"headcount.example/cmd/headcount/internal/page"
	"headcount.example/cmd/headcount/internal/page/pagetest"
)

// screenshots is where pictures of the pages are put; git ignores it.
const screenshots = "../../screenshots"

// patience is how long the browser may take for one page. It is long because
// a loaded machine is slow.
const patience = 5 * time.Minute

// need skips a test for which something is not installed; in CI it fails.
func need(t *testing.T, missing error) {
	t.Helper()
	switch {
	case missing == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("missing in CI: %v", missing)
	default:
		t.Skipf("skipped: %v", missing)
	}
}

var axe = sync.OnceValues(func() (string, error) {
	data, err := os.ReadFile("../../examples/faces/node_modules/axe-core/axe.min.js")
	if err != nil {
		return "", errors.New("axe-core is not installed (npm ci --ignore-scripts in examples/faces)")
	}
	return string(data), nil
})

func chromium() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("Chromium is not installed (apt-get install chromium)")
}

// The pages in a real browser without JavaScript: light and dark, on a narrow
// and a wide screen. Nothing is asked of another place, nothing is as wide
// that it must be scrolled sideways, and axe-core finds nothing.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	path, err := chromium()
	need(t, err)
	_, err = axe()
	need(t, err)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WindowSize(1280, 800), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	browser, closeBrowser := chromedp.NewContext(allocator)
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(browser); err != nil {
		t.Fatal(err)
	}
	for name, url := range browserPages(t) {
		t.Run(name, func(t *testing.T) {
			b := openTab(t, browser, url)
			for _, width := range []int64{1280, 390, 320} {
				for _, scheme := range []string{"light", "dark"} {
					at := fmt.Sprintf("%s-%d-%s", name, width, scheme)
					b.look(width, "", "prefers-color-scheme", scheme)
					b.picture(at)
					b.fits(at, width)
					if width == 390 && (name == "typical" || name == "affiliate") {
						b.wholeTotals(at)
					}
					if width != 390 {
						b.accessible(at)
					}
				}
			}
			b.look(794, "print", "prefers-color-scheme", "dark") // paper of A4
			b.picture(name + "-print")
			b.fits(name+"-print", 794)
			b.look(1280, "", "forced-colors", "active")
			b.picture(name + "-forced")
		})
	}
}

// browserPages are the pages to look at, files and served ones.
func browserPages(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{}
	file := func(name string, f *pagetest.Fleet, window int) {
		path := filepath.Join(t.TempDir(), name+".html")
		w, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		a, o := pagetest.Huge(), page.Options{}
		if f != nil {
			a, o = f.Answer(window), page.Options{List: f.List}
		}
		if err := errors.Join(page.Write(w, a, o), w.Close()); err != nil {
			t.Fatal(err)
		}
		pages[name] = "file://" + path
	}
	file("typical", pagetest.Typical(), 28)
	file("affiliate", pagetest.New("affiliate", 900, 400), 28)
	file("one", pagetest.New("compreface", 1, 1), 28)
	file("empty", pagetest.Empty("compreface"), 28)
	file("huge", nil, 28)
	web := httptest.NewServer(fleetServer(pagetest.Typical()).handler())
	t.Cleanup(web.Close)
	pages["serve"] = web.URL + "/?window=7"
	pages["wrong"] = web.URL + "/?window=x"
	return pages
}

// A tab shows one page.
type tab struct {
	context.Context
	t *testing.T

	mu   sync.Mutex
	asks []string // of other places, and what the policy had to stop
}

func openTab(t *testing.T, browser context.Context, url string) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	b := &tab{t: t}
	if err := chromedp.Listen(ctx, func(event any) { b.hear(event, url) }); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithTimeout(ctx, patience)
	t.Cleanup(func() { end(); closeTab() })
	b.Context = ctx
	b.do(call(network.Enable, network.EnableParams{}), call(cdplog.Enable, cdp.Empty{}),
		scripts(false), chromedp.Navigate(url))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, a := range b.asks {
			t.Errorf("the page asked elsewhere, or wanted to: %s", a)
		}
	})
	return b
}

func (b *tab) hear(event any, url string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if u := e.Request.URL; u != url && !strings.HasPrefix(u, "data:") && u != "about:blank" {
			b.asks = append(b.asks, u)
		}
	case *cdplog.EventEntryAdded:
		if !strings.Contains(e.Entry.Text, "status of 400") {
			b.asks = append(b.asks, e.Entry.Text)
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

// scripts lets the page's scripts run, or not.
func scripts(run bool) action {
	return call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
}

func (b *tab) do(actions ...action) {
	b.t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// ask evaluates JavaScript of the test's, which runs also where the page's
// own may not.
func ask[T any](b *tab, script string) T {
	b.t.Helper()
	answer, err := chromedp.Run(b, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}

// look sets how wide the page is, on what it is, and what its reader prefers.
func (b *tab) look(width int64, media, feature, value string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, 800), call(emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Media: media, Features: []*emulation.MediaFeature{{Name: feature, Value: value}}}))
}

// picture writes screenshots of what a reader first sees and of the whole
// page.
func (b *tab) picture(name string) {
	b.t.Helper()
	ask[bool](b, `document.querySelectorAll("details").forEach(d => d.open = false), true`)
	for suffix, take := range map[string]chromedp.Action[[]byte]{"": chromedp.CaptureScreenshot(), "-whole": chromedp.FullScreenshot(100)} {
		png, err := chromedp.Run(b, take)
		if err == nil {
			err = errors.Join(os.MkdirAll(screenshots, 0o755), os.WriteFile(filepath.Join(screenshots, "page-"+name+suffix+".png"), png, 0o644))
		}
		if err != nil {
			b.t.Error(err)
		}
	}
}

// fits checks that nothing has to be scrolled sideways, all that can be
// opened open.
func (b *tab) fits(name string, width int64) {
	b.t.Helper()
	ask[bool](b, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	if wide := ask[int64](b, `document.documentElement.scrollWidth`); wide > width {
		b.t.Errorf("%s: %d pixels wide, on a screen of %d", name, wide, width)
	}
}

// wholeTotals checks that the table of totals is not cut on a telephone.
func (b *tab) wholeTotals(name string) {
	b.t.Helper()
	const hidden = `(s => s.scrollWidth - s.clientWidth)(document.querySelector("[aria-labelledby=totals]"))`
	if cut := ask[int64](b, hidden); cut > 0 {
		b.t.Errorf("%s: %d pixels of the totals are cut", name, cut)
	}
}

// accessible checks the page with axe-core.
func (b *tab) accessible(name string) {
	b.t.Helper()
	script, err := axe()
	need(b.t, err)
	b.do(scripts(true)) // axe-core waits with timers
	defer b.do(scripts(false))
	b.do(chromedp.Evaluate[chromedp.Void](script))
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
