package telemetry

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

const phase = 9*time.Hour + 30*time.Minute

func none(time.Duration) time.Duration       { return 0 }
func whole(most time.Duration) time.Duration { return most }

// atPhase returns the moment of the phase of a day, and d after it.
func atPhase(day int, d time.Duration) time.Time {
	return time.Date(2026, 3, 1+day, 0, 0, 0, 0, time.UTC).Add(phase + d)
}

func TestPlan(t *testing.T) {
	sent := func(due time.Time) ledger.Schedule { return ledger.Schedule{Due: due, Reported: true} }
	for _, test := range []struct {
		name   string
		now    time.Time
		s      ledger.Schedule
		jitter func(time.Duration) time.Duration
		want   time.Time
	}{
		{"due tomorrow", atPhase(0, time.Hour), sent(atPhase(1, 0)), whole, atPhase(1, 0)},
		{"due now", atPhase(1, 0), sent(atPhase(1, 0)), whole, atPhase(1, 0)},
		{"due ten minutes ago", atPhase(1, missedAfter), sent(atPhase(1, 0)), whole, atPhase(1, 0)},
		{"missed: at random", atPhase(1, missedAfter+time.Second), sent(atPhase(1, 0)), whole, atPhase(1, missedAfter+time.Second+catchUp)},
		{"missed for days: at random", atPhase(5, time.Second), sent(atPhase(1, 0)), whole, atPhase(5, time.Second+catchUp)},
		{"the first missed: not at once", atPhase(5, time.Second), ledger.Schedule{Due: atPhase(1, 0)}, none, atPhase(5, time.Second+firstReport)},
		{"put off", atPhase(1, 0), sent(atPhase(1, time.Hour)), none, atPhase(1, time.Hour)},
		{"put off for a day", atPhase(1, 0), sent(atPhase(2, 0)), none, atPhase(2, 0)},
		{"put off too far: another clock did that", atPhase(1, time.Hour), sent(atPhase(4, 0)), none, atPhase(2, 0)},
		{"none: at the next phase", atPhase(1, time.Hour), ledger.Schedule{}, none, atPhase(2, 0)},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("far", 14*3600), time.FixedZone("west", -12*3600)} {
				s := plan(test.now.In(zone), phase, test.s, test.jitter)
				if !s.Due.Equal(test.want) || s.Failures != test.s.Failures || s.Reported != test.s.Reported {
					t.Errorf("%v: got %+v, want %v", zone, s, test.want)
				}
				if again := plan(test.now, phase, s, whole); again != s {
					t.Errorf("asked again: got %+v, want %+v", again, s)
				}
			}
		})
	}
}

func TestNextPhase(t *testing.T) {
	for now, want := range map[time.Time]time.Time{
		atPhase(0, 0):                            atPhase(1, 0),
		atPhase(0, -time.Second):                 atPhase(1, 0), // too near
		atPhase(0, -leastGap):                    atPhase(0, 0),
		atPhase(0, -leastGap+1):                  atPhase(1, 0),
		atPhase(0, 23*time.Hour):                 atPhase(2, 0),
		atPhase(0, 12*time.Hour):                 atPhase(1, 0),
		time.Unix(0, 0):                          time.Unix(0, 0).Add(phase),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC): time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Add(phase),
	} {
		if got := nextPhase(now, phase); !got.Equal(want) {
			t.Errorf("after %v: got %v, want %v", now, got, want)
		}
	}
}

func TestFailed(t *testing.T) {
	now := atPhase(1, 0)
	s := ledger.Schedule{}
	before := time.Duration(0)
	for i := range 2000 {
		least, most := failed(now, s, 0, none), failed(now, s, 0, whole)
		a, b := least.Due.Sub(now), most.Due.Sub(now)
		if a < before || a < firstRetry/2 || b <= a || b > 2*lastRetry || most.Failures != i+1 || !most.Reported {
			t.Fatalf("failure %d: between %v and %v after %v, %+v", i+1, a, b, before, most)
		}
		before, s.Failures = a, most.Failures
	}
	if before != lastRetry/2 {
		t.Errorf("stops at %v, want %v", before, lastRetry/2)
	}
	for asked, longest := range map[time.Duration]time.Duration{time.Second: firstRetry * 3 / 2, time.Hour: time.Hour + firstRetry, 24 * time.Hour: farthest, 1 << 62: farthest} {
		got := failed(now, ledger.Schedule{}, asked, random).Due.Sub(now)
		if got < min(asked, farthest) || got > longest {
			t.Errorf("the server wants %v, got %v", asked, got)
		}
	}
}

func TestAfter(t *testing.T) {
	now := atPhase(1, time.Hour)
	before := ledger.Schedule{Due: atPhase(1, 0)}
	attempt := failed(now, before, 0, none)
	for _, test := range []struct {
		name     string
		err      error
		final    bool
		wait     time.Duration // at least
		reported bool
	}{
		{"delivered", nil, true, 0, true},
		{"refused for good", &gate.Error{Status: 400, Final: true, RetryAfter: time.Hour}, true, 0, true},
		{"wants to be left alone", &gate.Error{Status: 503, RetryAfter: time.Hour}, false, time.Hour, true},
		{"no answer", fmt.Errorf("%w; %w", &gate.Error{}, gate.ErrUnanswered), false, firstRetry / 2, true},
		{"no connection", &gate.Error{}, false, firstRetry / 2, false},
		{"consent was taken back", errors.New("no"), false, firstRetry / 2, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, before.Reported = range []bool{false, true} {
				s, final := after(now, phase, before, attempt, test.err)
				if final != test.final || final && !s.Due.Equal(atPhase(2, 0)) {
					t.Errorf("got %+v, %v", s, final)
				}
				if !final && (s.Due.Sub(now) < test.wait || s.Failures != 1) {
					t.Errorf("got %+v, want %v", s, test.wait)
				}
				if want := test.reported || before.Reported; s.Reported != want {
					t.Errorf("after %+v: got reported %v, want %v", before, s.Reported, want)
				}
			}
		})
	}
}

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
		s := ledger.Schedule{Due: now}
		step := func(arrives bool) (delivered bool) {
			s = plan(now, phase, s, jitter)
			if s.Due.Sub(now) > farthest+leastGap {
				t.Fatalf("the next report is at %v, now is %v", s.Due, now)
			}
			if !s.Due.After(now) {
				if delivered = arrives; arrives {
					s = ledger.Schedule{Due: nextPhase(now, phase), Reported: true}
				} else {
					s = failed(now, s, time.Duration(r.Int64N(int64(48*time.Hour))), jitter)
				}
			}
			now = now.Add(min(max(s.Due.Sub(now), time.Second), idle*time.Duration(1+r.IntN(9))))
			return delivered
		}
		// Wild days: the clock jumps, reports fail.
		for range 300 {
			if r.IntN(10) == 0 {
				now = now.Add(time.Duration(r.Int64N(int64(2000*time.Hour))) - 1000*time.Hour)
			}
			step(r.IntN(2) == 0)
		}
		// Then the clock runs as it should: within two days there is a report,
		// and from then on one a day.
		quiet, last, sent := now, now, 0
		for now.Sub(quiet) < 20*24*time.Hour {
			if step(true) {
				sent, last = sent+1, now
			}
			if now.Sub(last) > 48*time.Hour {
				t.Fatalf("silent from %v to %v: %+v", last, now, s)
			}
		}
		if sent < 19 || sent > 21 {
			t.Errorf("%d reports in 20 days", sent)
		}
	})
}
