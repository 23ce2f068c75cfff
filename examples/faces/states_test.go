//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// languages: one that is read from left to right, one whose words are long, and one
// from right to left.
var languages = []string{"en", "de", "ar"}

// everywhere calls look for each page of the gallery, and for the product's sign-up as
// it is first and after a mistake, in one language: each a test with a tab of its own.
func everywhere(t *testing.T, g *gallery, tag string, look func(b *tab, name string)) {
	t.Helper()
	for _, e := range g.pages {
		t.Run(tag+"/"+e.name, func(t *testing.T) {
			b := g.tab(t)
			b.speak(tag)
			b.open(e.path)
			look(b, e.name)
		})
	}
	p := startProduct(t, &product{endpoint: nowhere})
	for _, name := range []string{"sign-up", "sign-up-mistake"} {
		t.Run(tag+"/"+name, func(t *testing.T) {
			b := openTab(t, p)
			b.speak(tag)
			b.open("/signup")
			if name != "sign-up" {
				b.write("[name=name]", " ")
				b.write("[name=email]", "ann@faces.example")
				b.write("[name=password]", password)
				b.do(chromedp.Click(chromedp.CSS(box)))
				b.press(submit)
			}
			look(b, name)
		})
	}
}

// Every page and state, in each language, light and dark, on a telephone and on a
// screen: nothing that axe-core finds.
func TestEveryState(t *testing.T) {
	_, missing := axe()
	need(t, missing)
	g := openGallery(t, startCollector(t))
	n := 0
	for _, tag := range languages {
		everywhere(t, g, tag, func(b *tab, name string) {
			for _, width := range []int64{320, 1280} {
				for _, scheme := range []string{"light", "dark"} {
					b.look(width, scheme)
					b.accessible(fmt.Sprintf("%s-%d", scheme, width))
					n++
				}
			}
			if text := ask[string](b, `document.body.innerText`); strings.Contains(text, "!panel.") || strings.Contains(text, "!notice.") {
				b.t.Error("a text is missing")
			}
		})
	}
	t.Logf("axe-core looked at %d combinations of %d pages", n, n/len(languages)/4)
	if whole := len(languages) * (len(g.pages) + 2) * 4; n != whole {
		t.Errorf("got %d combinations, want %d", n, whole)
	}
}

// Every page and state with room and without: nothing has to be scrolled sideways,
// is cut off, overlaps or breaks inside a word. English is looked at once more with
// every text 40 % longer, and Arabic for the order of its ranges.
func TestLayout(t *testing.T) {
	g := openGallery(t, startCollector(t))
	for _, tag := range languages {
		ranges := 0
		everywhere(t, g, tag, func(b *tab, name string) {
			b.unfold(true)
			measure := func(as string) {
				b.t.Helper()
				for _, width := range []int64{320, 640, 1280} {
					b.look(width, "light")
					for _, fault := range ask[[]string](b, b.script("layout.js")) {
						b.t.Errorf("%s-%d: %s", as, width, fault)
					}
					if width == 320 {
						b.picture(as)
					}
				}
			}
			measure(name + "-" + tag)
			order := ask[struct {
				N     int
				Wrong []string
			}](b, b.script("order.js"))
			ranges += order.N
			for _, wrong := range order.Wrong {
				b.t.Errorf("shown in another order: %s", wrong)
			}
			if tag == "en" {
				if n := ask[int](b, b.script("longer.js")); n < 4 {
					b.t.Errorf("got %d longer texts, want 4 or more", n)
				}
				measure(name + "-longer")
			}
		})
		if ranges < 10 {
			t.Errorf("%s: got %d ranges, want 10 or more", tag, ranges)
		}
	}
}
