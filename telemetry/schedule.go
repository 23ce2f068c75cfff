package telemetry

import (
	"math/rand/v2"
	"time"

	"headcount.example/internal/ledger"
)

const (
	idle     = time.Minute      // a clock may jump and a computer sleep: look again
	late     = 10 * time.Minute // a slot that began longer ago was missed, not met
	catchUp  = 2 * time.Hour    // missed slots are spread over this
	farthest = 24 * time.Hour   // nothing is put off longer
	atLeast  = 20 * time.Hour   // between two reports of a process whose clock was set back
	firstTry = time.Minute      // wait after the first failure; it doubles
	lastTry  = 6 * time.Hour    // and stops doubling here
)

// plan says what is due. It returns the schedule as it should be from now on,
// and when to send: at once when the moment is not after now.
//
// Slots are numbered by the clock, and the clock may say anything. A settled
// slot in the future was settled under another clock. If it is about to begin
// it stays settled, so that a clock that swings a little brings no report twice;
// else it is taken for the present one, so that the next report is never much
// more than a day away.
func plan(now time.Time, phase time.Duration, s ledger.Schedule, jitter func(time.Duration) time.Duration) (ledger.Schedule, time.Time) {
	slot := ledger.SlotAt(now, phase)
	if s.Settled == slot+1 && ledger.SlotStart(slot+1, phase).Sub(now) <= catchUp {
		return s, ledger.SlotStart(slot+2, phase) // the clock was corrected
	}
	if s.Settled > slot {
		s.Settled, s.Due = slot, time.Time{}
	}
	if s.Settled == slot {
		s.Due = time.Time{}
		return s, ledger.SlotStart(slot+1, phase)
	}
	if s.Due.After(now.Add(farthest)) {
		s.Due = time.Time{} // set under another clock
	}
	if s.Due.IsZero() {
		s.Due = now
		if now.Sub(ledger.SlotStart(slot, phase)) > late || s.Settled < slot-1 {
			s.Due = now.Add(jitter(catchUp))
		}
		s.Due = s.Due.Truncate(time.Second)
	}
	return s, s.Due
}

// settled is the schedule after a report that needs no repetition.
func settled(now time.Time, phase time.Duration) ledger.Schedule {
	return ledger.Schedule{Settled: ledger.SlotAt(now, phase)}
}

// failed is the schedule after a report that is to be tried again: later each
// time, at random, and not before the server wants it.
func failed(now time.Time, s ledger.Schedule, retryAfter time.Duration, jitter func(time.Duration) time.Duration) ledger.Schedule {
	wait := lastTry
	if s.Failures < 10 {
		wait = min(firstTry<<s.Failures, lastTry)
	}
	wait = wait/2 + jitter(wait)
	s.Failures++
	s.Due = now.Add(min(max(wait, retryAfter+jitter(firstTry)), farthest))
	return s
}

// random is the jitter of real life: from 0 up to most.
func random(most time.Duration) time.Duration { return rand.N(most) }
