package telemetry

import (
	"math/rand/v2"
	"time"

	"headcount.example/internal/ledger"
)

const (
	firstReport = time.Hour // at least, from a missed slot to the first report of all

	idle     = time.Minute      // a clock may jump and a computer sleep: look again
	late     = 10 * time.Minute // a slot that began longer ago was missed, not met
	catchUp  = 2 * time.Hour    // missed slots are spread over this
	farthest = 24 * time.Hour   // nothing is put off longer
	atLeast  = 20 * time.Hour   // between two reports of a process that met another clock
	firstTry = time.Minute      // wait after the first failure; it doubles
	lastTry  = 6 * time.Hour    // and stops doubling here
)

// plan says what is due. It returns the schedule as it should be from now on,
// and when to send: at once when the moment is not after now.
//
// Slots are numbered by the clock, and the clock may say anything: that of a
// computer that starts in 1970 and is corrected later, or of another replica.
// A settled slot in the future was settled under another clock. If it is about
// to begin it stays settled, so that a clock that swings a little brings no
// report twice; else the present one is taken for settled too, so that the next
// report is never much more than a day away. The slot that was settled before
// is remembered, so that a clock that comes back to it brings none either.
func plan(now time.Time, phase time.Duration, s ledger.Schedule, jitter func(time.Duration) time.Duration) (ledger.Schedule, time.Time) {
	slot := max(ledger.SlotAt(now, phase), 0) // what is kept is not negative
	if s.Settled == slot+1 && ledger.SlotStart(slot+1, phase).Sub(now) <= catchUp {
		return s, ledger.SlotStart(slot+2, phase) // the clock was corrected
	}
	if s.Settled > slot || s.Settled != slot && s.Former == slot {
		s.Settled, s.Former = slot, s.Settled
	}
	if s.Settled == slot { // what is put off stays so: another clock may be right
		return s, ledger.SlotStart(slot+1, phase)
	}
	begun := ledger.SlotStart(slot, phase)
	if s.Due.After(now.Add(farthest)) {
		s.Due = time.Time{} // set under another clock
	}
	if s.Due.IsZero() {
		s.Due = now
		if now.Sub(begun) > late || s.Settled < slot-1 {
			s.Due = now.Add(jitter(catchUp))
			if s.Former == 0 { // nor does a clock that is corrected bring the first one at once
				s.Due = s.Due.Add(firstReport)
			}
		}
		s.Due = s.Due.Truncate(time.Second)
	}
	return s, s.Due
}

// settled is the schedule after a report that needs no repetition.
func settled(now time.Time, phase time.Duration, before ledger.Schedule) ledger.Schedule {
	s := ledger.Schedule{Settled: max(ledger.SlotAt(now, phase), 0), Former: before.Settled}
	if s.Former == s.Settled && before.Former != 0 { // one more in the same slot
		s.Former = before.Former
	}
	return s
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
