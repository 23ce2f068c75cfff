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

// Flush sends a report now, if consent holds, and waits for the answer. It
// counts as the report of the day. The error says why nothing was sent or what
// became of it; nil means that the receiver has it. It waits for
// another process that is just sending, as long as ctx allows, then ten seconds at
// most for each function given to [Client.Observe], and ten for the report.
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
		if r.ctx.Err() != nil {
			return errEnded
		}
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
