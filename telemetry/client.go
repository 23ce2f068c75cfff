package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
	"headcount.example/internal/ledger"
)

// A Client counts and reports for one product. Make one with [Init]; a nil or
// zero Client does nothing. All methods are safe for concurrent use.
type Client struct {
	live atomic.Pointer[recorder] // nil while consent does not hold

	config  Config
	fault   error // of the configuration: off for good
	gate    *gate.Gate
	metrics []catalog.Definition
	journal *journal.Journal
	clock   func() time.Time

	down      atomic.Bool     // Shutdown was called
	life      context.Context // ends with Shutdown
	end       context.CancelFunc
	unclaimed atomic.Bool   // the file that says whose the directory is was put aside, and that is not said yet
	missed    atomic.Bool   // a decision was not acted on, because an earlier one took too long
	asking    atomic.Bool   // a request to erase is on its way
	erasing   sync.Mutex    // one request to erase is sent at a time
	apply     chan struct{} // one Refresh at a time; guards the next
	again     *time.Timer   // set once a decision could not be acted on

	mu        sync.Mutex // guards the rest
	observers map[catalog.Sizes]*observer
	logged    map[string]time.Time
	consented consent.Status
	trouble   error // why it is off in spite of consent
	last      outcome
	later     *time.Timer // for requests to erase
}

// outcome is how the newest report of this process went.
type outcome struct {
	at, delivered time.Time
	elapsed       time.Time // when it was delivered, by the clock that nobody sets
	err           error
}

// Refresh asks for consent again and acts on the answer before it returns.
// Call it after a decision was recorded.
//
// After a yes it opens the totals, or makes new ones with a new identifier.
// After a no nothing is counted any more, a report that is being sent is
// stopped and waited for (two seconds at most), and totals, identifier and
// schedule are destroyed, for every process that shares the directory. When
// the answer is neither (a veto in the environment, a newer notice, a record
// that cannot be read), counting and sending stop, and what was counted stays
// where it is until somebody decides.
//
// A decision is acted on also when ctx has ended: somebody who closes the
// page has decided all the same. An error means that the answer could not be
// had or not be acted on in full; the client is off then, and tries again every
// five minutes, or every minute where the answer could not be had. After
// Shutdown, and on a client whose configuration has a fault, Refresh still destroys what a recorded no says has to go. On a nil or
// zero Client it does nothing. A process that is off learns of another
// process's yes only here.
func (c *Client) Refresh(ctx context.Context) error {
	if c == nil || c.config.Catalog.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(some(ctx)), service)
	defer cancel()
	err := c.refresh(ctx)
	if err != nil { // said when nothing is held: a logger may block
		c.log(slog.LevelWarn, "telemetry: the decision could not be acted on", "error", err)
	}
	return err
}

// some spares a careless caller a panic.
func some(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}

// alone makes the caller the only one that acts on a decision. Who waits for
// one whose Source does not answer, or calls the client, is told so, and what
// was decided is acted on as soon as that one has ended.
func (c *Client) alone(ctx context.Context) (done func(), err error) {
	select {
	case c.apply <- struct{}{}:
		return func() {
			<-c.apply
			if c.missed.Swap(false) {
				go func() { _ = c.Refresh(context.Background()) }() // in the status and the log
			}
		}, nil
	case <-ctx.Done():
		c.missed.Store(true)
		return nil, errors.New("telemetry: an earlier decision is still being acted on: Config.Consent does not answer, or calls the client")
	}
}

func (c *Client) refresh(ctx context.Context) error {
	done, err := c.alone(ctx)
	if err != nil {
		return err
	}
	defer done()
	status := c.decided(ctx)
	err = c.act(ctx, status)
	for range 5 {
		if !errors.Is(err, errChanged) {
			break
		}
		status = c.decided(ctx) // somebody decided meanwhile
		err = c.act(ctx, status)
	}
	if status.Failed {
		err = errors.Join(errors.New(status.Reason), err)
	}
	if err != nil {
		err = fmt.Errorf("telemetry: %w", err)
		c.retry(status.Failed)
	}
	c.settle(status, err)
	return err
}

// retry looks again in a while: a full disk may have room then, and sooner
// where only the answer could not be had.
func (c *Client) retry(unanswered bool) {
	if c.down.Load() || c.fault != nil {
		return
	}
	wait := retryAfter
	if unanswered {
		wait = askAgain
	}
	if c.again == nil {
		c.again = time.AfterFunc(wait, func() {
			if !c.down.Load() {
				_ = c.Refresh(context.Background()) // in the status and the log
			}
		})
	}
	c.again.Reset(wait)
}

func (c *Client) act(ctx context.Context, status consent.Status) error {
	r := c.live.Load()
	if status.On() {
		if c.down.Load() || c.fault != nil {
			return nil
		}
		if r != nil && !r.local && r.ctx.Err() == nil && r.ledger.Check(ctx) == nil {
			return nil
		}
		c.drop(r)
		return c.open(ctx)
	}
	if r == nil || !r.local {
		if r != nil {
			r.denied.Store(status.Decision == consent.Denied && !status.Veto)
		}
		c.drop(r)
		err := c.countLocally(ctx)
		if c.takenBack(ctx, status) {
			err = errors.Join(c.destroy(ctx, func() error { return c.stillNo(ctx) }), err)
		}
		return err
	}
	if c.takenBack(ctx, status) {
		return c.destroy(ctx, func() error { return c.stillNo(ctx) })
	}
	return nil
}

// countLocally goes on in memory if the application chose that.
func (c *Client) countLocally(ctx context.Context) error {
	if !c.config.CountLocally || c.down.Load() || c.fault != nil {
		return nil
	}
	r, err := newRecorder(ctx, c.config, c.metrics, c.clock(), true, nil)
	if err != nil {
		return err
	}
	close(r.done) // it has no loop
	c.live.Store(r)
	return nil
}

// agreed returns the recorder that counts under consent; nil when there is
// none.
func (c *Client) agreed() *recorder {
	if r := c.live.Load(); r != nil && !r.local {
		return r
	}
	return nil
}

// destroy asks still once more when nobody else can make or destroy anything.
func (c *Client) destroy(ctx context.Context, still func() error) error {
	if c.config.State != nil {
		return c.config.State.Destroy(ctx, still)
	}
	if owner, err := c.owner(); !filepath.IsAbs(c.config.Dir) || err == nil && owner != c.config.Catalog.Product() {
		return nil // nothing of this product was ever kept there
	}
	err := ledger.DestroyIf(ctx, c.config.Dir, still)
	ledger.Quiet(ctx, c.config.Dir)
	return err
}

// takenBack tells a no that somebody gave from a veto in the environment,
// which is only for as long as it stands there. Under a veto nobody was asked
// yet what is recorded, and a no that somebody gave in spite of it counts.
func (c *Client) takenBack(ctx context.Context, s consent.Status) bool {
	if s.Veto {
		return c.recorded(ctx).Decision == consent.Denied
	}
	return s.Decision == consent.Denied
}

// recorded is what was decided, whatever the environment says.
func (c *Client) recorded(ctx context.Context) consent.Status {
	silent := func(string) (string, bool) { return "", false }
	return consent.Evaluate(ctx, c.config.Catalog.Variable(), c.config.Catalog.NoticeNumber(), silent, c.config.Consent)
}

var errChanged = errors.New("the decision changed meanwhile")

// stillNo is nil unless there is a new yes: that the record cannot be read any
// more does not undo a no.
func (c *Client) stillNo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, underLock)
	defer cancel()
	if c.takenBack(ctx, c.decided(ctx)) || c.recorded(ctx).Decision != consent.Granted {
		return nil
	}
	return errChanged
}

// still is asked when nobody can destroy what is about to be made.
func (c *Client) still(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, underLock)
	defer cancel()
	if !c.decided(ctx).On() {
		return errChanged
	}
	return nil
}

// open makes the client live.
func (c *Client) open(ctx context.Context) error {
	if err := c.claim(); err != nil {
		return err
	}
	r, err := newRecorder(ctx, c.config, c.metrics, c.clock(), false, func() error { return c.still(ctx) })
	if err != nil {
		return err
	}
	if c.config.State != nil { // it has no lock to ask under: what was made is destroyed again
		if err := c.still(ctx); err != nil {
			r.cancel()
			return err
		}
	}
	c.live.Store(r)
	if c.down.Load() { // Shutdown came in between and saw nothing to stop
		c.live.Store(nil)
		r.cancel()
	}
	go c.run(r)
	return nil
}

// drop ends a recorder: nothing is counted or sent through it once drop
// returns.
func (c *Client) drop(r *recorder) {
	if r == nil {
		return
	}
	c.live.CompareAndSwap(r, nil)
	r.cancel()
	select {
	case r.sending <- struct{}{}: // no report is on its way, and none can begin
	case <-time.After(2 * time.Second):
	}
}

// Shutdown stops counting and reporting. It sends nothing: what was counted is
// in the directory and goes out with the next report. Where the file cannot be
// mapped, and in a database, what was counted in the last ten seconds is written
// now, and is lost if that takes longer than Shutdown. It
// returns within 50 ms whatever hangs, can be called any number of times, and
// is safe on a nil or zero Client. It returns nil, or ctx's error when ctx
// ended first.
func (c *Client) Shutdown(ctx context.Context) error {
	if c == nil {
		return nil
	}
	c.down.Store(true)
	if c.end != nil {
		c.end()
	}
	r := c.live.Swap(nil)
	if r == nil {
		return nil
	}
	r.cancel()
	select {
	case <-r.done:
	case <-time.After(40 * time.Millisecond):
	case <-some(ctx).Done():
		return ctx.Err()
	}
	return nil
}

// log writes one line for the application's operator, the same one at most
// once an hour.
func (c *Client) log(level slog.Level, message string, args ...any) {
	if c.config.Logger == nil {
		return
	}
	key := fmt.Sprint(append([]any{message}, args...)...)
	now := c.clock()
	c.mu.Lock()
	before, known := c.logged[key]
	fresh := !known || now.Sub(before).Abs() >= time.Hour
	if fresh {
		if len(c.logged) >= 100 {
			clear(c.logged)
		}
		c.logged[key] = now
	}
	c.mu.Unlock()
	if fresh {
		defer func() { _ = recover() }() // a logger that panics must not end the host
		c.config.Logger.Log(context.Background(), level, message, args...)
	}
}
