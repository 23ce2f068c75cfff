package telemetry

// This file is pure: it computes when a report is due, and touches nothing.

import (
	"errors"
	"math/rand/v2"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

const (
	missedAfter = 10 * time.Minute // a report that was due longer ago was missed
	catchUp     = 2 * time.Hour    // missed reports are spread over this
	firstReport = time.Hour        // more, when the first report of all was missed
	leastGap    = 4 * time.Hour    // between a report and the phase of the next one
	atLeast     = 20 * time.Hour   // between two reports of a process, by the monotonic clock
	farthest    = 24 * time.Hour   // no attempt is put off longer
	firstRetry  = time.Minute      // wait after the first failure; it doubles
	lastRetry   = 6 * time.Hour    // and stops doubling here
)

// plan returns the schedule as it should be from now on; its Due is when to
// send. It differs from s where s was missed or was set under another clock: a
// clock may say anything, as that of a computer that starts in 1970 and is
// corrected later.
func plan(now time.Time, phase time.Duration, s ledger.Schedule, jitter func(time.Duration) time.Duration) ledger.Schedule {
	switch {
	case s.Due.IsZero(), s.Due.After(now.Add(farthest + leastGap)):
		s.Due = nextPhase(now, phase)
	case now.Sub(s.Due) > missedAfter:
		s.Due = now.Add(jitter(catchUp))
		if !s.Reported { // the first one is not sent at once where a clock is corrected
			s.Due = s.Due.Add(firstReport)
		}
	}
	s.Due = s.Due.Truncate(time.Second)
	return s
}

// nextPhase returns the first moment at the phase of a day, in UTC, that is at least
// leastGap away.
func nextPhase(now time.Time, phase time.Duration) time.Time {
	due := now.UTC().Truncate(24 * time.Hour).Add(phase)
	for due.Before(now.Add(leastGap)) {
		due = due.Add(24 * time.Hour)
	}
	return due
}

// reported is the schedule after a report that is not to be sent again.
func reported(now time.Time, phase time.Duration) ledger.Schedule {
	return ledger.Schedule{Due: nextPhase(now, phase), Reported: true}
}

// failed is the schedule after a report that is to be tried again: later each
// time, at random, and not before the server wants it.
func failed(now time.Time, s ledger.Schedule, retryAfter time.Duration, jitter func(time.Duration) time.Duration) ledger.Schedule {
	wait := lastRetry
	if s.Failures < 10 {
		wait = min(firstRetry<<s.Failures, lastRetry)
	}
	wait = wait/2 + jitter(wait)
	due := now.Add(min(max(wait, retryAfter+jitter(firstRetry)), farthest))
	return ledger.Schedule{Due: due.Truncate(time.Second), Failures: s.Failures + 1, Reported: true}
}

// after is the schedule after an attempt that ended with err, and whether the
// report is not to be sent again. Before and attempt are the schedules from before
// it began and from since then. One of which nothing left was no report: the receiver
// has not heard of the identifier.
func after(now time.Time, phase time.Duration, before, attempt ledger.Schedule, err error) (ledger.Schedule, bool) {
	var refused *gate.Error
	switch {
	case err == nil, errors.As(err, &refused) && refused.Final:
		return reported(now, phase), true
	case refused != nil && refused.RetryAfter > 0:
		return failed(now, before, refused.RetryAfter, random), false
	case !mayHaveLeft(err):
		attempt.Reported = before.Reported
	}
	return attempt, false
}

// random is the jitter outside of tests: from 0 up to most.
func random(most time.Duration) time.Duration { return rand.N(most) }
