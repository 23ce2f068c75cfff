//go:build linux

package faults

import (
	"context"
	"slices"
	"testing"
	"time"

	"headcount.example/internal/ledger"
)

// overdue makes an installation's report due: as if its slot had come.
func overdue(t *testing.T, i *installation) (phase time.Duration) {
	t.Helper()
	return planned(t, i, func(phase time.Duration) ledger.Schedule {
		return ledger.Schedule{Settled: ledger.SlotAt(time.Now(), phase) - 1, Due: time.Now().Add(-time.Second)}
	})
}

// planned writes a schedule as another process would have, at another time.
func planned(t *testing.T, i *installation, plan func(phase time.Duration) ledger.Schedule) (phase time.Duration) {
	t.Helper()
	var all []string
	for _, c := range series {
		all = append(all, c.String())
	}
	l, err := ledger.Open(context.Background(), i.dir, all, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	phase = l.Identity().Phase
	defer l.Close()
	lease, err := l.Sender(context.Background())
	if err != nil || lease == nil {
		t.Fatalf("lease %v, %v", lease, err)
	}
	defer lease.Release()
	if err := l.SetSchedule(context.Background(), lease, plan(phase)); err != nil {
		t.Fatal(err)
	}
	return phase
}

// When the report of the day is due, four processes of one installation start
// at once: one of them sends it, nobody asked for it, and there is no second.
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
// server wants it, never at once, and not before the next slot when it would
// be refused again.
func TestNextAttempt(t *testing.T) {
	url, _ := collector(t)
	for _, x := range []struct {
		name        string
		fault       fault
		from, until time.Duration // zero: the next slot
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
					right = next.Equal(ledger.SlotStart(ledger.SlotAt(end, phase)+1, phase))
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
// next one is at most a day away.
func TestClockJumped(t *testing.T) {
	const year = 365 * 24 * time.Hour
	now := time.Now()
	for name, plan := range map[string]func(slot int64) ledger.Schedule{
		"settled in a year":      func(slot int64) ledger.Schedule { return ledger.Schedule{Settled: slot + 365} },
		"settled in 5000 years":  func(slot int64) ledger.Schedule { return ledger.Schedule{Settled: slot + 5000*365} },
		"due in a year":          func(slot int64) ledger.Schedule { return ledger.Schedule{Settled: slot - 1, Due: now.Add(year)} },
		"due in a year, settled": func(slot int64) ledger.Schedule { return ledger.Schedule{Settled: slot, Due: now.Add(year)} },
		"failing for a year": func(slot int64) ledger.Schedule {
			return ledger.Schedule{Settled: slot - 1, Due: now.Add(year), Failures: 9999}
		},
		"settled a year ago":      func(slot int64) ledger.Schedule { return ledger.Schedule{Settled: slot - 365} },
		"settled before the year": func(slot int64) ledger.Schedule { return ledger.Schedule{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, s := collector(t)
			i := consenting(t, directory(t))
			p := newProxy(t, url)
			a := i.start("http://" + p.address)
			a.must(order{Do: "add", N: 100})
			a.close()
			planned(t, i, func(phase time.Duration) ledger.Schedule { return plan(ledger.SlotAt(now, phase)) })
			for range 3 { // and it does not send with each start
				b := i.start("http://" + p.address)
				if next := b.must(order{Do: "status"}).Next; next.Before(now.Add(-time.Minute)) || next.After(time.Now().Add(24*time.Hour+time.Second)) {
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
