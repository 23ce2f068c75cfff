//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"headcount.example/catalog/compreface"
)

// Every page of the product's own, wide and light, and as narrow as a telephone in
// the dark: no violation that axe-core finds, nothing to be scrolled sideways, and a
// picture to look at. TestEveryState has the panel's.
func TestEveryPage(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	b := openTab(t, p)
	shoot := func(name string) {
		t.Helper()
		for _, look := range []struct {
			width  int64
			scheme string
		}{{1000, "light"}, {320, "dark"}} {
			b.look(look.width, look.scheme)
			as := fmt.Sprintf("%s-%s-%d", name, look.scheme, look.width)
			b.picture(as)
			b.accessible(as)
			b.narrow(as)
			b.unfold(false)
		}
		b.look(1000, "light")
	}
	b.signUp("Ann", false)
	shoot("applications-none")
	b.open("/settings")
	shoot("settings-off")
	b.decide("granted")
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
	b.open("/settings")
	shoot("settings-on")
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
