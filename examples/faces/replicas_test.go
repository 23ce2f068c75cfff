//go:build linux

package main

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// replicas are two processes with one database, and one person who is logged
// in at both.
func replicas(t *testing.T, env ...string) (one, two *person) {
	t.Helper()
	c, database := startCollector(t), postgres(t)
	start := func() *product { return startProduct(t, &product{endpoint: c.url, database: database, env: env}) }
	one = newPerson(t, start())
	one.signUp(t, "Ann", nil)
	return one, &person{Client: one.Client, product: start()}
}

// page returns what a page shows.
func (v *person) page(t *testing.T, path string) string {
	t.Helper()
	reply, err := v.Get(v.product.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, reply.Status, err)
	}
	return html.UnescapeString(string(text))
}

func (v *person) sees(t *testing.T, path, want string) {
	t.Helper()
	if text := v.page(t, path); !strings.Contains(text, want) {
		t.Errorf("%s does not show %q:\n%s", path, want, text)
	}
}

// counted is how many events are in the database: each process adds its own
// every ten seconds.
func (p *product) counted(t *testing.T) (n int) {
	t.Helper()
	db := p.open(t)
	defer db.Close() // it may be asked often
	var text string
	if err := db.QueryRowContext(t.Context(), "SELECT coalesce(max(state), '{}') FROM headcount").Scan(&text); err != nil {
		t.Fatal(err)
	}
	type counts struct{ Totals map[string]int }
	var state struct {
		counts
		Shares []counts // of the processes
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		t.Fatal(err)
	}
	for _, c := range append(state.Shares, state.counts) {
		for _, total := range c.Totals {
			n += total
		}
	}
	return n
}

// What was decided in one process, the pages of the other one say.
func TestDecidedInAnotherProcess(t *testing.T) {
	one, two := replicas(t)
	two.sees(t, "/settings", "They are off.")
	one.decide(t, "granted")
	two.sees(t, "/settings", "They are on.")
	two.work(t, 0)
	eventually(t, "all events are counted", func() bool { return two.product.counted(t) == 1+len(kinds) })
	day := today(t)
	two.decide(t, "denied")
	one.sees(t, "/settings", "They were turned off on "+day+".")
	one.refused(t, "/settings/report")
	one.decide(t, "granted")
	two.sees(t, "/settings/statistics/", "On since ")
	two.decide(t, "denied")
	one.sees(t, "/settings/statistics/", "Turned off on")
	two.decide(t, "granted")
	one.post(t, "/settings/report", nil) // asked for at the page of the other one
}

// The question about a new notice is answered once for all processes.
func TestNoticeAnsweredInAnotherProcess(t *testing.T) {
	one, two := replicas(t)
	one.decide(t, "granted")
	for _, v := range []*person{one, two} {
		v.product.stop(t)
		v.product.notice = "2"
		v.product.start(t)
		v.sees(t, "/", "the notice is now 2")
	}
	one.decide(t, "granted")
	if text := two.page(t, "/"); strings.Contains(text, "the notice is now 2") {
		t.Errorf("the other process asks again:\n%s", text)
	}
}

// A process at which no one looks learns of a yes too.
func TestLearnsOfAYes(t *testing.T) {
	one, two := replicas(t, "FACES_TEST_WATCH=1s")
	one.decide(t, "granted")
	eventually(t, "the other process counts", func() bool {
		time.Sleep(time.Second)
		two.work(t, 0)
		return two.product.counted(t) > 0
	})
}
