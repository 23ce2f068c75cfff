package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// Erase turns statistics off and asks the receiver to erase what this
// installation sent. It calls record, which is to record a no; nil means that
// one is recorded already. When Erase returns, counting has stopped and totals,
// identifier and schedule are destroyed, whatever it returns, unless record
// failed and no earlier no stands. The identifier alone is kept for the request:
// from before record is called, so that neither the end of the process nor
// another one that acts on the no first can lose it. The request is sent at once
// and, if it does not arrive, tried again for 14 days, while a client runs.
//
// Nil means that the receiver has the request, and not that it has erased
// anything. An error says why it has not, [ErrNothingToErase] that there was
// nothing to ask for; [Status.Erasure] says what becomes of the request. Where
// [Status.CanErase] is false, Erase does nothing. Record may take five seconds,
// and may call Refresh; if it panics, that is its error.
func (c *Client) Erase(ctx context.Context, record func(context.Context) error) error {
	if !c.running() {
		return errors.New("telemetry: not erased: the client is not running")
	}
	if c.config.Dir == "" {
		return errors.New("telemetry: not erased: Config.Dir is needed to keep the request until it arrives")
	}
	k, err := c.beginErasure(context.WithoutCancel(some(ctx)), record)
	if err == nil {
		err = c.tryErasure(some(ctx), k.guid)
	}
	if err != nil && c.arrived(k.mark) { // made by another process, or another call
		err = nil
	}
	c.eraseLater(firstTry) // there may be others
	return err
}

func (c *Client) running() bool { return c != nil && c.gate != nil && c.fault == nil && !c.down.Load() }

func (c *Client) canErase() bool { return c.running() && c.config.Dir != "" }

// beginErasure keeps a request, has the no recorded and destroys the rest. It
// does so whatever becomes of the caller, as Refresh does. Nothing is held while
// record runs: it is the application's, and may do anything.
func (c *Client) beginErasure(ctx context.Context, record func(context.Context) error) (kept, error) {
	k, err := c.keepRequest(ctx, record == nil)
	if err != nil {
		return k, err
	}
	var recorded error
	if record != nil {
		recorded = contained(ctx, record)
	}
	err = c.actOnNo(ctx, &k)
	if recorded != nil && errors.Is(err, ErrNothingToErase) {
		err = nil // which would be taken for the end of it
	}
	return k, errors.Join(recorded, err)
}

// contained calls a function of the application.
func contained(ctx context.Context, f func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("telemetry: panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, service)
	defer cancel()
	return f(ctx)
}

// kept is a request before its no is recorded.
type kept struct {
	guid  uuid.UUID
	mark  string // of this request; empty when there was one with the identifier
	early bool   // there may have been no report yet
	fault error  // there is no identifier, or the request could not be kept
}

func (c *Client) keepRequest(ctx context.Context, stands bool) (k kept, err error) {
	ctx, cancel := context.WithTimeout(ctx, service)
	defer cancel()
	done, err := c.alone(ctx)
	if err != nil {
		k.fault = err // the no is recorded all the same
		return k, nil
	}
	defer done()
	if status := c.decided(ctx); stands && !c.takenBack(ctx, status) {
		return k, errors.New("telemetry: not erased: record a no first: " + status.Reason)
	}
	k.guid, k.early, k.fault = c.identifier(ctx)
	if k.fault == nil {
		k.mark, k.fault = c.keepErasure(ctx, k.guid)
	}
	return k, nil
}

// actOnNo destroys what a recorded no says has to go, also when the request
// could not be kept.
func (c *Client) actOnNo(ctx context.Context, k *kept) error {
	ctx, cancel := context.WithTimeout(ctx, service)
	defer cancel()
	done, err := c.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	status := c.decided(ctx)
	if !c.takenBack(ctx, status) {
		err := errors.New("telemetry: not erased: there is no record of a no: " + status.Reason)
		if status.Failed {
			return err // it may stand: who can read it finds out
		}
		return errors.Join(err, c.dropErasure(ctx, k.mark))
	}
	k.early = k.early && (c.config.State == nil || c.early(ctx, c.agreed()))
	if r := c.agreed(); r != nil {
		r.denied.Store(true)
		c.drop(r)
	}
	overtaken := k.guid
	destroyed := c.destroy(ctx, func() error {
		if now, err := c.peek(ctx); err == nil {
			overtaken = now // by a yes that came, and went, meanwhile
		}
		return c.stillNo(ctx)
	})
	err = c.settleErasure(ctx, k)
	if destroyed == nil && k.fault == nil && overtaken != k.guid {
		err = errors.Join(err, c.sureErasure(ctx, overtaken, ""))
	}
	if destroyed != nil {
		c.retry(false)
		if errors.Is(err, ErrNothingToErase) {
			err = nil
		}
	}
	c.settle(status, destroyed)
	return errors.Join(err, destroyed, c.countLocally(ctx))
}

// settleErasure says what becomes of a request whose no stands. Where none
// could be kept, the one that is made may be one of before.
func (c *Client) settleErasure(ctx context.Context, k *kept) error {
	pending := c.pendingErasures()
	before := slices.IndexFunc(pending, c.mine)
	switch {
	case k.fault == nil && k.early && c.unheard(k.guid):
		return errors.Join(ErrNothingToErase, c.dropErasure(ctx, k.mark))
	case k.fault == nil:
		return c.sureErasure(ctx, k.guid, k.mark)
	case errors.Is(k.fault, ErrNothingToErase) && before >= 0:
		k.guid = *pending[before].GUID
		return nil
	case errors.Is(k.fault, ErrNothingToErase) && len(pending) > 0:
		return errors.New("telemetry: not erased: the request is kept for another receiver, and made when Config.Endpoint is that one again: " + pending[0].URL)
	}
	return k.fault
}

// ErrNothingToErase says that no request was made: nothing was sent, or no
// identifier is kept here. The no that was recorded has been acted on.
var ErrNothingToErase = errors.New("telemetry: nothing to erase")

// identifier returns the one to erase, and whether there may have been no
// report with it yet. It is the one that is kept: of the ledger that is open,
// if that is not out of date, or of another process, or left by a veto or a
// newer notice. Only from a directory that is surely this product's.
func (c *Client) identifier(ctx context.Context) (guid uuid.UUID, early bool, err error) {
	r := c.agreed()
	if r != nil && r.ledger.Check(ctx) == nil {
		return r.ledger.Identity().GUID, c.early(ctx, r), nil
	}
	if guid, err = c.peek(ctx); err != nil && r != nil {
		return r.ledger.Identity().GUID, false, nil // was destroyed meanwhile, and had its reports
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: no identifier is kept here: %w", ErrNothingToErase, err)
	case err != nil:
		err = fmt.Errorf("telemetry: not erased: the identifier cannot be read: %w", err)
	}
	return guid, false, err
}

// early says whether there may have been no report yet: the schedule knows of
// none, sent or begun. Of several hosts each asks anew once the no is recorded,
// because none of them begins another one then.
func (c *Client) early(ctx context.Context, r *recorder) bool {
	if r == nil {
		return false
	}
	id := r.ledger.Identity()
	s, err := r.ledger.Schedule(ctx)
	return err == nil && s.Failures == 0 && s.Former == 0 && s.Settled <= ledger.SlotAt(id.Day.AddDate(0, 0, 1), id.Phase)
}

// unheard says whether the journal has nothing with an identifier. The request
// to erase would be the first thing that the receiver hears of it.
func (c *Client) unheard(guid uuid.UUID) bool {
	list, err := c.Journal()
	return err == nil && !slices.ContainsFunc(list, func(e Entry) bool {
		return slices.Contains(e.Report.Rows, "install_guid "+guid.String())
	})
}

// peek returns the identifier that is kept.
func (c *Client) peek(ctx context.Context) (uuid.UUID, error) {
	if c.config.State != nil {
		id, err := c.config.State.Peek(ctx)
		return id.GUID, err
	}
	id, err := ledger.Peek(c.config.Dir)
	if owner, unknown := c.owner(); err == nil && owner != c.config.Catalog.Product() {
		if unknown == nil {
			unknown = fmt.Errorf("it belongs to %.100q", owner)
		}
		err = fmt.Errorf("directory %q is not surely this product's: %w", c.config.Dir, unknown)
	}
	return id.GUID, err
}

// tryErasure sends one request once and notes what became of it.
func (c *Client) tryErasure(ctx context.Context, guid uuid.UUID) error {
	c.erasing.Lock()
	defer c.erasing.Unlock()
	c.asking.Store(true)
	defer c.asking.Store(false)
	c.reviewErasures()
	if err := c.mayErase(); err != nil {
		c.eraseLater(firstTry)
		return err
	}
	now := c.clock().UTC().Truncate(time.Second)
	var due bool
	err := c.changeErasure(guid, func(e *erasure) {
		if due = !e.Next.After(now); !due {
			return // another process has just tried
		}
		attempt := failed(now, ledger.Schedule{Failures: e.Tries}, 0, random)
		e.Tries, e.Next = attempt.Failures, attempt.Due
	})
	if err != nil || !due {
		c.eraseLater(firstTry)
		return errors.Join(err, errors.New("telemetry: the request to erase is not sent now: "+c.Status().Erasure))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	today := now.Truncate(24 * time.Hour)
	err = c.journaled(ctx, gate.Report{GUID: guid, Since: today, Day: today, Erase: true}, c.mayErase)
	if err != nil {
		var refused *gate.Error
		if errors.As(err, &refused) && refused.RetryAfter > 0 {
			err = errors.Join(err, c.changeErasure(guid, func(e *erasure) {
				e.Next = failed(c.clock(), ledger.Schedule{Failures: e.Tries - 1}, refused.RetryAfter, random).Due
			}))
		}
		c.eraseLater(firstTry)
		return fmt.Errorf("telemetry: the request to erase has not arrived yet: %w", err)
	}
	return c.finishErasure(guid, now)
}

// mayErase is the last look before the connection. The request was a
// person's; a veto in the environment holds it back all the same.
func (c *Client) mayErase() error {
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	if s := c.decided(ctx); s.Veto || c.down.Load() {
		return errors.New("telemetry: not sent: " + s.Reason)
	}
	return nil
}

// eraseLater tries the pending requests again when the first of them says, and
// looks after the rest; not before least has passed.
func (c *Client) eraseLater(least time.Duration) {
	if c.down.Load() || c.gate == nil || len(c.pendingErasures()) == 0 {
		return
	}
	c.reviewErasures()
	now := c.clock()
	next := now.Add(farthest)
	for _, e := range c.erasures() {
		if c.mine(e) && e.Next.Before(next) {
			next = e.Next
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.later != nil {
		c.later.Stop() // one timer for all of them
	}
	c.later = time.AfterFunc(min(max(next.Sub(now), least), farthest), func() {
		for _, e := range c.erasures() {
			if c.mine(e) && !c.down.Load() && !e.Next.After(c.clock()) {
				_ = c.tryErasure(c.life, *e.GUID) // in the status and the journal
			}
		}
		c.eraseLater(firstTry)
	})
}

// settle notes the answer that was acted on.
func (c *Client) settle(status consent.Status, err error) {
	c.mu.Lock()
	c.consented, c.trouble = status, err
	c.mu.Unlock()
}
