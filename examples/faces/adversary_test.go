//go:build linux

package main

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"headcount.example/internal/ledger"
)

// The box is unticked whenever it is painted, whatever it was when the page
// was left, and what was not sent is no yes. Only after a mistake in the form it is
// as the person sent it.
func TestUntickedOnEveryPaint(t *testing.T) {
	c := startCollector(t)
	p := startProduct(t, &product{endpoint: c.url})
	b := openTab(t, p)
	paint := func(when string) {
		t.Helper()
		b.do(chromedp.WaitReady(chromedp.CSS(box)))
		if ask[bool](b, ticked) {
			t.Errorf("ticked %s", when)
		}
		b.do(chromedp.Click(chromedp.CSS(box)))
		if !ask[bool](b, ticked) {
			t.Fatal("it cannot be ticked")
		}
	}
	b.open("/signup")
	paint("at first")
	b.do(chromedp.Reload())
	paint("after a reload")
	b.press("header a")
	paint("on the same page again")
	b.open("/style.css")
	b.do(chromedp.NavigateBack())
	paint("after going back")
	b.do(chromedp.NavigateForward(), chromedp.NavigateBack())
	paint("after going forward and back")
	b.write("[name=name]", " ") // the browser takes it, and the application does not
	b.write("[name=email]", "ann@faces.example")
	b.write("[name=password]", password)
	b.press(submit)
	b.sees("[role=alert]", "name and an e-mail address are needed")
	b.do(chromedp.WaitReady(chromedp.CSS(box)))
	if !ask[bool](b, ticked) { // the person's own tick, sent with the form
		t.Error("not ticked after a mistake in the form, and it was before")
	}
	b.signUp("Ann", false)
	b.work()
	p.stop(t)
	if n := len(c.requests()); n != 0 {
		t.Errorf("%d connections", n)
	}
	p.leavesNothing(t)
}

// Whatever is not exactly the ticked box of this form is no yes, and the
// account is made all the same.
func TestMalformedAnswers(t *testing.T) {
	const field, notice = "headcount_consent", "headcount_notice"
	one := []string{"1"}
	for name, more := range map[string]url.Values{
		"nothing": {}, "only the notice": {notice: one}, "no notice": {field: {"on"}},
		"empty": {field: {""}, notice: one}, "yes": {field: {"yes"}, notice: one}, "true": {field: {"true"}, notice: one},
		"twice": {field: {"on", "on"}, notice: one}, "both": {field: {"off", "on"}, notice: one},
		"an older notice": {field: {"on"}, notice: {"0"}}, "a newer notice": {field: {"on"}, notice: {"2"}},
		"two notices": {field: {"on"}, notice: {"1", "1"}}, "another spelling": {"Headcount_Consent": {"on"}, notice: one},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
			newPerson(t, p).signUp(t, "Ann", more)
			p.stop(t)
			p.leavesNothing(t)
		})
	}
	t.Run("in the address", func(t *testing.T) {
		p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
		v := newPerson(t, p)
		v.post(t, "/signup?"+field+"=on&"+notice+"=1", url.Values{"name": {"Ann"}, "email": {"ann@faces.example"}, "password": {password}})
		p.stop(t)
		p.leavesNothing(t)
	})
	t.Run("from another site", func(t *testing.T) {
		p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
		form := url.Values{"name": {"Ann"}, "email": {"ann@faces.example"}, "password": {password}, field: {"on"}, notice: one}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/signup", strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "https://elsewhere.example")
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		reply.Body.Close()
		if reply.StatusCode != http.StatusForbidden || p.rows(t, "users") != 0 {
			t.Errorf("%s, and %d accounts", reply.Status, p.rows(t, "users"))
		}
		p.leavesNothing(t)
	})
	t.Run("the box itself", func(t *testing.T) { // so that the rest means something
		p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
		newPerson(t, p).signUp(t, "Ann", yes)
		if n := p.installations(t); n != 1 {
			t.Errorf("%d installations", n)
		}
	})
}

// yes is the ticked box.
var yes = url.Values{"headcount_consent": {"on"}, "headcount_notice": {"1"}}

// No fault of the statistics refuses a sign-up, and without an account there
// is no yes.
func TestSignUpWhateverFails(t *testing.T) {
	refuse := func(table string) func(*testing.T, *product) {
		return func(t *testing.T, p *product) {
			t.Helper()
			if _, err := p.open(t).ExecContext(t.Context(), "CREATE TRIGGER refuse BEFORE INSERT ON "+table+" BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		spoil           func(*testing.T, *product)
		code            int
		accounts, yeses int
		logged          string
	}{
		"nothing": {func(*testing.T, *product) {}, http.StatusOK, 1, 1, ""},
		"the directory": {func(t *testing.T, p *product) {
			if err := os.WriteFile(filepath.Join(p.dir, "telemetry"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, http.StatusOK, 1, 0, "the decisions cannot be read"}, // there is no question where an answer cannot be kept
		"the account": {refuse("users"), http.StatusInternalServerError, 0, 0, "refused by the test"},
	} {
		t.Run(name, func(t *testing.T) {
			p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
			test.spoil(t, p)
			form := url.Values{"name": {"Ann"}, "email": {"ann@faces.example"}, "password": {password}}
			maps.Copy(form, yes)
			reply, err := newPerson(t, p).PostForm(p.url+"/signup", form)
			if err != nil {
				t.Fatal(err)
			}
			reply.Body.Close()
			accounts, yeses := p.rows(t, "users"), p.decisions(t)
			if reply.StatusCode != test.code || accounts != test.accounts || yeses != test.yeses {
				t.Errorf("%s, %d accounts and %d decisions", reply.Status, accounts, yeses)
			}
			p.stop(t)
			if log := p.log.String(); !strings.Contains(log, test.logged) || test.logged == "" && log != "" {
				t.Errorf("the log is %q", log)
			}
		})
	}
}

// A no in the environment wins over a ticked box.
func TestEnvironmentDenies(t *testing.T) {
	for _, variable := range []string{"DO_NOT_TRACK=1", "COMPREFACE_TELEMETRY=off", "OTEL_SDK_DISABLED=true"} {
		t.Run(variable, func(t *testing.T) {
			p := startProduct(t, &product{endpoint: "http://127.0.0.1:9", env: []string{variable}})
			v := newPerson(t, p)
			v.signUp(t, "Ann", yes)
			v.work(t, 1)
			p.stop(t)
			p.leavesNothing(t)
		})
	}
}

// After a no, a later yes starts anew: the report of it has nothing in common
// with the earlier one that the report of a stranger would not have, and what
// is kept has nothing in common either.
func TestNewYesIsUnlinkable(t *testing.T) {
	c := startCollector(t)
	kept := func(p *product) (values []string) {
		t.Helper()
		id, _, err := ledger.Peek(t.Context(), ledger.Place{Dir: filepath.Join(p.dir, "telemetry")}, "CompreFace")
		if err != nil {
			t.Fatal(err)
		}
		return []string{id.GUID.String(), id.Phase.String()}
	}
	report := func(v *person) sent {
		t.Helper()
		v.work(t, 3)
		v.post(t, "/settings/report", nil)
		requests := c.requests()
		return decode(t, requests[len(requests)-1])
	}
	p := startProduct(t, &product{endpoint: c.url})
	ann := newPerson(t, p)
	ann.signUp(t, "Ann", yes)
	first, keptFirst := report(ann), kept(p)
	ann.decide(t, "denied")
	ann.work(t, 3)
	ann.decide(t, "granted")
	second, keptSecond := report(ann), kept(p)

	q := startProduct(t, &product{endpoint: c.url})
	bob := newPerson(t, q)
	bob.signUp(t, "Bob", nil)
	bob.work(t, 3)
	bob.work(t, 3)
	bob.decide(t, "granted")
	stranger := report(bob)

	if guid(first.data()) == guid(second.data()) {
		t.Error("the identifier came back")
	}
	for i, name := range []string{"install_guid", "phase"} {
		if keptFirst[i] == keptSecond[i] {
			t.Errorf("%s is %s before and after", name, keptFirst[i])
		}
	}
	anonymous := func(s sent) string { return strings.ReplaceAll(string(s.body), guid(s.data()), "GUID") }
	if anonymous(second) != anonymous(stranger) {
		t.Errorf("the second report is told from a stranger's:\n%q\n%q", facts(second.data()), facts(stranger.data()))
	}
	head := func(s sent) []string { // but for how well the body compresses
		return slices.DeleteFunc(strings.Split(s.head, "\r\n"), func(l string) bool { return strings.HasPrefix(l, "Content-Length") })
	}
	if !slices.Equal(head(second), head(stranger)) {
		t.Errorf("%q, a stranger's %q", head(second), head(stranger))
	}
	p.stop(t)
	p.nowhere(t, guid(first.data()))
}

// Example data is nothing that a person did: it is not counted, and the first
// person is asked as if it were not there.
func TestSeedIsNotCounted(t *testing.T) {
	c := startCollector(t)
	p := &product{endpoint: c.url, dir: filepath.Join(t.TempDir(), "data")}
	p.seed(t)
	startProduct(t, p)
	ann := newPerson(t, p)
	ann.signUp(t, "Ann", yes)
	ann.post(t, "/settings/report", nil)
	_, written := c.one(t)
	want := []string{"compreface.application.created 0", "compreface.collection.count 0 0", "compreface.service.created FACE_DETECTION 0",
		"compreface.service.created FACE_RECOGNITION 0", "compreface.service.created FACE_VERIFICATION 0", "compreface.user.created 1"}
	if got := facts(written); !slices.Equal(got, want) {
		t.Errorf("written %q", got)
	}
	if n := p.rows(t, "faces"); n != 1005 {
		t.Errorf("%d faces", n)
	}
}

// A browser keeps a connection in reserve, and the application is told to end.
func TestEndsWithAConnectionInReserve(t *testing.T) {
	p := startProduct(t, &product{endpoint: "http://127.0.0.1:9"})
	reserve, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer reserve.Close()
	newPerson(t, p).signUp(t, "Ann", yes) // accepted after it
	p.stop(t)
}
