//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"headcount.example/catalog/compreface"
)

// Every page, wide and light, and as narrow as a telephone in the dark: no
// violation that axe-core finds, nothing to be scrolled sideways, and a
// picture to look at.
func TestEveryPage(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	shoot := func(name string) {
		t.Helper()
		for _, look := range []struct {
			width  int64
			scheme string
		}{{1000, "light"}, {1000, "dark"}, {320, "light"}, {320, "dark"}} {
			b.look(look.width, look.scheme)
			as := fmt.Sprintf("%s-%s-%d", name, look.scheme, look.width)
			b.picture(as) // as it is painted, and then with everything open
			b.accessible(as)
			b.narrow(as)
			b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = false)`))
		}
		b.look(1000, "light")
	}
	b.open("/signup")
	shoot("sign-up-first")
	b.write("[name=name]", " ")
	b.write("[name=email]", "ann@faces.example")
	b.write("[name=password]", password)
	b.press(submit)
	shoot("sign-up-mistake")
	b.signUp("Ann", false)
	shoot("applications-none")
	b.open("/settings")
	shoot("settings-off")
	b.open("/settings/statistics/")
	shoot("statistics-undecided")
	b.press("button[value=granted]")
	shoot("statistics-agreed")
	p.seed(t)
	b.work()
	shoot("application")
	b.press(".list li:nth-child(2) a")
	shoot("service-collection")
	b.open("/")
	shoot("applications")
	b.press(".list li:nth-child(2) a")
	b.press(".list li:nth-child(1) a")
	shoot("service-without-collection")
	b.send()
	shoot("statistics-sent")
	b.open("/settings/statistics/?sizes&all")
	shoot("statistics-sizes")
	b.open("/settings")
	shoot("settings-on")
	b.decide("erase")
	shoot("statistics-erased")
	b.open("/nowhere")
	shoot("not-found")
	b.open("/settings")
	b.press("header form button")
	shoot("log-in")
	b.write("[name=email]", "ann@faces.example")
	b.write("[name=password]", "not the password")
	b.press(submit)
	shoot("log-in-mistake")
	b.open("/signup")
	shoot("sign-up-later")
	b.open("/settings/statistics/decide")
	shoot("statistics-refused")
}

// The five questions of who decides are answered before anything is scrolled: who gets
// it, why, what, how long, and how to undo it; the two answers can be seen as well.
func TestFirstScreen(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	b := openTab(t, p)
	b.signUp("Ann", false)
	for _, screen := range [][2]int64{{1280, 800}, {390, 844}} {
		b.do(chromedp.EmulateViewport(screen[0], screen[1]))
		b.open("/settings/statistics/")
		b.screen(fmt.Sprintf("first-screen-%d", screen[0]))
		below := ask[[]string](b, `[...document.querySelectorAll(".lead, .offer dd, .card button, .card .small")].slice(0, 7).filter(e => e.getBoundingClientRect().bottom > innerHeight).map(e => e.textContent)`)
		if n := ask[int](b, `document.querySelectorAll(".lead, .offer dd, .card button").length`); n != 6 || len(below) != 0 {
			t.Errorf("%d: got %d parts, want 6; below the screen are %q", screen[0], n, below)
		}
	}
}

// Every page of the panel in a language from left to right, one from right to
// left, and one with texts that are longer: nothing that axe-core finds, no text
// missing, nothing to be scrolled sideways.
func TestPanelInLanguages(t *testing.T) {
	c := startCollector(t)
	for _, tag := range []string{"de", "ar", "x-pseudo"} {
		p := startProduct(t, &product{endpoint: c.url})
		b := openTab(t, p)
		b.do(call(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": tag}}))
		look := func(name string) {
			t.Helper()
			for _, look := range []struct {
				width  int64
				scheme string
			}{{1280, "dark"}, {320, "light"}} {
				b.look(look.width, look.scheme)
				as := fmt.Sprintf("%s-%s-%s-%d", name, tag, look.scheme, look.width)
				if tag != "x-pseudo" { // a language that is longer, and otherwise English
					b.accessible(as)
				}
				b.narrow(as)
				if text := ask[string](b, `document.body.innerText`); strings.Contains(text, "!panel.") || strings.Contains(text, "!notice.") {
					t.Errorf("%s: a text is missing", as)
				}
			}
		}
		b.open("/signup")
		look("sign-up")
		b.signUp("Ann", false)
		b.open("/settings/statistics/")
		look("undecided")
		b.press("button[value=granted]")
		b.open("/settings/statistics/?sizes")
		look("on")
		b.press("button[value=send]")
		b.press("button[value=erase]")
		look("erased")
		b.open("/statistics/")
		look("notice")
	}
}

// Names as long as they may be, without a space at which a line could end.
func TestLongNames(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	b := openTab(t, p)
	long := strings.Repeat("W", maxName)
	b.open("/signup")
	b.write("[name=name]", long)
	b.write("[name=email]", strings.Repeat("w", maxName-len("@faces.example"))+"@faces.example")
	b.write("[name=password]", password)
	b.press(submit)
	look := func(name string) {
		t.Helper()
		for _, width := range []int64{1000, 320} {
			b.look(width, "light")
			as := fmt.Sprintf("long-%s-%d", name, width)
			b.picture(as)
			b.narrow(as)
		}
	}
	b.write("[name=name]", long)
	b.press(submit)
	application := ask[string](b, "location.pathname")
	for _, k := range kinds {
		b.open(application) // what is too wide cannot be clicked
		b.write("[name=name]", long)
		b.do(chromedp.Click(chromedp.CSS("[value=" + k.Type + "]")))
		b.press(submit)
		if k.Type == compreface.Recognition {
			b.write("textarea", long+"\n"+long)
			b.press(submit)
			look("collection")
		} else {
			look("service")
		}
	}
	b.open(application)
	look("application")
	for path, name := range map[string]string{"/": "applications", "/settings": "settings", "/settings/statistics/": "statistics"} {
		b.open(path)
		look(name)
	}
}
