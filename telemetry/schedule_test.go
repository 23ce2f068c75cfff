package telemetry

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

const phase = 9*time.Hour + 30*time.Minute

func none(time.Duration) time.Duration       { return 0 }
func whole(most time.Duration) time.Duration { return most }
func slotDay(day int, d time.Duration) time.Time {
	return ledger.SlotStart(20_000+int64(day), phase).Add(d)
}

func TestPlan(t *testing.T) {
	const slot = 20_000
	for _, test := range []struct {
		name    string
		now     time.Time
		s       ledger.Schedule
		jitter  func(time.Duration) time.Duration
		settled int64
		at      time.Time
	}{
		{"settled: the next slot", slotDay(0, time.Hour), ledger.Schedule{Settled: slot}, none, slot, slotDay(1, 0)},
		{"settled, at its first moment", slotDay(0, 0), ledger.Schedule{Settled: slot}, none, slot, slotDay(1, 0)},
		{"settled, at its last moment", slotDay(1, -1), ledger.Schedule{Settled: slot}, none, slot, slotDay(1, 0)},
		{"met: at once", slotDay(1, 0), ledger.Schedule{Settled: slot}, whole, slot, slotDay(1, 0)},
		{"met ten minutes late: at once", slotDay(1, late), ledger.Schedule{Settled: slot}, whole, slot, slotDay(1, late)},
		{"missed by more: at random", slotDay(1, late+time.Second), ledger.Schedule{Settled: slot, Former: slot - 1}, whole, slot, slotDay(1, late+time.Second+catchUp)},
		{"missed for days: at random", slotDay(5, time.Second), ledger.Schedule{Settled: slot, Former: slot - 1}, whole, slot, slotDay(5, time.Second+catchUp)},
		{"the first missed: not at once", slotDay(5, time.Second), ledger.Schedule{Settled: slot}, none, slot, slotDay(5, time.Second+time.Hour)},
		{"the clock comes back to the slot before", slotDay(0, time.Hour), ledger.Schedule{Settled: 900, Former: slot}, none, slot, slotDay(1, 0)},
		{"the clock comes back, and goes on", slotDay(1, 0), ledger.Schedule{Settled: slot, Former: 900}, none, slot, slotDay(1, 0)},
		{"put off", slotDay(1, 0), ledger.Schedule{Settled: slot, Due: slotDay(1, time.Hour), Failures: 3}, none, slot, slotDay(1, time.Hour)},
		{"put off until now", slotDay(1, time.Hour), ledger.Schedule{Settled: slot, Due: slotDay(1, time.Hour)}, none, slot, slotDay(1, time.Hour)},
		{"put off too far: another clock did that", slotDay(1, 0), ledger.Schedule{Settled: slot, Due: slotDay(3, 0)}, none, slot, slotDay(1, 0)},
		{"settled, and the clock was set back a little", slotDay(0, 24*time.Hour-catchUp), ledger.Schedule{Settled: slot + 1}, none, slot + 1, slotDay(2, 0)},
		{"settled, and the clock was set back by more", slotDay(0, 24*time.Hour-catchUp-time.Second), ledger.Schedule{Settled: slot + 1}, none, slot, slotDay(1, 0)},
		{"settled, and the clock was set back a day", slotDay(0, -time.Minute), ledger.Schedule{Settled: slot + 1}, none, slot - 1, slotDay(0, 0)},
		{"settled in the future: another clock did that", slotDay(0, time.Hour), ledger.Schedule{Settled: slot + 900}, none, slot, slotDay(1, 0)},
		{"settled, and put off once", slotDay(0, time.Hour), ledger.Schedule{Settled: slot, Due: slotDay(0, 2*time.Hour)}, none, slot, slotDay(1, 0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("far", 14*3600), time.FixedZone("west", -12*3600)} {
				s, at := plan(test.now.In(zone), phase, test.s, test.jitter)
				if s.Settled != test.settled || !at.Equal(test.at) || s.Failures != test.s.Failures {
					t.Errorf("%v: %+v at %v, want settled %d at %v", zone, s, at, test.settled, test.at)
				}
				if again, at2 := plan(test.now, phase, s, whole); again != s && again.Due != s.Due || !at2.Equal(at) {
					t.Errorf("asked again: %+v at %v, before %+v at %v", again, at2, s, at)
				}
			}
		})
	}
}

func TestFailed(t *testing.T) {
	now := slotDay(1, 0)
	s := ledger.Schedule{Settled: 20_000}
	before := time.Duration(0)
	for i := range 2000 {
		least, most := failed(now, s, 0, none), failed(now, s, 0, whole)
		a, b := least.Due.Sub(now), most.Due.Sub(now)
		if a < before || a < firstTry/2 || b <= a || b > 2*lastTry || most.Failures != i+1 || most.Settled != s.Settled {
			t.Fatalf("failure %d: between %v and %v after %v, %+v", i+1, a, b, before, most)
		}
		before, s.Failures = a, most.Failures
	}
	if before != lastTry/2 {
		t.Errorf("stops at %v", before)
	}
	for asked, longest := range map[time.Duration]time.Duration{time.Second: firstTry * 3 / 2, time.Hour: time.Hour + firstTry, 24 * time.Hour: farthest, 1 << 62: farthest} {
		got := failed(now, ledger.Schedule{}, asked, random).Due.Sub(now)
		if got < min(asked, farthest) || got > longest {
			t.Errorf("the server wants %v, and it is %v", asked, got)
		}
	}
}

func TestAfter(t *testing.T) {
	now := slotDay(1, time.Hour)
	before := ledger.Schedule{Settled: 20_000}
	attempt := failed(now, before, 0, none)
	for _, test := range []struct {
		name    string
		err     error
		settled bool
		wait    time.Duration // at least
	}{
		{"delivered", nil, true, 0},
		{"refused for good", &gate.Error{Status: 400, Final: true, RetryAfter: time.Hour}, true, 0},
		{"wants to be left alone", &gate.Error{Status: 503, RetryAfter: time.Hour}, false, time.Hour},
		{"no answer", &gate.Error{}, false, firstTry / 2},
		{"consent was taken back", errNoYes{}, false, firstTry / 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := after(now, phase, before, attempt, test.err)
			if (s.Settled == 20_001) != test.settled {
				t.Errorf("%+v", s)
			}
			if !test.settled && (s.Due.Sub(now) < test.wait || s.Failures != 1) {
				t.Errorf("%+v, want %v", s, test.wait)
			}
		})
	}
}

func TestSettled(t *testing.T) {
	const slot = 20_000
	for name, test := range map[string]struct{ before, after ledger.Schedule }{
		"the next slot":          {ledger.Schedule{Settled: slot - 1, Former: slot - 2, Due: slotDay(0, 0), Failures: 3}, ledger.Schedule{Settled: slot, Former: slot - 1}},
		"the first, by Flush":    {ledger.Schedule{Settled: slot}, ledger.Schedule{Settled: slot, Former: slot}},
		"once more":              {ledger.Schedule{Settled: slot, Former: slot - 1}, ledger.Schedule{Settled: slot, Former: slot - 1}},
		"the third in the first": {ledger.Schedule{Settled: slot, Former: slot}, ledger.Schedule{Settled: slot, Former: slot}},
		"under another clock":    {ledger.Schedule{Settled: 900, Former: slot - 1}, ledger.Schedule{Settled: slot, Former: 900}},
	} {
		if got := settled(slotDay(0, time.Hour), phase, test.before); got != test.after {
			t.Errorf("%s: %+v, want %+v", name, got, test.after)
		}
	}
}

// TestClocksApart lets several processes of one installation look at their own
// clocks, once a minute for twenty days: those of two replicas, or of a computer
// that wakes up in the past and is corrected a little later.
func TestClocksApart(t *testing.T) {
	always := func(apart time.Duration) func(int) time.Duration {
		return func(int) time.Duration { return apart }
	}
	wakes := func(off time.Duration) func(int) time.Duration {
		return func(minute int) time.Duration {
			if minute%240 < 2 {
				return off
			}
			return 0
		}
	}
	const day, years = 24 * time.Hour, 2200 * 24 * time.Hour
	for name, test := range map[string]struct {
		clocks []func(minute int) time.Duration
		aDay   int // at most: there may be one for each day of each clock that goes on
	}{
		"three hours":         {[]func(int) time.Duration{always(0), always(3 * time.Hour)}, 1},
		"a day":               {[]func(int) time.Duration{always(0), always(day)}, 1},
		"years":               {[]func(int) time.Duration{always(0), always(-years)}, 2},
		"wakes in the past":   {[]func(int) time.Duration{wakes(-years)}, 1},
		"wakes in 1970":       {[]func(int) time.Duration{wakes(-20_000*day - 3*time.Hour)}, 1},
		"wakes in the future": {[]func(int) time.Duration{wakes(years)}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(20) {
				r := rand.New(rand.NewPCG(seed, 1))
				jitter := func(most time.Duration) time.Duration { return time.Duration(r.Int64N(int64(most))) }
				phase := time.Duration(r.IntN(86400)) * time.Second
				begin := slotDay(0, 0)
				s := ledger.Schedule{Settled: ledger.SlotAt(begin, phase)}
				sent, last := 0, 0
				const days = 20
				for minute := range days * 24 * 60 {
					for _, off := range test.clocks {
						now := begin.Add(time.Duration(minute)*time.Minute + off(minute))
						planned, at := plan(now, phase, s, jitter)
						if s = planned; !at.After(now) {
							s = settled(now, phase, s)
							sent, last = sent+1, minute
						}
						s.Settled, s.Former = max(s.Settled, 0), max(s.Former, 0) // as it is kept
					}
					if minute-last > 48*60 {
						t.Fatalf("seed %d: silent for two days, at minute %d", seed, minute)
					}
				}
				if sent < days-2 || sent > days*test.aDay+3 {
					t.Errorf("seed %d: %d reports in %d days", seed, sent, days)
				}
			}
		})
	}
}

type errNoYes struct{}

func (errNoYes) Error() string { return "no" }

// FuzzPlan lives with a clock that may say anything. Every step a report that
// is due is sent, and arrives or not.
func FuzzPlan(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := rand.New(rand.NewPCG(seed, 1))
		jitter := func(most time.Duration) time.Duration { return time.Duration(r.Int64N(int64(most))) }
		phase := time.Duration(r.IntN(86400)) * time.Second
		now := time.Unix(1_790_000_000+r.Int64N(1e8), r.Int64N(1e9))
		s := ledger.Schedule{Settled: ledger.SlotAt(now, phase)}
		sent := map[int64]bool{}
		// Wild days: the clock jumps, reports fail.
		for range 300 {
			if r.IntN(10) == 0 {
				now = now.Add(time.Duration(r.Int64N(int64(2000*time.Hour))) - 1000*time.Hour)
				clear(sent) // the clock moved: a slot may come again
			}
			step(t, r, &s, &now, phase, jitter, sent, r.IntN(2) == 0)
		}
		// Then the clock runs as it should: within two days there is a report,
		// and from then on one a day.
		clear(sent)
		quiet, last := now, now
		for now.Sub(quiet) < 20*24*time.Hour {
			if step(t, r, &s, &now, phase, jitter, sent, true) {
				last = now
			}
			if now.Sub(last) > 48*time.Hour {
				t.Fatalf("silent from %v to %v: %+v", last, now, s)
			}
		}
		if len(sent) < 19 || len(sent) > 21 {
			t.Errorf("%d reports in 20 days", len(sent))
		}
	})
}

func step(t *testing.T, r *rand.Rand, s *ledger.Schedule, now *time.Time, phase time.Duration, jitter func(time.Duration) time.Duration, sent map[int64]bool, arrives bool) (delivered bool) {
	t.Helper()
	planned, at := plan(*now, phase, *s, jitter)
	if at.Sub(*now) > farthest+catchUp {
		t.Fatalf("the next report is at %v, now is %v", at, *now)
	}
	*s = planned
	if !at.After(*now) {
		slot := ledger.SlotAt(*now, phase)
		if sent[slot] {
			t.Fatalf("a second report in slot %d", slot)
		}
		if arrives {
			*s, delivered = settled(*now, phase, *s), true
			sent[slot] = true
		} else {
			*s = failed(*now, *s, time.Duration(r.Int64N(int64(48*time.Hour))), jitter)
		}
	}
	*now = now.Add(min(max(at.Sub(*now), time.Second), idle*time.Duration(1+r.IntN(30))))
	return delivered
}

// TestFirstReport is at least an hour after the yes and at most a day.
func TestFirstReport(t *testing.T) {
	for range 50 {
		dir := filepath.Join(t.TempDir(), "telemetry")
		synctest.Test(t, func(t *testing.T) {
			c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: always(consent.Granted, 1)})
			if err != nil {
				t.Fatal(err)
			}
			if wait := time.Until(c.Status().NextReport); wait < time.Hour-time.Second || wait > 24*time.Hour {
				t.Errorf("the first report is %v away", wait)
			}
			_ = c.Shutdown(t.Context())
		})
	}
}

// A clock that swings brings no flood, and no silence once it stops.
func TestSwings(t *testing.T) {
	for name, by := range map[string]time.Duration{"five minutes": 5 * time.Minute, "a day": 24 * time.Hour, "a year": 365 * 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			r := receive(t)
			dir := filepath.Join(t.TempDir(), "telemetry")
			synctest.Test(t, func(t *testing.T) {
				decision := consent.Undecided
				source := sourceFunc(func(context.Context) (consent.Record, error) { return record(decision, 1), nil })
				c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: source})
				var ahead atomic.Int64
				c.clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
				decision = consent.Granted
				if err = errors.Join(err, c.Refresh(t.Context())); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Until(c.Status().NextReport.Add(-30 * time.Minute)))
				const days = 10
				for range days * 24 * 6 {
					time.Sleep(10 * time.Minute)
					ahead.Store(int64(by) - ahead.Load())
				}
				if got := r.count(); got < days-2 || got > days*24/20+2 {
					t.Errorf("%d reports in %d days", got, days)
				}
				before := r.count()
				time.Sleep(48 * time.Hour)
				synctest.Wait()
				if got := r.count() - before; got < 1 || got > 3 {
					t.Errorf("%d reports in two days", got)
				}
				_ = c.Shutdown(t.Context())
			})
		})
	}
}

// TestThreeClocks: of processes whose clocks say quite different things none
// sends more than one report in twenty hours.
func TestThreeClocks(t *testing.T) {
	r := receive(t)
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []time.Duration{0, 24 * time.Hour, 2200 * 24 * time.Hour} {
			decision := consent.Undecided
			source := sourceFunc(func(context.Context) (consent.Record, error) { return record(decision, 1), nil })
			c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: source})
			c.clock = func() time.Time { return time.Now().Add(off) }
			decision = consent.Granted
			if err = errors.Join(err, c.Refresh(t.Context())); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Shutdown(t.Context()) }()
		}
		const days = 10
		time.Sleep(days * 24 * time.Hour)
		if got := r.count(); got < days-2 || got > 3*(days*24/20+1) {
			t.Errorf("%d reports in %d days", got, days)
		}
	})
}

// TestDays runs a whole client for thirty days against a real receiver: one
// report a day, always at the same time of day, and a restart in between.
func TestDays(t *testing.T) {
	r := receive(t)
	dir := filepath.Join(t.TempDir(), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		config := Config{Catalog: compreface.Catalog, Endpoint: r.URL, Dir: dir, Consent: always(consent.Granted, 1)}
		c, err := Init(config)
		if err != nil {
			t.Fatal(err)
		}
		first := c.Status().NextReport
		for day := range 30 {
			time.Sleep(time.Until(first.Add(time.Duration(day)*24*time.Hour + 5*time.Minute)))
			synctest.Wait()
			if got := r.count(); got != day+1 {
				t.Fatalf("%d reports after %d days: %+v", got, day+1, c.Status())
			}
			c.Add(compreface.UserCreated, 1)
			if day == 15 {
				_ = c.Shutdown(t.Context())
				if c, err = Init(config); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = c.Shutdown(t.Context())
	})
	want(t, r.last(t), userCreated+"29")
}
