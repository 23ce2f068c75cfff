package telemetry

// The reporter touches the recorder, the schedule and the outbox. What it has to
// ask from above, whether this may still be sent, is a function handed down.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

const (
	idle          = time.Minute            // a clock may jump and a computer sleep: look again
	syncInterval  = 10 * time.Second       // how much counting a kill can lose where the file is not mapped
	watchInterval = 100 * time.Millisecond // between looks at the ledger, while a report is on its way
	wakeDebounce  = time.Second            // between two looks that Add asked for
	syncTimeout   = 5 * time.Second        // for files and databases
	sendTimeout   = 15 * time.Second       // for the connection and the answer, which have ten
	endTimeout    = 500 * time.Millisecond // for the outcome, where the yes was taken back
	spread        = 5 * time.Second        // processes of one installation do not all collect at once
)

var errEnded = errors.New("telemetry: not sent: consent was taken back, or the client shut down")

// A reporter makes and sends the reports of a recorder, for as long as the
// consent it was made under.
type reporter struct {
	outbox  *outbox
	log     *logger
	clock   func() time.Time
	allowed func(context.Context, *recorder) error // asks for consent; an error is why nothing may be sent
	lost    func()                                 // has the decision looked at anew
	denied  func() bool                            // a no stands: nothing is written any more

	mu   sync.Mutex
	last outcome
	own  time.Time // when a report is due for this process alone; zero: as stored
}

// outcome is how the newest reports of this process went.
type outcome struct {
	delivered time.Time // the newest that arrived
	err       error     // of the newest
	finished  time.Time // the newest that is not sent again; for its monotonic clock
}

// run is the one goroutine of a recorder.
func (p *reporter) run(r *recorder) {
	defer close(r.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	if aside := r.ledger.Aside(); aside != "" {
		p.log.warn("telemetry: damaged totals were put aside; counting starts anew", "damage", aside)
	}
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-timer.C:
		case <-r.wake:
			select {
			case <-r.ctx.Done():
				return
			case <-time.After(wakeDebounce):
			}
		}
		timer.Reset(p.step(r))
	}
}

// step does what is due and says when to look again.
func (p *reporter) step(r *recorder) time.Duration {
	wait := idle
	err := error(nil)
	if r.ledger.Mapped() {
		err = r.ledger.Check(r.ctx)
	} else {
		wait = syncInterval
		err = p.sync(r)
	}
	if ledger.Final(err) {
		if r.ctx.Err() == nil {
			p.log.warn("telemetry: the totals are no longer there", "error", err)
		}
		p.lost() // ends this loop unless it is still yes
		return idle
	}
	if p.due(r) {
		if err := p.report(r.ctx, r, true); err != nil && r.ctx.Err() == nil {
			p.note(err)
		}
	}
	s, err := r.ledger.Schedule()
	if err != nil {
		return wait
	}
	if next := s.Due.Sub(p.clock()); next > 0 {
		return min(next+random(spread), wait)
	}
	return wait
}

// sync writes what was counted in memory.
func (p *reporter) sync(r *recorder) error {
	ctx, cancel := context.WithTimeout(r.ctx, syncTimeout)
	defer cancel()
	err := r.ledger.Sync(ctx)
	if err != nil && !ledger.Final(err) && r.ctx.Err() == nil {
		p.log.warn("telemetry: counted, but not written yet", "error", err)
	}
	return err
}

// leave writes what was counted before the recorder ended. While the database is
// away it is not known what was decided, and what was counted until then is kept for
// when it is back: a no ends that, and so does life.
func (p *reporter) leave(life context.Context, r *recorder) {
	if r.ledger.Mapped() {
		return
	}
	for !p.denied() && life.Err() == nil {
		ctx, cancel := context.WithTimeout(life, syncTimeout)
		err := r.ledger.Sync(ctx)
		cancel()
		if err == nil || ledger.Final(err) {
			return
		}
		select {
		case <-life.Done():
		case <-time.After(syncInterval):
		}
	}
}

// due says whether a report is to be sent now. A schedule that was missed or set
// under another clock is stored anew first.
func (p *reporter) due(r *recorder) bool {
	now := p.clock()
	s, err := r.ledger.Schedule()
	if err != nil {
		return false
	}
	phase := r.ledger.Identity().Phase
	planned := plan(now, phase, s, random)
	if planned != s && now.Sub(s.Due) > otherClock {
		// Storing it would have processes whose clocks are years apart write over
		// each other's schedules for ever.
		return p.ownDue(planned.Due.Sub(now))
	}
	if planned != s {
		ctx, cancel := context.WithTimeout(r.ctx, syncTimeout)
		defer cancel()
		sending, err := r.ledger.Begin(ctx, now, now.Add(syncTimeout), func(s ledger.Schedule) (ledger.Schedule, error) {
			planned = plan(now, phase, s, random)
			return planned, nil
		})
		if err == nil {
			err = r.ledger.End(ctx, sending, planned)
		}
		if err != nil && !errors.Is(err, ledger.ErrBusy) && r.ctx.Err() == nil {
			p.note(fmt.Errorf("telemetry: not sent: %w", err))
		}
		return false
	}
	return !s.Due.After(now) && !p.resting()
}

// ownDue is due by a moment of this process, in wait from when it is first asked.
func (p *reporter) ownDue(wait time.Duration) bool {
	p.mu.Lock()
	if p.own.IsZero() {
		p.own = time.Now().Add(wait)
	}
	own := p.own
	p.mu.Unlock()
	return !time.Now().Before(own) && !p.resting()
}

// resting says whether this process has reported less than 20 hours ago, by the
// monotonic clock: a clock that swings would bring a report each time it goes
// ahead.
func (p *reporter) resting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !p.last.finished.IsZero() && time.Since(p.last.finished) < atLeast
}

var errNotDue = errors.New("telemetry: not sent: another process has just sent one")

// report collects and sends one report. Nothing is held while callbacks run, and
// nothing of the application's but the last look at consent is called while
// this process has the right to send, which ends by itself.
func (p *reporter) report(ctx context.Context, r *recorder, onlyDue bool) error {
	// Before the application is asked for anything.
	if err := p.allowed(ctx, r); err != nil {
		return err
	}
	report, err := r.collect(ctx, p.clock(), askForReport)
	if r.ctx.Err() != nil {
		return errEnded
	}
	if err != nil {
		return fmt.Errorf("telemetry: not sent: %w", err)
	}
	select {
	case r.sending <- struct{}{}:
		defer func() { <-r.sending }()
	case <-ctx.Done():
		return p.ended(ctx, r)
	}
	var before, attempt ledger.Schedule
	until := p.clock().Add(sendTimeout)
	sending, err := r.ledger.Begin(ctx, p.clock(), until, func(s ledger.Schedule) (ledger.Schedule, error) {
		if onlyDue && s.Due.After(p.clock()) {
			return s, errNotDue
		}
		// Noted as failed before it is sent: whatever ends this process, the next
		// attempt is not at once.
		before, attempt = s, failed(p.clock(), s, 0, random)
		return attempt, nil
	})
	switch {
	case errors.Is(err, errNotDue), onlyDue && errors.Is(err, ledger.ErrBusy):
		return nil
	case err != nil && r.ctx.Err() != nil:
		return errEnded
	case err != nil:
		return fmt.Errorf("telemetry: not sent: %w", err)
	}
	err = p.deliver(ctx, r, sending, report)
	next, final := after(p.clock(), r.ledger.Identity().Phase, before, attempt, err)
	if final {
		r.forget()
	}
	// Stored also where the caller has gone or the yes was taken back: another
	// process may wait for the right to send.
	end, cancel := context.WithTimeout(context.Background(), syncTimeout)
	defer cancel()
	defer context.AfterFunc(r.ctx, func() { time.AfterFunc(endTimeout, cancel) })() // a no waits for this
	stored := r.ledger.End(end, sending, next)
	if r.ctx.Err() != nil {
		if err != nil && !errors.Is(err, gate.ErrUnanswered) {
			err = errEnded // and not that a file is closed
		}
		return err
	}
	p.finish(err, final)
	return errors.Join(err, stored)
}

// after is the schedule after an attempt that ended with err, and whether the
// report is not to be sent again.
func after(now time.Time, phase time.Duration, before, attempt ledger.Schedule, err error) (ledger.Schedule, bool) {
	var refused *gate.Error
	switch {
	case err == nil, errors.As(err, &refused) && refused.Final:
		return reported(now, phase), true
	case refused != nil && refused.RetryAfter > 0:
		return failed(now, before, refused.RetryAfter, random), false
	}
	return attempt, false
}

// deliver sends a report while no other process can. The report ends with the
// right to send, and when another process takes the yes back.
func (p *reporter) deliver(ctx context.Context, r *recorder, sending ledger.Sending, report gate.Report) error {
	bounded, cancel := context.WithDeadline(ctx, sending.Until)
	defer cancel()
	go p.watch(bounded, r, sending, cancel)
	err := p.outbox.send(bounded, report, func() error {
		if err := p.allowed(bounded, r); err != nil {
			return err
		}
		if err := r.ledger.Confirm(bounded, sending); err != nil {
			return err
		}
		return p.ended(bounded, r) // last: asking may have taken a while
	})
	if err != nil && ctx.Err() == nil && r.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the report took longer than %v; %w", sendTimeout, gate.ErrUnanswered)
	}
	return err
}

// ended says why nothing can be sent any more; nil while it can.
func (p *reporter) ended(ctx context.Context, r *recorder) error {
	if r.ctx.Err() != nil {
		return errEnded
	}
	return ctx.Err()
}

// watch stops a report when another process takes the yes back.
func (p *reporter) watch(ctx context.Context, r *recorder, sending ledger.Sending, stop func()) {
	interval := watchInterval
	if !r.ledger.Mapped() {
		interval = 2 * time.Second // a look is a question to a database
	}
	look := time.NewTicker(interval)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := r.ledger.Confirm(ctx, sending); err != nil && (ledger.Final(err) || errors.Is(err, ledger.ErrLost)) {
				stop()
				r.look()
				return
			}
		}
	}
}

// flush sends a report now. It waits for another process that is just sending.
func (p *reporter) flush(ctx context.Context, r *recorder) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	interval := 200 * time.Millisecond // consent is asked for each time
	if !r.ledger.Mapped() {
		interval = time.Second
	}
	for {
		err := p.report(ctx, r, false)
		if !errors.Is(err, ledger.ErrBusy) {
			if err != nil {
				p.note(err)
			}
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("telemetry: not sent: another process is sending a report: %w", ctx.Err())
		case <-time.After(interval):
		}
	}
}

// finish notes the outcome of a report that was sent, or not.
func (p *reporter) finish(err error, final bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last.err = err
	if final {
		p.last.finished, p.own = time.Now(), time.Time{}
	}
	if err == nil {
		p.last.delivered = p.clock()
	}
}

// note keeps and logs why a report was not delivered. Nothing is held.
func (p *reporter) note(err error) {
	p.mu.Lock()
	p.last.err = err
	p.mu.Unlock()
	p.log.log(slog.LevelInfo, "telemetry: report not delivered", "error", err)
}

func (p *reporter) outcome() outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}
