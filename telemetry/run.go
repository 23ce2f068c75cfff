package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

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
	if err := c.settleFiles(r); err != nil && r.ctx.Err() == nil {
		c.log(slog.LevelWarn, "telemetry: what was counted is not on the disk yet", "error", err)
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-r.ctx.Done():
			c.syncAtLast(r)
			return
		case <-timer.C:
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
	if c.unclaimed.Swap(false) {
		c.log(slog.LevelWarn, "telemetry: the file that says whose the directory is was damaged and is put aside", "as", c.claimPath()+".damaged")
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
	over := errors.Is(err, ledger.ErrClosed) || errors.Is(err, ledger.ErrGone) || errors.Is(err, ledger.ErrDamaged)
	if err != nil && !over && life.Err() == nil { // when it ended there is one more, without it
		c.log(slog.LevelWarn, "telemetry: counted, but not written yet", "error", err)
	}
	return err
}

// syncAtLast writes what was counted before the recorder ended. While the
// database is away nobody knows what was decided, and what was counted until
// then is kept for when it is back: a no ends that, and so does Shutdown.
func (c *Client) syncAtLast(r *recorder) {
	no := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return r.denied.Load() || c.consented.Decision == consent.Denied && !c.consented.Veto
	}
	for !no() && c.sync(context.Background(), r) != nil && r.ledger.Check(context.Background()) == nil {
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
	if err != nil && r.ctx.Err() == nil && c.isDue(r) {
		c.note(c.clock(), err)
	}
	return next, err
}

// isDue tells from memory whether a report is to be sent by now: a database
// that is away for a moment keeps none from being sent at other times.
func (c *Client) isDue(r *recorder) bool {
	s, err := r.ledger.Known()
	if err != nil {
		return true
	}
	now := c.clock()
	_, at := plan(now, r.ledger.Identity().Phase, s, func(time.Duration) time.Duration { return 0 })
	return s.Failures > 0 || !at.After(now)
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
	if err = c.send(r.ctx, r, lease, planned); err == nil || r.ctx.Err() == nil {
		c.note(c.clock(), err) // also one that is final, after which nothing is due
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
