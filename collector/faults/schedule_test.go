//go:build linux

package faults

import (
	"slices"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/internal/ledger"
)

// overdue makes an installation's report due: as if its moment had come.
func overdue(t *testing.T, i *installation) (phase time.Duration) {
	t.Helper()
	return planned(t, i, ledger.Schedule{Due: time.Now().Add(-time.Second), Reported: true})
}

// planned writes a schedule as another process would have, at another time.
func planned(t *testing.T, i *installation, s ledger.Schedule) (phase time.Duration) {
	t.Helper()
	var all []string
	for _, c := range series {
		all = append(all, c.String())
	}
	l, err := ledger.Open(t.Context(), ledger.Place{Dir: i.dir}, ledger.Owner{Product: compreface.Catalog.Product()}, all, time.Now(), func() error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	inAMinute(t, l, func(ledger.Schedule) (ledger.Schedule, error) { return s, nil })
	return l.Identity().Phase
}

// inAMinute changes the schedule when the right to send of a killed process has ended.
func inAMinute(t *testing.T, l *ledger.Ledger, change func(ledger.Schedule) (ledger.Schedule, error)) {
	t.Helper()
	now := time.Now().Add(time.Minute)
	sending, err := l.Begin(t.Context(), now, now.Add(time.Second), change)
	if err == nil {
		err = l.End(t.Context(), sending, sending.Attempt)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// When the report of the day is due, four processes of one installation start
// at once: one of them sends it unasked, and there is no second.
// What it holds is exact.
func TestDue(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	i := consenting(t, directory(t))
	p := newProxy(t, url)
	a := i.start("http://" + p.address)
	a.must(order{Do: "add", N: 100})
	a.close()
	overdue(t, i)
	let := make(chan struct{})
	p.set(func(w *wire) { <-let; pass(w) })
	var all []*application
	for range 4 {
		all = append(all, i.start("http://"+p.address))
	}
	close(let)
	for _, b := range all { // Flush waits for the report that is on its way
		b.must(order{Do: "flush"})
	}
	_, done, attempts := i.acked.sums()
	if got := s.of(t, a.began.GUID); !slices.Equal(got, done) {
		t.Errorf("the store says %d of what was counted %d", got, done)
	}
	if n := s.lines[a.began.GUID]; n != attempts+1 {
		t.Errorf("%d reports arrived, of %d that were asked for and 1 that was due", n, attempts)
	}
	for _, b := range all {
		b.close()
	}
}

// What a server answers decides when the next report is: not before the
// server wants it, never at once, and not before the next day when it would
// be refused again.
func TestNextAttempt(t *testing.T) {
	url, _ := collector(t)
	for _, x := range []struct {
		name        string
		fault       fault
		from, until time.Duration // zero: the phase of the next day
	}{
		{"stored", pass, 0, 0},
		{"400", answer("400 Bad Request"), 0, 0},
		{"429", answer("429 Too Many Requests"), 30 * time.Second, 90 * time.Second},
		{"429 with Retry-After", answer("429 Too Many Requests", "Retry-After: 7200"), 2 * time.Hour, 2*time.Hour + time.Minute},
		{"503 with Retry-After", answer("503 Service Unavailable", "Retry-After: 7200"), 2 * time.Hour, 2*time.Hour + time.Minute},
		{"503 with Retry-After for ever", answer("503 Service Unavailable", "Retry-After: 99999999999999999999"), 24 * time.Hour, 24 * time.Hour},
		{"500", answer("500 Internal Server Error"), 30 * time.Second, 90 * time.Second},
		{"reset", func(w *wire) { w.request(); w.reset() }, 30 * time.Second, 90 * time.Second},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			i := consenting(t, directory(t))
			p := newProxy(t, url)
			a := i.start("http://" + p.address)
			a.close()
			phase := overdue(t, i)
			p.set(x.fault)
			begin := time.Now().Truncate(time.Second)
			b := i.start("http://" + p.address)
			for p.conns.Load() == 0 { // the one that is due, by itself
				time.Sleep(time.Millisecond)
			}
			var next time.Time
			for right := false; !right; { // until the outcome is noted
				next = b.must(order{Do: "status"}).Next
				end := time.Now()
				if x.from == 0 {
					right = next.After(end.Add(time.Hour)) && next.Sub(next.UTC().Truncate(24*time.Hour)) == phase
				} else {
					right = !next.Before(begin.Add(x.from)) && !next.After(end.Add(x.until))
				}
				if end.Sub(begin) > bound {
					t.Fatalf("the next report is %v after this one", next.Sub(begin))
				}
			}
			b.close()
			if n := p.conns.Load(); n != 1 {
				t.Errorf("%d connections for one report", n)
			}
		})
	}
}

// TestClockJumped: the schedule was written under a clock that was wrong by
// years. The process that starts sends nothing at once, or one report, and its
// next one is at most 28 hours away.
func TestClockJumped(t *testing.T) {
	const year = 365 * 24 * time.Hour
	now := time.Now()
	for name, plan := range map[string]ledger.Schedule{
		"due in a year":      {Due: now.Add(year), Reported: true},
		"due in 5000 years":  {Due: now.Add(200 * year), Reported: true},
		"failing for a year": {Due: now.Add(year), Failures: 9999, Reported: true},
		"due a year ago":     {Due: now.Add(-year), Reported: true},
		"never due":          {},
		"due in 1970":        {Due: time.Unix(1, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, s := collector(t)
			i := consenting(t, directory(t))
			p := newProxy(t, url)
			a := i.start("http://" + p.address)
			a.must(order{Do: "add", N: 100})
			a.close()
			planned(t, i, plan)
			for range 3 { // and it does not send with each start
				b := i.start("http://" + p.address)
				if next := b.must(order{Do: "status"}).Next; next.Before(now.Add(-time.Minute)) || next.After(time.Now().Add(28*time.Hour+time.Second)) {
					t.Errorf("the next report is at %v", next)
				}
				b.close()
			}
			s.refresh(t)
			if n := s.lines[a.began.GUID]; n > 1 {
				t.Errorf("%d reports", n)
			}
		})
	}
}
