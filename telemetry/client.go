package telemetry

// The client makes the parts and calls them. No part refers to the client.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/erasure"
	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
	"headcount.example/internal/ledger"
)

// A Client counts and reports for one product. Make one with [Init]; a nil or
// zero Client does nothing. All methods are safe for concurrent use.
type Client struct {
	live atomic.Pointer[recorder] // nil while nothing is counted
	*shared
	end       context.CancelFunc // of life
	config    Config
	fault     error // of the configuration: off for good
	decisions *decisions
	reporter  *reporter
	erasures  *erasures
	outbox    *outbox
	callbacks *callbacks
	mistakes  *mistakes // nil: there is no Logger to tell of them
	loud      bool      // mistakes is not nil; a field, so that Add is small enough to be inlined
}

// Init returns the client of one product. The client is usable whatever the
// error is: with an error it is off. All faults of the configuration are
// reported together.
//
// Init asks for consent. Without it Init touches nothing; with it Init opens
// the totals and starts one goroutine (Config.Watch is another). It never uses
// the network. It waits for Config.Consent, whose context ends after five seconds,
// and for other processes that change the directory, six seconds at most.
func Init(config Config) (*Client, error) {
	if config.Env == nil {
		config.Env = os.LookupEnv
	}
	metrics, sender, err := config.check()
	c := &Client{config: config, fault: err}
	c.wire(metrics, sender)
	if c.fault != nil {
		c.end()
	}
	if config.Catalog.Err() != nil {
		return c, c.fault
	}
	c.erasures.tidy(false)
	err = errors.Join(c.fault, c.decisions.look()) // a no is acted on all the same
	if c.fault == nil && config.Watch > 0 {
		go c.decisions.watch(config.Watch)
	}
	return c, err
}

// wire makes the parts, each with those below it.
func (c *Client) wire(metrics []catalog.Definition, sender *gate.Gate) {
	c.shared = &shared{log: &logger{to: c.config.Logger, said: map[string]time.Time{}}, now: time.Now}
	c.life, c.end = context.WithCancel(context.Background())
	c.callbacks = newCallbacks(metrics, c.log)
	if c.config.Logger != nil {
		c.mistakes, c.loud = &mistakes{callbacks: c.callbacks}, true
	}
	c.outbox = &outbox{shared: c.shared, gate: sender, hint: c.config.proxyHint(sender)}
	product, place, requests := c.config.Catalog.Product(), ledger.Place{State: c.config.State}, ""
	if dir := c.config.Dir; filepath.IsAbs(dir) {
		place.Dir = dir
		c.outbox.journal = journal.New(dir)
		requests = filepath.Join(dir, "erasure")
	}
	may := &permission{config: c.config, calls: make(chan struct{}, maxCalls), saves: make(chan struct{}, maxCalls)}
	c.erasures = &erasures{
		shared: c.shared, permission: may, live: &c.live, outbox: c.outbox,
		requests: erasure.New(requests, product), sending: make(chan struct{}, 1),
	}
	c.erasures.timer = time.AfterFunc(farthest, c.erasures.again)
	c.erasures.timer.Stop() // until there is a request
	c.reporter = &reporter{shared: c.shared, permission: may, outbox: c.outbox}
	d := &decisions{
		shared: c.shared, permission: may, live: &c.live, product: product, place: place, callbacks: c.callbacks, reporter: c.reporter,
		erasures: c.erasures, local: c.config.CountLocally, apply: make(chan struct{}, 1), asking: make(chan struct{}, 1),
	}
	d.last.Store(&acted{})
	d.again = time.AfterFunc(actAgain, func() {
		if c.life.Err() == nil {
			_ = d.look()
		}
	})
	d.again.Stop() // until a decision could not be acted on
	c.decisions = d
	c.reporter.look = d.look
}

// Add adds n to a counter of the catalog, or to one of its series:
//
//	stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
//
// It does nothing when consent does not hold, when n is not positive, when
// the counter is not in the catalog or lacks a label, or where a total would
// pass 10^12. The Logger is told of the mistakes among these, also while consent
// does not hold. Add takes no context, so that no trace can get in. It does not
// block and allocates nothing.
func (c *Client) Add(counter catalog.Counter, n int64) {
	if c != nil && (c.loud || c.live.Load() != nil) { // just small enough to be inlined: TestAddIsInlined
		c.add(counter, n)
	}
}

func (c *Client) add(counter catalog.Counter, n int64) {
	r := c.live.Load()
	if r == nil || n <= 0 {
		c.mistakes.check(counter, n)
	} else if slot := r.slot(counter); slot == nil {
		c.mistakes.check(counter, n)
	} else if !r.ledger.Add(slot, uint64(n)) {
		r.wakeLoop() // closed, full or damaged: the reporter finds out which
	}
}

// Observe registers a callback for a range gauge. The callback returns the size of each
// thing, in any order: the number of faces of each collection. Only how many
// fall in each range is sent; an empty answer is sent as the first range with
// the value 0. A later callback for the same gauge replaces the earlier one; nil
// removes it.
//
// The callback is called at each attempt to send a report, for a [Client.Preview] with
// sizes, and at each reading of [Client.Producer]; two calls never run at once. It must
// not call Flush, Preview or such a reader, which would wait for it. Its context ends
// after ten seconds. If it returns an error or a negative size, panics, or takes
// longer, this metric is left out of that report and nothing else is. A callback for
// a gauge that is not in the catalog is never called, and the Logger is told.
func (c *Client) Observe(sizes catalog.RangeGauge, function func(context.Context) ([]int64, error)) {
	if c == nil || c.callbacks == nil {
		return
	}
	of := c.callbacks.of[sizes]
	switch {
	case of == nil:
		c.callbacks.log.warn("telemetry: a callback is never called: its range gauge is not in the catalog", "gauge", sizes.String())
	case function == nil:
		of.function.Store(nil)
	default:
		of.function.Store(&function)
	}
}

// Decide records a decision in Config.Consent and acts on it before it returns.
// A decision that was recorded elsewhere is acted on by [Client.Refresh].
//
// A no needs less than a yes. Counting and sending stop at once, and totals and
// identifier are destroyed where they can be reached. If the no cannot be recorded,
// Decide returns that error, and the rest happens all the same. This process then
// stays off until Decide records a yes, or until it finds a no that was recorded
// elsewhere; a restart forgets it.
//
// With Erase the receiver is asked to erase what was sent: the identifier is kept
// for the request until it arrives, for 14 days at most, and Decide waits for the
// first attempt. An error then says why it has not arrived; [Status.Erasure] says
// what becomes of it. After [Client.Shutdown] the request is kept and not tried,
// which is an error as well. Where no report left there is nothing to ask for, and
// no error.
//
// A zero Notice is the catalog's, and so is an empty For. Config.Consent must have a
// method Save(ctx, Record) error, as consent.File has; Save has three seconds. What was
// decided is acted on also when ctx has ended. Where Config.Consent and other processes
// hang, that takes 20 seconds at most, provided that Config.State and Config.Logger
// return. The request to erase is tried as long as ctx allows.
func (c *Client) Decide(ctx context.Context, r consent.Record) error {
	if c == nil || c.decisions == nil || c.config.Catalog.Err() != nil {
		return errors.New("telemetry: not decided: the client is not configured")
	}
	ctx = orBackground(ctx)
	if r.Notice == 0 {
		r.Notice = c.config.Catalog.NoticeNumber()
	}
	r.For = cmp.Or(r.For, c.config.Catalog.Variable())
	err := c.decisions.decide(context.WithoutCancel(ctx), r)
	if r.Erase {
		err = errors.Join(err, c.erasures.tryNewest(ctx))
	}
	c.erasures.later(firstRetry)
	return err
}

// Refresh asks for consent again and acts on the answer before it returns.
// Call it after a decision was recorded without [Client.Decide].
//
// After a yes it opens the totals, or makes new ones with a new identifier. After a
// no nothing is counted any more, a report that is being sent is stopped and waited
// for, two seconds at most, and totals, identifier and schedule are destroyed, for
// every process that shares them. When the answer is neither (a veto in the
// environment, a newer notice, a record that cannot be read), counting and sending
// stop, and what was counted stays until the next decision. Refresh waits for an
// attempt of the newest request to erase, if that is due.
//
// A decision is acted on also when ctx has ended; a no also after Shutdown, and
// where the configuration has a fault. An error means that the answer could not be
// had or not be acted on in full; the client is off then, and tries again every
// five minutes, or every minute where the answer could not be had. A process that
// is off learns of another process's yes only here, or through [Config.Watch].
func (c *Client) Refresh(ctx context.Context) error {
	if c == nil || c.decisions == nil || c.config.Catalog.Err() != nil {
		return nil
	}
	ctx = orBackground(ctx)
	err := c.decisions.refresh(context.WithoutCancel(ctx))
	_ = c.erasures.tryNewest(ctx) // in the status: what became of it is no fault of the decision
	c.erasures.later(firstRetry)
	return err
}

// Flush sends a report now, if consent holds, and waits for the answer. It
// counts as the report of the day. The error says why nothing was sent or what
// became of it; nil means that the receiver has it.
//
// Flush waits for another process that is sending as long as ctx allows, so give ctx
// a deadline. Every other wait has an end of its own: five seconds for an answer of
// Config.Consent, ten for a callback given to [Client.Observe], ten for the report.
func (c *Client) Flush(ctx context.Context) error {
	if c == nil {
		return errors.New("telemetry: not sent: no client")
	}
	r := c.live.Load()
	if !r.agreed() {
		return errors.New("telemetry: not sent: " + c.reason())
	}
	ctx = orBackground(ctx)
	err := c.reporter.report(ctx, r, false)
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) { // and not a time of ours
		err = fmt.Errorf("%w (the context given to Flush ended)", err)
	}
	return err
}

// EraseEarlier asks the receiver to erase what was sent under an earlier
// identifier: one under which a report to this receiver left, as the journal
// ([Client.Journal]) says. An identifier that is in use, or kept until a decision, is
// refused: a no with Erase is for that one. EraseEarlier works whether consent holds
// or not; a veto in the environment ([consent.Status.Veto]) holds the request back.
//
// The request is kept, tried again and given up as at a no, and EraseEarlier waits
// for the first attempt. An error says why nothing was asked for, or why the
// request has not arrived; [Status.Erasing] tells the two apart. If an earlier
// request for the identifier has arrived, nothing is sent and there is no error; the
// ten newest requests that are over are remembered. A request that was given up is
// made anew. EraseEarlier needs Config.Dir and a client that runs.
func (c *Client) EraseEarlier(ctx context.Context, installGUID string) error {
	if c == nil || c.shared == nil || c.life.Err() != nil {
		return errors.New("telemetry: not erased: the client does not run")
	}
	ctx = orBackground(ctx)
	guid, err := uuid.Parse(installGUID)
	if err != nil {
		return fmt.Errorf("telemetry: not erased: %.40q is not an identifier", installGUID)
	}
	if err := c.decisions.keepEarlier(ctx, guid, c.reported); err != nil {
		return fmt.Errorf("telemetry: not erased: %w", err)
	}
	if err = c.erasures.try(ctx, guid); c.erasures.requests.Delivered(guid) { // now, before, or by another process
		err = nil
	}
	c.erasures.later(firstRetry)
	return err
}

// reported returns an error unless the journal knows of a report to this receiver
// that left under an identifier.
func (c *Client) reported(guid uuid.UUID) error {
	sent, err := c.Journal()
	report := func(e Entry) bool { // requests to erase are in the journal, too
		request := slices.ContainsFunc(e.Report.Points, func(p Point) bool { return p.Name == c.config.Catalog.Erasure().Name })
		return e.Sent && !request && e.Report.InstallGUID == guid.String() && e.Report.URL == c.outbox.gate.URL()
	}
	if slices.ContainsFunc(sent, report) {
		return nil
	}
	return errors.Join(errors.New("the journal knows of nothing that was sent to this receiver under the identifier"), err)
}

// Shutdown stops counting and reporting. It sends nothing: what was counted is
// kept and goes out with the next report. With totals in a mapped file Shutdown
// returns within 50 ms, whatever hangs. Otherwise it writes what was counted since
// the last write, as long as ctx allows, or five seconds if ctx has no deadline.
// After an error, what was counted since then can be lost: another Shutdown tries
// again.
//
// Shutdown can be called any number of times, also at once, and is safe on a nil or
// zero Client.
func (c *Client) Shutdown(ctx context.Context) error {
	if c == nil || c.end == nil {
		return nil
	}
	c.end()
	if r := c.live.Swap(nil); r != nil {
		r.cancel()
		defer func() {
			select {
			case <-r.done:
			case <-time.After(40 * time.Millisecond):
			}
		}()
	}
	r := c.decisions.newest.Load()
	if r == nil || r.ledger.Mapped() {
		return nil
	}
	ctx = orBackground(ctx)
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, syncTimeout)
		defer cancel()
	}
	if err := r.ledger.Sync(ctx); err != nil && !ledger.Final(err) {
		return fmt.Errorf("telemetry: what was counted last is not written: %w", err)
	}
	c.decisions.newest.CompareAndSwap(r, nil) // not before: another Shutdown waits for it as well
	return nil
}

// reason says why the client is on or off.
func (c *Client) reason() string {
	if c == nil || c.decisions == nil {
		return "not configured"
	}
	acted := c.decisions.last.Load()
	switch {
	case c.fault != nil:
		return c.fault.Error()
	case c.life.Err() != nil:
		return "shut down"
	case acted.trouble != nil:
		return acted.trouble.Error()
	}
	return acted.status.Reason
}

// orBackground returns context.Background() for a nil ctx.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
