package telemetry

// The reporter touches the recorder, the permission and the outbox. Its schedule, at
// the end, is pure: it computes when a report is due.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"headcount.example/internal/bounded"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

const (
	idle          = time.Minute            // a clock may jump and a computer sleep: look again
	syncInterval  = 10 * time.Second       // how much counting a kill can lose where the file is not mapped
	watchInterval = 100 * time.Millisecond // between looks at a mapped ledger while a report is on its way
	pollInterval  = 500 * time.Millisecond // the same at a State: a no waits two seconds for a report to end
	busyInterval  = time.Second            // between two tries to get the right to send
	wakeDebounce  = time.Second            // between two looks that Add asked for
	syncTimeout   = 5 * time.Second        // for files and databases
	spread        = 5 * time.Second        // processes of one installation do not all collect at once
)

var (
	errEnded  = errors.New("telemetry: not sent: consent was taken back, or the client shut down")
	errNotDue = errors.New("another process has just sent one")
)

// A reporter makes and sends the reports of each recorder.
type reporter struct {
	*shared
	permission *permission
	outbox     *outbox
	look       func() error // has the decision looked at anew

	mu   sync.Mutex // guards last
	last outcome
}

// outcome is how the newest reports of this process went.
type outcome struct {
	delivered time.Time // the newest that arrived
	err       error     // of the newest
	finished  time.Time // the newest that is not sent again; for its monotonic clock
}

// run sends what is due until the recorder ends.
func (p *reporter) run(r *recorder) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for r.ctx.Err() == nil {
		select {
		case <-r.ctx.Done():
		case <-timer.C:
			timer.Reset(p.step(r))
		case <-r.wake:
			if pause(r.ctx, wakeDebounce) {
				timer.Reset(p.step(r))
			}
		}
	}
}

// pause waits, and says whether ctx goes on.
func pause(ctx context.Context, wait time.Duration) bool {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
	return ctx.Err() == nil
}

// step does what is due and says when to look again.
func (p *reporter) step(r *recorder) time.Duration {
	wait := syncInterval
	if r.ledger.Mapped() {
		wait = idle
	}
	ctx, cancel := context.WithTimeout(r.ctx, syncTimeout)
	err := r.ledger.Sync(ctx)
	cancel()
	switch {
	case ledger.Final(err):
		if r.ctx.Err() == nil {
			p.log.warn("telemetry: the totals are no longer there", "error", err)
		}
		_ = p.look() // ends this loop unless it is still yes
		return idle
	case err != nil && r.ctx.Err() == nil && !r.ledger.Mapped():
		p.log.warn("telemetry: counted, but not written yet", "error", err)
	}
	if p.due(r) {
		_ = p.report(r.ctx, r, true) // it is in the status and the log
	}
	if next := r.planned.Due.Sub(p.now()); next > 0 {
		return min(next+random(spread), wait)
	}
	return wait
}

// due says whether a report is to be sent now, by the schedule or, where that was
// missed or set under another clock, by a plan of this process. A process waits 20
// hours by the monotonic clock. Otherwise each forward jump of the wall clock would
// cause a report.
func (p *reporter) due(r *recorder) bool {
	now, s := p.now(), r.ledger.Schedule()
	if s != r.stored {
		r.stored, r.planned = s, s
	}
	r.planned = plan(now, r.ledger.Identity().Phase, r.planned, random)
	last := p.outcome().finished
	return !r.planned.Due.After(now) && (last.IsZero() || time.Since(last) >= atLeast)
}

// report sends one report, and notes and logs why it was not delivered. With
// onlyDue it is no error that another process sends.
func (p *reporter) report(ctx context.Context, r *recorder, onlyDue bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	err := p.attempt(ctx, r, onlyDue)
	switch {
	case errors.Is(err, errNotDue), onlyDue && errors.Is(err, ledger.ErrBusy):
		return nil
	case !mayHaveLeft(err) && r.ctx.Err() != nil:
		err = errEnded // and not that a file is closed
	case !mayHaveLeft(err):
		err = fmt.Errorf("telemetry: not sent: %w", err)
	case err != nil:
		err = fmt.Errorf("telemetry: not delivered: %w", err)
	}
	p.mu.Lock()
	p.last.err = err
	p.mu.Unlock()
	if err != nil { // nothing is held
		p.log.log(slog.LevelInfo, "telemetry: report not delivered", "error", err)
	}
	return err
}

// attempt collects and sends. Nothing is held while callbacks run, and nothing of
// the application's but the last look at consent is called while this process has
// the right to send, which ends by itself.
func (p *reporter) attempt(ctx context.Context, r *recorder, onlyDue bool) error {
	if err := p.allowed(ctx, r); err != nil { // before the application is asked for anything
		return err
	}
	report, err := r.collect(ctx, p.now(), true)
	if err == nil {
		err = bounded.Take(ctx, r.sending)
	}
	if err != nil {
		return err
	}
	defer func() { <-r.sending }()
	sending, before, err := p.begin(ctx, r, onlyDue)
	if err != nil {
		return err
	}
	err = p.deliver(ctx, r, sending, report)
	p.end(r, sending, before, err)
	return err
}

// allowed looks whether the yes of r holds. If it does not, counting has to stop as well.
func (p *reporter) allowed(ctx context.Context, r *recorder) error {
	err := p.permission.mayReport(ctx, r.ledger.Under)
	if err != nil && ctx.Err() == nil {
		go p.look()
	}
	return err
}

// begin takes the right to send, and returns the schedule before it. With onlyDue it
// does not wait for another process that has the right; else it waits as long as ctx
// allows, and the right ends after sendTimeout.
func (p *reporter) begin(ctx context.Context, r *recorder, onlyDue bool) (sending ledger.Sending, before ledger.Schedule, err error) {
	for {
		sending, err = r.ledger.Begin(ctx, p.now(), p.now().Add(sendTimeout), func(s ledger.Schedule) (ledger.Schedule, error) {
			if onlyDue && s != r.stored {
				return s, errNotDue
			}
			// Noted as failed before it is sent: whatever ends this process, the next
			// attempt is not at once.
			before = s
			return failed(p.now(), s, 0, random), nil
		})
		if onlyDue || !errors.Is(err, ledger.ErrBusy) {
			return sending, before, err
		}
		if !pause(ctx, busyInterval) {
			return sending, before, fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}

// deliver sends a report while no other process can. The report ends with the
// right to send, and when another process takes the yes back.
func (p *reporter) deliver(ctx context.Context, r *recorder, sending ledger.Sending, report gate.Report) error {
	limited, cancel := context.WithDeadline(ctx, sending.Until)
	defer cancel()
	go p.watch(limited, r, sending, cancel)
	err := p.outbox.send(limited, report, func(ctx context.Context) error {
		if err := p.allowed(ctx, r); err != nil {
			return err
		}
		if err := r.ledger.Confirm(ctx, sending); err != nil {
			return err
		}
		return errors.Join(r.ctx.Err(), ctx.Err()) // last: asking may have taken a while
	})
	if ctx.Err() == nil && limited.Err() != nil && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it took longer than %v: %w", sendTimeout, err)
	}
	return err
}

// watch stops a report when another process takes the yes back.
func (p *reporter) watch(ctx context.Context, r *recorder, sending ledger.Sending, stop func()) {
	interval := watchInterval
	if !r.ledger.Mapped() {
		interval = pollInterval
	}
	for pause(ctx, interval) {
		if err := r.ledger.Confirm(ctx, sending); ledger.Final(err) || errors.Is(err, ledger.ErrLost) {
			stop()
			r.wakeLoop()
		}
	}
}

// end stores and notes the outcome. It is stored also where the caller has gone
// or the yes was taken back: another process may wait for the right to send.
func (p *reporter) end(r *recorder, sending ledger.Sending, before ledger.Schedule, err error) {
	next, final := after(p.now(), r.ledger.Identity().Phase, before, sending.Attempt, err)
	ctx, cancel := context.WithTimeout(context.Background(), syncTimeout)
	defer cancel()
	stored := r.ledger.End(ctx, sending, next)
	if stored != nil && r.ctx.Err() == nil { // the report was sent all the same
		go p.log.warn("telemetry: the outcome of the report is not stored", "error", stored)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if final {
		p.last.finished = time.Now()
	}
	if err == nil {
		p.last.delivered = p.now()
	}
}

func (p *reporter) outcome() outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

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

// after returns the schedule after an attempt that ended with err, and whether the
// report is done with. Before is the schedule before the attempt, attempt the one that
// was stored when it began. If nothing left this machine, the receiver has not heard of
// the identifier: Reported keeps its old value.
func after(now time.Time, phase time.Duration, before, attempt ledger.Schedule, err error) (ledger.Schedule, bool) {
	var refused *gate.Error
	switch {
	case err == nil, errors.As(err, &refused) && refused.Final:
		return ledger.Schedule{Due: nextPhase(now, phase), Reported: true}, true
	case refused != nil && refused.RetryAfter > 0:
		return failed(now, before, refused.RetryAfter, random), false
	case !mayHaveLeft(err):
		attempt.Reported = before.Reported
	}
	return attempt, false
}

// random is the jitter outside of tests: from 0 up to most.
func random(most time.Duration) time.Duration { return rand.N(most) }
