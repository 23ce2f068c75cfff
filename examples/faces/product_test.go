//go:build linux

package main

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"google.golang.org/protobuf/encoding/protojson"

	"headcount.example/catalog/compreface"
)

// The page names one recipient, and it is the notice's.
func TestRecipient(t *testing.T) {
	notice, err := compreface.Catalog.Notice()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(notice), "this installation sends ")
	recipient, _, ok := strings.Cut(rest, " one small report")
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	b := openTab(t, p)
	b.open("/signup")
	b.sees(".hc-signup label", "Send usage statistics to "+recipient+" (")
	b.signUp("Ann", false)
	b.open("/settings/statistics/")
	b.sees("body", recipient)
	page := ask[string](b, `document.body.textContent`)
	if !ok || !strings.Contains(page, "If you agree, "+recipient+" gets one small report") {
		t.Errorf("the notice names %q, and the page does not", recipient)
	}
}

// Signed up without ticking: nothing ever leaves, and nothing is kept.
func TestSignUpWithoutTicking(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.signUp("Ann", false)
	b.work()
	b.open("/settings/statistics/")
	b.sees(".hc-status", "No decision has been made")
	p.stop(t)
	if n := len(c.requests()); n != 0 {
		t.Errorf("%d connections without a yes", n)
	}
	p.leavesNothing(t)
}

// Ticked: counted, sent, and arrived, as the Collector wrote it.
func TestSignUpTicked(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{"SQLite": func(*testing.T) string { return "" }, "PostgreSQL": postgres} {
		t.Run(name, func(t *testing.T) {
			c := startCollector(t)
			p := startProduct(t, &product{endpoint: c.url, database: database(t)})
			b := openTab(t, p)
			b.signUp("Ann", true)
			b.work()
			b.open("/settings/statistics/")
			b.sees(".hc-status", "On since")
			b.send()
			b.sees(".hc-outcome", "The report was sent and has arrived.")
			wire, written := c.one(t)
			if got := facts(wire.data()); !slices.Equal(got, workFacts) {
				t.Errorf("sent %q", got)
			}
			if got := facts(written); !slices.Equal(got, workFacts) {
				t.Errorf("written %q", got)
			}
			if id := guid(wire.data()); id == "" || id != guid(written) {
				t.Errorf("sent as %q, written as %q", id, guid(written))
			}
			b.sees("#hc-sent + p + details summary", "delivered")
		})
	}
}

// What the settings show as the next report is what is received.
func TestPreviewIsWhatIsSent(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.signUp("Ann", true)
	b.work()
	b.open("/settings/statistics/?sizes")
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
	const raw = `[...document.querySelectorAll("section[aria-labelledby=hc-preview] pre")].map(e => e.textContent)`
	shown := ask[[]string](b, raw)
	size := ask[string](b, `[...document.querySelectorAll("section[aria-labelledby=hc-preview] details:last-of-type > p")].at(-1).textContent`)
	if n := len(c.requests()); n != 0 {
		t.Fatalf("%d connections for a preview", n)
	}
	b.send()
	wire, _ := c.one(t)
	lines := func(text string) []string { return strings.Fields(strings.TrimSpace(text)) }
	if len(shown) != 2 || !slices.Equal(lines(shown[0]), lines(wire.head)) {
		t.Errorf("the head was shown as\n%s\nand sent as\n%s", shown, wire.head)
	}
	received, err := protojson.Marshal(wire.of)
	if err != nil {
		t.Fatal(err)
	}
	if !sameJSON(t, []byte(shown[1]), received) {
		t.Errorf("the body was shown as\n%s\nand sent as\n%s", shown[1], received)
	}
	if !strings.HasPrefix(size, strconv.Itoa(len(wire.raw))+" bytes") {
		t.Errorf("%d bytes were sent; shown was %q", len(wire.raw), size)
	}
	b.do(chromedp.Evaluate[chromedp.Void](`document.querySelectorAll("details").forEach(d => d.open = true)`))
	if sent := ask[[]string](b, strings.Replace(raw, "=hc-preview", "=hc-sent", 1)); !slices.Equal(sent, shown) {
		t.Errorf("the journal shows\n%q\nand the preview showed\n%q", sent, shown)
	}
}

// Turned off: nothing more, and nothing is left of the identifier but what the
// journal of sent reports shows.
func TestTurnOff(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.signUp("Ann", true)
	b.work()
	b.send()
	wire, _ := c.one(t)
	day := today(t)
	b.decide("denied")
	b.sees(".hc-outcome", "The decision is recorded.")
	b.work()
	b.open("/settings")
	b.sees("main", "They were turned off on "+day+".")
	if n := ask[int](b, `document.querySelectorAll("main form").length`); n != 0 {
		t.Error("a report can be asked for while statistics are off")
	}
	newPersonLike(t, b).refused(t, "/settings/report")
	p.stop(t)
	c.one(t) // still
	p.forgot(t, guid(wire.data()))
}

// Turned off and erased: one request arrives, with the identifier alone.
func TestTurnOffAndErase(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.signUp("Ann", true)
	b.work()
	b.send()
	wire, _ := c.one(t)
	b.decide("erase")
	b.sees(".hc-outcome", "The decision is recorded.")
	b.work()
	p.stop(t)
	requests, written := c.requests(), c.written(t)
	if len(requests) != 2 || len(written) != 2 {
		t.Fatalf("%d connections and %d lines", len(requests), len(written))
	}
	erasure := decode(t, requests[1])
	if got := facts(erasure.data()); !slices.Equal(got, []string{"headcount.erasure.requested 1"}) {
		t.Errorf("the request to erase says %q", got)
	}
	if guid(erasure.data()) != guid(wire.data()) || guid(written[1]) != guid(wire.data()) {
		t.Error("the request to erase names another installation")
	}
	p.forgot(t, guid(wire.data()))
}

// Everything with the keyboard: sign up, tick, turn off.
func TestKeyboardOnly(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.open("/signup")
	for _, field := range []struct{ selector, text string }{
		{"[name=name]", "Ann"}, {"[name=email]", "ann@faces.example"}, {"[name=password]", password}, {box, " "},
	} {
		b.tabTo(field.selector)
		b.do(chromedp.KeyEvent(field.text))
	}
	b.tabTo(submit)
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.sees("h1", "Applications")
	b.tabTo("[name=name]")
	b.do(chromedp.KeyEvent("Front door"))
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.tabTo("[name=name]")
	b.do(chromedp.KeyEvent("Doorbell"))
	b.tabTo("[type=radio]")
	b.do(chromedp.KeyEvent(" "))
	b.tabTo(submit)
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.sees("h1", "Doorbell")
	b.tabTo("nav a[href='/settings']")
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.tabTo("main a")
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.sees(".hc-status", "On since")
	b.tabTo("button[value=denied]")
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.sees(".hc-status", "Turned off on")
	b.tabTo("button[value=granted]")
	b.leave(chromedp.KeyEvent(" "))
	b.sees(".hc-status", "On since")
}

// Without JavaScript everything works as with it.
func TestWithoutJavaScript(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.do(call(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	b.signUp("Ann", true)
	b.work()
	b.send()
	if _, written := c.one(t); !slices.Equal(facts(written), workFacts) {
		t.Errorf("written %q", facts(written))
	}
	b.decide("erase")
	b.sees(".hc-status", "Turned off on")
	if n := len(c.written(t)); n != 2 {
		t.Errorf("the Collector has %d requests", n)
	}
}

// A new notice asks again. What was counted is there after the new yes; until
// then nothing leaves.
func TestNoticeChange(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	b.signUp("Ann", true)
	b.work()
	b.send()
	before, _ := c.one(t)
	p.stop(t)
	p.notice = "2"
	p.start(t)
	b.open("/")
	b.sees(".hc-banner", "a person agreed to notice 1, and the notice is now 2")
	b.picture("notice-changed")
	newPersonLike(t, b).refused(t, "/settings/report")
	b.press(".hc-banner a")
	b.sees(".hc-status", "agreed to notice 1, and the notice is now 2")
	c.one(t) // still
	b.press("button[value=granted]")
	b.sees(".hc-status", "On since")
	b.open("/")
	if n := ask[int](b, `document.querySelectorAll(".hc-banner").length`); n != 0 {
		t.Error("it asks again after the answer")
	}
	b.send()
	requests := c.requests()
	if len(requests) != 2 {
		t.Fatalf("%d connections", len(requests))
	}
	if after := decode(t, requests[1]); !slices.Equal(facts(after.data()), workFacts) || guid(after.data()) != guid(before.data()) {
		t.Errorf("after the new yes %q of %s; before %s", facts(after.data()), guid(after.data()), guid(before.data()))
	}
}

// Only the first account is asked, and only it looks and decides: a
// person who looks sees the identifier, and everyone can make an account.
func TestMembersDoNotLook(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	a := openTab(t, p)
	a.signUp("Ann", true)
	a.open("/settings/statistics/")
	id := ask[string](a, `document.documentElement.innerHTML.match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f-]{17}/)[0]`)
	b := openTab(t, p)
	b.open("/signup")
	if n := ask[int](b, `document.querySelectorAll("`+box+`").length`); n != 0 {
		t.Error("the second account is asked")
	}
	b.signUp("Bob", false)
	b.open("/settings")
	b.sees("main", "Usage statistics")
	if links := ask[[]string](b, `[...document.querySelectorAll("main a")].map(a => a.pathname)`); !slices.Equal(links, []string{"/statistics/"}) {
		t.Errorf("a member is led to %q, want the notice", links)
	}
	for _, path := range []string{"/statistics/", "/settings/statistics/"} {
		b.open(path)
		b.sees("main", "Only an administrator can change this.")
		b.sees("main", "What is never sent")
	}
	bob := newPersonLike(t, b)
	for _, path := range []string{"/settings", "/settings/statistics/", "/settings/statistics/?all", "/settings/statistics/api/state", "/settings/statistics/api/preview", "/statistics/"} {
		reply, err := bob.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(reply.Body)
		_ = reply.Body.Close()
		if err != nil || bytes.Contains(page, []byte(id)) || strings.HasPrefix(path, "/settings/") && reply.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s, %v\n%s", path, reply.Status, err, page)
		}
	}
	bob.refused(t, "/settings/report")
	bob.refused(t, "/settings/statistics/decide")
	newPerson(t, p).refused(t, "/settings/statistics/decide")
}
