package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

var errEnded = errors.New("telemetry: not sent: consent was taken back, or the client shut down")

const (
	fold       = 10 * time.Second       // how much counting a kill can lose where the file is not mapped
	retryAfter = 5 * time.Minute        // when consent could not be acted on
	askAgain   = time.Minute            // when it could not be asked for
	glance     = 100 * time.Millisecond // at the ledger, while a report is on its way
	breath     = time.Second            // between two looks that Add asked for
	underLock  = time.Second            // for a Source that is asked while other processes wait
	service    = 5 * time.Second        // for the files, when another process holds the lock
)

// run is the client's one goroutine. It lives as long as the consent it was
// started under.
func (c *Client) run(r *recorder) {
	defer close(r.done)
	if err := c.settleFiles(r); err != nil {
		c.log(slog.LevelWarn, "telemetry: what was counted is not on the disk yet", "error", err)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			c.release(r)
			c.syncAtLast(r)
			return
		case <-timer.C:
		case <-r.upper.asked:
			c.take(r)
			continue
		case <-r.wake:
			select {
			case <-r.ctx.Done():
				continue
			case <-time.After(breath):
			}
		}
		timer.Reset(c.step(r))
	}
}

// step does what is due and says when to look again.
func (c *Client) step(r *recorder) time.Duration {
	if aside := r.ledger.Aside(); aside != "" && !r.said {
		r.said = true
		c.log(slog.LevelWarn, "telemetry: damaged totals were put aside; counting starts anew", "damage", aside)
	}
	if counter := r.strange.Swap(nil); counter != nil {
		c.log(slog.LevelWarn, "telemetry: counted nothing: the counter is not in the catalog", "counter", counter.String())
	}
	err := r.ledger.Check(r.ctx)
	if err != nil {
		c.log(slog.LevelWarn, "telemetry: the totals are no longer there", "error", err)
	}
	if err != nil || r.doubt.Swap(false) {
		_ = c.Refresh(context.Background()) // in the status and the log; ends this loop unless it is still yes
		return idle
	}
	r.upper.wanted.Store(false) // a minute after it was refused it may be to be had
	wait := idle
	if !r.ledger.Mapped() {
		wait = fold
		_ = c.sync(r.ctx, r) // in the log
	}
	next, err := c.due(r)
	if err != nil {
		return wait // noted in the status
	}
	return min(max(next.Sub(c.clock()), 0), wait)
}

func (c *Client) sync(life context.Context, r *recorder) error {
	ctx, cancel := context.WithTimeout(life, service)
	defer cancel()
	err := r.ledger.Sync(ctx)
	if err != nil && life.Err() == nil { // when it ended there is one more, without it
		c.log(slog.LevelWarn, "telemetry: counted, but not written yet", "error", err)
	}
	return err
}

// syncAtLast writes what was counted before the recorder ended. While the
// database is away nobody knows what was decided, and what was counted until
// then is kept for when it is back: a no ends that, and so does Shutdown.
func (c *Client) syncAtLast(r *recorder) {
	for c.sync(context.Background(), r) != nil && r.ledger.Check(context.Background()) == nil {
		select {
		case <-c.life.Done():
			return
		case <-time.After(fold):
		}
	}
}

// syncing writes what is counted in memory, on time, while a report is being
// made and sent. It returns what ends it.
func (c *Client) syncing(r *recorder) (stop func()) {
	if r.ledger.Mapped() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(r.ctx)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(fold):
				_ = c.sync(ctx, r) // in the log
			}
		}
	}()
	return cancel
}

// due sends the report that is due, if one is, and returns when to come back.
// An error is why that did not happen, and is in the status.
func (c *Client) due(r *recorder) (time.Time, error) {
	next, err := c.sendDue(r)
	if err != nil && r.ctx.Err() == nil {
		c.note(c.clock(), err)
	}
	return next, err
}

// sendDue changes the schedule only while it holds the sender's lock, and after
// reading it again: another process may just have sent.
func (c *Client) sendDue(r *recorder) (time.Time, error) {
	phase := r.ledger.Identity().Phase
	s, err := r.ledger.Schedule(r.ctx)
	if err != nil {
		return time.Time{}, err
	}
	now := c.clock()
	planned, at := plan(now, phase, s, random)
	if planned.Settled < s.Settled || s.Settled < r.settled.Load() {
		r.back = time.Now()
	}
	if planned == s && at.After(now) {
		return at, nil
	}
	if wait := c.rest(r.back); wait > 0 {
		return now.Add(wait), nil
	}
	lease, err := r.ledger.Sender(r.ctx)
	if err != nil || lease == nil {
		return now.Add(idle), err // somebody else is at it
	}
	defer lease.Release()
	if s, err = r.ledger.Schedule(r.ctx); err != nil {
		return time.Time{}, err
	}
	planned, at = plan(now, phase, s, random)
	if planned != s {
		if err := r.ledger.SetSchedule(r.ctx, lease, planned); err != nil {
			return time.Time{}, err
		}
	}
	if at.After(now) {
		return at, nil
	}
	defer c.syncing(r)()
	if err = c.send(r.ctx, r, lease, planned); err == nil {
		c.note(c.clock(), nil)
	}
	return c.clock(), err
}

// rest is how long this process sends nothing after its newest report when the
// clock was set back lately, or another process has another one: a clock that
// swings by days would bring a report each time it goes ahead. Both times are
// by the clock that nobody sets.
func (c *Client) rest(back time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if back.IsZero() || time.Since(back) > 2*farthest || c.last.elapsed.IsZero() {
		return 0
	}
	return atLeast - time.Since(c.last.elapsed)
}

// Flush sends a report now, if consent holds, and waits for the answer. It
// counts as the report of the day. The error says why nothing was sent or what
// became of it; nil means that the receiver has it. It takes ten seconds at most
// for each function given to [Client.Observe], and ten for the report.
func (c *Client) Flush(ctx context.Context) error {
	if c == nil {
		return errors.New("telemetry: not sent: no client")
	}
	r := c.agreed()
	if r == nil {
		return errors.New("telemetry: not sent: " + c.Status().Reason)
	}
	ctx, cancel := context.WithCancel(some(ctx))
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	var lease ledger.Lease
	for {
		var err error
		if lease, err = r.ledger.Sender(ctx); err != nil {
			err = fmt.Errorf("telemetry: not sent: %w", err)
			c.note(c.clock(), err)
			return err
		}
		if lease != nil {
			defer lease.Release()
			break
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("telemetry: not sent: another report is on its way: %w", ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
	s, err := r.ledger.Schedule(ctx)
	if err == nil {
		err = c.send(ctx, r, lease, s)
	}
	c.note(c.clock(), err)
	if err != nil && !strings.HasPrefix(err.Error(), "telemetry: ") {
		err = fmt.Errorf("telemetry: not delivered: %w", err)
	}
	return err
}

// send makes and sends one report and notes what became of it. The caller
// holds the sender's lease.
func (c *Client) send(ctx context.Context, r *recorder, lease ledger.Lease, s ledger.Schedule) error {
	select {
	case r.sending <- struct{}{}:
		defer func() { <-r.sending }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// Before the application is asked for anything.
	if err := c.allowed(ctx, r, lease); err != nil {
		return err
	}
	// Noted as failed before it is sent: whatever ends this process, or keeps
	// the answer from being noted, the next attempt is not at once.
	attempt := failed(c.clock(), s, 0, random)
	err := r.ledger.SetSchedule(ctx, lease, attempt)
	if err != nil {
		return err
	}
	report, err := c.figures(ctx, r, askForReport)
	if err == nil {
		err = c.settleFiles(r)
	}
	if err == nil {
		err = c.deliver(ctx, r, lease, report)
	}
	if r.ctx.Err() != nil {
		if err != nil && !errors.Is(err, gate.ErrUnanswered) {
			err = errEnded // and not that a file is closed
		}
		return err
	}
	next := after(c.clock(), r.ledger.Identity().Phase, s, attempt, err)
	if next.Failures == 0 {
		r.settled.Store(next.Settled)
		c.forget(r)
	}
	// Noted even when the caller has gone meanwhile.
	ctx, cancel := context.WithTimeout(r.ctx, service)
	defer cancel()
	return errors.Join(err, r.ledger.SetSchedule(ctx, lease, next))
}

// deliver sends a report while nobody else can: the lease is made sure of
// before, which bounds the time, and asked for once more before the
// connection.
func (c *Client) deliver(ctx context.Context, r *recorder, lease ledger.Lease, report gate.Report) error {
	until, err := lease.Held(ctx)
	if err != nil {
		return err
	}
	if !until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go c.watch(ctx, r, cancel)
	return c.journaled(ctx, report, func() error { return c.allowed(ctx, r, lease) })
}

// watch stops a report that is on its way when another process takes the yes
// back.
func (c *Client) watch(ctx context.Context, r *recorder, stop func()) {
	look := time.NewTicker(glance)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			if err := r.ledger.Check(ctx); err != nil && ctx.Err() == nil {
				stop()
				r.look()
				return
			}
		}
	}
}

// after is the schedule after an attempt that ended with err.
func after(now time.Time, phase time.Duration, before, attempt ledger.Schedule, err error) ledger.Schedule {
	var refused *gate.Error
	switch {
	case err == nil, errors.As(err, &refused) && refused.Final:
		return settled(now, phase, before)
	case refused != nil && refused.RetryAfter > 0:
		return failed(now, before, refused.RetryAfter, random)
	}
	return attempt
}

// allowed is the last look before the connection.
func (c *Client) allowed(ctx context.Context, r *recorder, lease ledger.Lease) error {
	if status := c.decided(ctx); !status.On() {
		r.doubt.Store(true) // counting has to stop as well
		r.look()
		return errors.New("telemetry: not sent: " + status.Reason)
	}
	if err := r.ledger.Check(ctx); err != nil {
		return err
	}
	if _, err := lease.Held(ctx); err != nil {
		return err
	}
	if r.ctx.Err() != nil { // last: asking may have taken a while
		return errEnded
	}
	return nil
}

func (c *Client) note(now time.Time, err error) {
	c.mu.Lock()
	c.last.at, c.last.err = now, err
	if err == nil {
		c.last.delivered, c.last.elapsed = now, time.Now()
	}
	c.mu.Unlock()
	if err != nil {
		c.log(slog.LevelInfo, "telemetry: report not delivered", "error", err)
	}
}
