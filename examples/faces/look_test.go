//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"headcount.example/catalog/compreface"
	"headcount.example/panel"
)

// The five questions of who decides are answered before anything is scrolled: who gets
// it, why, what, for how long, and how to undo it. State and buttons can be seen as
// well, and nothing lies over them.
func TestFirstScreen(t *testing.T) {
	b := openGallery(t, startCollector(t)).tab(t)
	recipient, err := json.Marshal(compreface.About.Recipient)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range languages {
		b.speak(tag)
		for _, screen := range [][2]int64{{1280, 800}, {390, 844}} {
			b.do(chromedp.EmulateViewport(screen[0], screen[1]))
			for _, name := range []string{"undecided", "on"} {
				b.open("/" + name + "/settings/")
				as := fmt.Sprintf("first-screen-%s-%s-%d", name, tag, screen[0])
				b.screen(as)
				for _, missing := range ask[[]string](b, b.script("answers.js")+"("+string(recipient)+")") {
					t.Errorf("%s: %s", as, missing)
				}
			}
		}
	}
}

// On paper everything is open, and there is nothing to press.
func TestPrint(t *testing.T) {
	b := openGallery(t, startCollector(t)).tab(t)
	for _, path := range []string{"/on/settings/?sizes", "/notice/"} {
		b.open(path)
		b.do(chromedp.EmulateViewport(794, 1123)) // A4
		b.media("print", "prefers-color-scheme", "dark")
		b.picture("print" + map[bool]string{true: "-notice"}[path == "/notice/"])
		hidden := ask[[]string](b, `(() => {
			const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), hidden = [], range = document.createRange();
			for (let n; (n = walker.nextNode());) {
				const e = n.parentElement;
				if (!n.data.trim() || e.closest("form, nav, .hc-facts thead")) continue;
				range.selectNodeContents(n);
				if (!e.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true}) || range.getBoundingClientRect().height === 0) hidden.push(n.data.trim().slice(0, 60));
			}
			return hidden;
		})()`)
		if len(hidden) != 0 {
			t.Errorf("%s: not on paper: %q", path, hidden)
		}
		if n := ask[int](b, `[...document.querySelectorAll("button, nav")].filter(e => e.checkVisibility()).length`); n != 0 {
			t.Errorf("%s: got %d buttons on paper, want none", path, n)
		}
		b.accessible(path + " on paper") // a dark screen's colours are not for paper
		for _, fault := range ask[[]string](b, b.script("layout.js")) {
			t.Errorf("%s on paper: %s", path, fault)
		}
	}
}

// With colours of the reader's own the state is a word that can be read, buttons have
// a border, and no text has the colour of what is behind it.
func TestForcedColours(t *testing.T) {
	g := openGallery(t, startCollector(t))
	b := g.tab(t)
	b.do(chromedp.EmulateViewport(1280, 800))
	b.media("", "forced-colors", "active")
	for _, e := range g.pages {
		b.open(e.path)
		b.unfold(true)
		if e.name == "undecided" || e.name == "on" || e.name == "banner" {
			b.picture("forced-colours-" + e.name)
		}
		lost := ask[[]string](b, `(() => {
			if (!matchMedia("(forced-colors: active)").matches) return ["colours are not forced"];
			const lost = [], solid = c => c !== "rgba(0, 0, 0, 0)" && c !== "transparent";
			const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (solid(c)) return c; } return "rgb(255, 255, 255)"; };
			for (const e of document.querySelectorAll("body *"))
				if (e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && getComputedStyle(e).color === behind(e)) lost.push(e.outerHTML.slice(0, 80));
			for (const e of document.querySelectorAll("button, .hc-card, .hc-banner")) {
				const s = getComputedStyle(e);
				if (s.borderTopStyle === "none" || parseFloat(s.borderTopWidth) < 1 || s.borderTopColor === behind(e.parentElement)) lost.push("no border: " + e.outerHTML.slice(0, 80));
			}
			return lost;
		})()`)
		for _, l := range lost {
			t.Errorf("%s: %s", e.name, l)
		}
		if n := ask[int](b, `document.querySelectorAll(".hc-card > h2").length`); n == 1 {
			word := b.text(".hc-card > h2")
			if word != "On" && word != "Off" {
				t.Errorf("%s: the state is %q, want On or Off", e.name, word)
			}
		}
	}
}

// hostStyle sets back, floats, stretches and enlarges what pages have; .card, .lead
// and .small are as in Bootstrap.
const hostStyle = `
*:where(:not(svg, svg *)) { all: revert; margin: 0; padding: 0; box-sizing: content-box; }
html { font-size: 22px; } body { font: 1.1rem/1.1 serif; color: #222; background: #fffdf5; }
label { display: block; width: 100%; float: left; font-weight: 400; }
input, button, select { width: 100%; display: block; text-transform: uppercase; letter-spacing: .1em; }
button { all: unset; background: #c00; color: #fff; }
a { color: inherit; text-decoration: none; } svg { display: block; max-width: 100%; height: auto; }
ul, ol { list-style: none; } dl, dt, dd { float: left; width: 50%; } table { display: block; } td, th { padding: 3rem; border: 3px double; }
details, summary { display: block; } code, pre { color: #c7254e; background: #f9f2f4; white-space: nowrap; } h1, h2, h3 { font-size: 3rem; line-height: 1; }
.card { display: flex; flex-direction: column; position: relative; } .lead { font-size: 1.25rem; font-weight: 300; } .small { font-size: .875em; }`

// hostNames are classes and ids that an application may have as well. One that the
// panel uses without its prefix hides a part of the panel here.
var hostNames = strings.Fields("alert banner box card choices counted details facts full history label lead minor notice offer on outcome " +
	"preview scroll sent signup small status")

// In an application whose style fights ours, and under a policy with a nonce, nothing
// overlaps, nothing is lost, and the buttons do what they say.
func TestInsideAHost(t *testing.T) {
	style := hostStyle
	for _, name := range hostNames {
		style += "\n." + name + ", #" + name + " { display: none !important; }"
	}
	g := openGallery(t, startCollector(t))
	s := &state{name: "host", endpoint: nowhere, may: panel.Change, list: compreface.Catalog, dir: t.TempDir() + "/telemetry"}
	s.layout = func(w http.ResponseWriter, _ *http.Request, status int, title string, content template.HTML) {
		writeHost(w, title, style, `<link rel="stylesheet" href="panel.css">`, content)
	}
	s.start(t)
	g.mux.Handle("/host/", http.StripPrefix("/host", s.panel))
	link := template.HTML(`<link rel="stylesheet" href="/host/panel.css">`)
	g.mux.HandleFunc("/host-sign-up", func(w http.ResponseWriter, r *http.Request) {
		writeHost(w, "Sign up", style, link, "<form>"+s.panel.SignUp(w, r)+"</form>")
	})
	g.mux.HandleFunc("/host-banner", func(w http.ResponseWriter, r *http.Request) {
		writeHost(w, "A page", style, link, s.panel.Banner(w, r, "/host/"))
	})
	b := g.tab(t) // it fails the test if a policy is violated
	look := func(name string) {
		t.Helper()
		b.unfold(true)
		for _, width := range []int64{1280, 390} {
			b.look(width, "light")
			b.picture(fmt.Sprintf("host-%s-%d", name, width))
			for _, fault := range ask[[]string](b, b.script("layout.js")) {
				t.Errorf("%s-%d: %s", name, width, fault)
			}
		}
		b.look(1280, "light")
		for _, part := range ask[[]string](b, `[...document.querySelectorAll(".headcount, .headcount *")]
			.filter(e => getComputedStyle(e).display === "none" && !e.matches("td, [type=hidden]")).map(e => e.outerHTML.slice(0, 80))`) {
			t.Errorf("%s: the host's style hides %s", name, part)
		}
	}
	for path, name := range map[string]string{"/host-sign-up": "sign-up", "/host-banner": "banner", "/host/": "undecided"} {
		b.open(path)
		look(name)
	}
	b.open("/host-sign-up")
	b.do(chromedp.Click(chromedp.CSS("label[for=headcount-consent]")))
	if !ask[bool](b, ticked) {
		t.Error("a click on the label does not tick the box")
	}
	for _, step := range []struct{ button, status string }{{"granted", "On since"}, {"denied", "Turned off on"}, {"granted", "On since"}, {"erase", "Turned off on"}} {
		b.open("/host/")
		b.press("button[value=" + step.button + "]")
		b.sees(".hc-status", step.status)
	}
	look("after")
}
