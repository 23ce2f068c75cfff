package telemetry

// Decisions touch Config.Consent, and start and end what exists while consent
// holds: the recorder with its reporter, and at a no the requests to erase.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

const (
	retryAfter     = 5 * time.Minute // when a decision could not be acted on
	askAgain       = time.Minute     // when it could not be asked for
	refreshTimeout = 5 * time.Second // for one Refresh
	saveTimeout    = 3 * time.Second // for Save, whose lock another process may have
	sourceTimeout  = time.Second     // for a Source that is asked while other processes wait
	sendingTimeout = 2 * time.Second // for a report that a no ends
	maxAsking      = 8               // calls of a Source that have not returned
)

// decisions say what a yes and a no do.
type decisions struct {
	config   Config
	log      *logger
	clock    func() time.Time
	live     *atomic.Pointer[recorder]
	erasures *erasures

	// What is below. Open makes a recorder, and asks whether it still may; destroy
	// takes the yes back; peek returns what is kept.
	open    func(ctx context.Context, yes int64, local bool, allowed func() error) (*recorder, error)
	destroy func(ctx context.Context, still func() error) error
	peek    func(ctx context.Context) (ledger.Identity, ledger.Schedule, error)
	run     func(*recorder)
	leave   func(*recorder)

	down   atomic.Bool   // Shutdown was called
	off    bool          // the configuration has a fault
	asking chan struct{} // a token for each call of the Source that has not returned
	apply  chan struct{} // one Refresh at a time; guards the next
	again  *time.Timer   // set once a decision could not be acted on
	missed atomic.Bool   // a decision was not acted on, because an earlier one took too long

	mu      sync.Mutex // guards the rest
	status  consent.Status
	trouble error           // why it is off in spite of consent
	refused *consent.Record // a no of this process that may not be recorded
	stood   *consent.Record // the yes that was found first after it: it was there before, and lifts nothing
}

// Decide records a decision in Config.Consent and acts on it before it returns.
// A decision that was recorded elsewhere is acted on by [Client.Refresh].
//
// A no needs less than a yes: counting and sending stop at once, also where the
// no cannot be recorded, which is the error then. This process stays off until
// a later yes, and what it can reach is destroyed. With Erase the receiver is
// asked to erase what was sent: the identifier is kept for the request until it
// arrives, for 14 days at most, and Decide waits for the first attempt. An error
// then says why it has not arrived; [Status.Erasure] says what becomes of it.
// Where nothing was sent there is nothing to ask for.
//
// A zero Notice is the catalog's. Config.Consent must have a method Save(ctx,
// Record) error, as consent.File has; Save has three seconds. What was
// decided is acted on also when ctx has ended.
func (c *Client) Decide(ctx context.Context, r consent.Record) error {
	if c == nil || c.decisions == nil || c.config.Catalog.Err() != nil {
		return errors.New("telemetry: not decided: the client is not configured")
	}
	ctx = orBackground(ctx)
	if r.Notice == 0 {
		r.Notice = c.config.Catalog.NoticeNumber()
	}
	guid, err := c.decisions.decide(context.WithoutCancel(ctx), r)
	if pending := c.erasures.mine(); guid == nil && r.Erase && len(pending) > 0 {
		guid = &pending[len(pending)-1].GUID // of an earlier no
	}
	if guid != nil && !c.decisions.down.Load() {
		if tried := c.erasures.try(ctx, *guid); !errors.Is(tried, errNoRequest) { // else another process was first
			err = errors.Join(err, tried)
		}
		c.erasures.later(firstRetry)
	}
	return err
}

// Refresh asks for consent again and acts on the answer before it returns.
// Call it after a decision was recorded without [Client.Decide].
//
// After a yes it opens the totals, or makes new ones with a new identifier.
// After a no nothing is counted any more, a report that is being sent is
// stopped and waited for (two seconds at most), and totals, identifier and
// schedule are destroyed, for every process that shares the directory. When
// the answer is neither (a veto in the environment, a newer notice, a record
// that cannot be read), counting and sending stop, and what was counted stays
// where it is until the next decision. Where the no asks to erase, Refresh waits
// for the first attempt of the request.
//
// A decision is acted on also when ctx has ended. An error means that the answer
// could not be had or not be acted on in full; the client is off then, and tries
// again every five minutes, or every minute where the answer could not be had.
// After Shutdown, and on a client whose configuration has a fault, Refresh still
// destroys what a recorded no says has to go. On a nil or zero Client it does
// nothing. A process that is off learns of another process's yes only here.
func (c *Client) Refresh(ctx context.Context) error {
	if c == nil || c.decisions == nil || c.config.Catalog.Err() != nil {
		return nil
	}
	ctx = orBackground(ctx)
	guid, err := c.decisions.refresh(context.WithoutCancel(ctx))
	if guid != nil && !c.decisions.down.Load() {
		_ = c.erasures.try(ctx, *guid) // in the status: what became of it is no fault of the no
		c.erasures.later(firstRetry)
	}
	return err
}

// saver is a Source that records.
type saver interface {
	Save(context.Context, consent.Record) error
}

func (d *decisions) decide(ctx context.Context, r consent.Record) (erase *guid, err error) {
	if r.Decision == consent.Denied {
		if r.Time.IsZero() {
			r.Time = d.clock()
		}
		d.setRefused(&r)
		d.stop() // before anything that can fail
	}
	d.mu.Lock()
	stood := d.refused
	d.mu.Unlock()
	saved := d.save(ctx, r)
	if saved != nil {
		saved = fmt.Errorf("telemetry: the decision is not recorded: %w", saved)
	}
	if r.Decision == consent.Granted {
		if saved != nil {
			return nil, saved
		}
		d.mu.Lock()
		if d.refused == stood { // else a no was given while the yes was being recorded
			d.refused = nil
		}
		d.mu.Unlock()
	}
	erase, err = d.refresh(ctx)
	asked, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	// Without the environment: a veto there hides what is recorded.
	if s := d.evaluate(asked, noVariables); saved == nil && s.Decision == consent.Denied {
		d.setRefused(nil) // the record says it now
	}
	return erase, errors.Join(saved, err)
}

func (d *decisions) setRefused(r *consent.Record) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused, d.stood = r, nil
}

// save calls a method of the application's, while nothing is held.
func (d *decisions) save(ctx context.Context, r consent.Record) error {
	s, ok := d.config.Consent.(saver)
	if !ok {
		return errors.New("Config.Consent has no method Save(context.Context, consent.Record) error")
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v", p)
			}
		}()
		done <- s.Save(ctx, r)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(refreshTimeout):
		return fmt.Errorf("no answer within %v", refreshTimeout)
	}
}

// answer asks for consent now. Nothing is remembered from one time to the
// next, but a no of this process that may not be recorded.
func (d *decisions) answer(ctx context.Context) consent.Status {
	return d.confirmed(d.evaluate(ctx, d.config.Env))
}

// recorded is what was decided, whatever the environment says.
func (d *decisions) recorded(ctx context.Context) consent.Status {
	return d.confirmed(d.evaluate(ctx, noVariables))
}

func noVariables(string) (string, bool) { return "", false }

func (d *decisions) confirmed(s consent.Status) consent.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused == nil || s.Decision == consent.Denied && !s.Veto {
		return s
	}
	// A yes from a clock that is ahead may bear a later time than the no.
	if s.On() && d.stood == nil {
		d.stood = &s.Record
	}
	if s.On() && s.Record.Time.After(d.refused.Time) && !same(s.Record, *d.stood) {
		d.refused = nil // a later yes
		return s
	}
	return consent.Status{Decision: consent.Denied, Record: *d.refused, Reason: "no, given to this process"}
}

// same is whether two records are one decision.
func same(a, b consent.Record) bool {
	return a.Decision == b.Decision && a.Notice == b.Notice && a.Where == b.Where && a.Time.Equal(b.Time) && a.Since.Equal(b.Since)
}

// evaluate waits for the Source as long as ctx allows. One that does not return
// keeps its goroutine.
func (d *decisions) evaluate(ctx context.Context, env func(string) (string, bool)) consent.Status {
	catalog := d.config.Catalog
	ask := func() consent.Status {
		return consent.Evaluate(ctx, catalog.Variable(), catalog.NoticeNumber(), env, d.config.Consent)
	}
	if d.config.Consent == nil {
		return ask()
	}
	failed := consent.Status{Reason: "cannot read the recorded decision: Config.Consent does not answer, or calls the client", Failed: true}
	select {
	case d.asking <- struct{}{}:
	case <-ctx.Done():
		return failed
	}
	answered := make(chan consent.Status, 1)
	go func() {
		defer func() { <-d.asking }()
		answered <- ask()
	}()
	select {
	case s := <-answered:
		return s
	case <-ctx.Done():
		return failed
	}
}

// acquireRefresh serializes Refresh. On timeout it returns an error and queues
// another.
func (d *decisions) acquireRefresh(ctx context.Context) (release func(), err error) {
	select {
	case d.apply <- struct{}{}:
		return func() {
			<-d.apply
			if d.missed.Swap(false) {
				go func() { _ = d.refreshAndErase(context.Background()) }() // in the status and the log
			}
		}, nil
	case <-ctx.Done():
		d.missed.Store(true)
		return nil, errors.New("telemetry: an earlier decision is still being acted on: Config.Consent does not answer, or calls the client")
	}
}

// refreshAndErase is refresh for who does not wait for the request to erase.
func (d *decisions) refreshAndErase(ctx context.Context) error {
	erase, err := d.refresh(ctx)
	if erase != nil {
		d.erasures.later(0)
	}
	return err
}

// refresh acts on what is decided now. It returns the identifier that is to be
// erased, and for which a request is kept.
func (d *decisions) refresh(ctx context.Context) (erase *guid, err error) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	erase, status, err := d.act(ctx)
	if err != nil {
		d.log.warn("telemetry: the decision could not be acted on", "error", err)
	} else if strings.HasPrefix(status.Reason, "the record is not valid") {
		d.log.warn("telemetry: the record of the decision is not used", "reason", status.Reason)
	}
	return erase, err
}

// act is refresh without the log: what is held is released when it returns.
func (d *decisions) act(ctx context.Context) (erase *guid, status consent.Status, err error) {
	release, err := d.acquireRefresh(ctx)
	if err != nil {
		return nil, status, err
	}
	defer release()
	for range 5 {
		status = d.answer(ctx)
		if status.On() {
			err = d.granted(ctx, status)
		} else {
			erase, err = d.notGranted(ctx, status)
		}
		if !errors.Is(err, errChanged) {
			break // else a decision was made meanwhile
		}
	}
	if status.Failed {
		err = errors.Join(errors.New(status.Reason), err)
	}
	if err != nil {
		err = fmt.Errorf("telemetry: %w", err)
		d.retry(status.Failed)
	}
	d.mu.Lock()
	d.status, d.trouble = status, err
	d.mu.Unlock()
	return erase, status, err
}

// retry looks again in a while: a full disk may have room then, a process that
// stands still may go on; and sooner where only the answer could not be had.
func (d *decisions) retry(unanswered bool) {
	if d.down.Load() || d.off {
		return
	}
	wait := retryAfter
	if unanswered {
		wait = askAgain
	}
	if d.again == nil {
		d.again = time.AfterFunc(wait, func() {
			if !d.down.Load() {
				_ = d.refreshAndErase(context.Background()) // in the status and the log
			}
		})
	}
	d.again.Reset(wait)
}

func yesOf(s consent.Status) int64 {
	if s.Record.Since.IsZero() {
		return 0
	}
	return s.Record.Since.Unix()
}

// granted has the client count, under this yes.
func (d *decisions) granted(ctx context.Context, status consent.Status) error {
	if d.down.Load() || d.off {
		return nil
	}
	yes := yesOf(status)
	r := d.live.Load()
	if r != nil && !r.local && r.ctx.Err() == nil && (yes == 0 || r.yes == yes) && r.ledger.Check(ctx) == nil {
		return nil
	}
	d.stop()
	r, err := d.open(ctx, yes, false, func() error { return d.confirmGranted(ctx) })
	if err != nil {
		return err
	}
	// This process may have stood still meanwhile, and a no been acted on.
	if err := d.confirmGranted(ctx); err != nil {
		r.cancel()
		return err
	}
	d.live.Store(r)
	// Shutdown, or a no of this process, may have come in between and seen
	// nothing to stop.
	if d.mu.Lock(); d.down.Load() || d.refused != nil {
		defer d.stop()
	}
	d.mu.Unlock()
	go d.run(r)
	return nil
}

// notGranted ends counting, and destroys what a no takes back. A veto in the
// environment, a newer notice or a record that cannot be read take nothing back.
func (d *decisions) notGranted(ctx context.Context, status consent.Status) (erase *guid, err error) {
	if r := d.live.Load(); r == nil || !r.local {
		d.stop()
		err = d.countLocally(ctx)
	}
	no, denied := d.takenBack(ctx, status)
	if !denied {
		return nil, err
	}
	d.erasures.tidy()
	if no.Erase {
		var kept error
		erase, kept = d.keepRequest(ctx)
		err = errors.Join(err, kept)
	}
	return erase, errors.Join(d.destroy(ctx, func() error { return d.confirmDenied(ctx) }), err)
}

// keepRequest keeps a request to erase, before the identifier is destroyed. None
// is kept where no report left: from it the receiver would hear of the
// identifier for the first time.
func (d *decisions) keepRequest(ctx context.Context) (*guid, error) {
	id, s, err := d.peek(ctx)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ledger.ErrClosed): // the latter was acted on, and not to the end
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("not erased: the identifier cannot be read: %w", err)
	case !s.Reported || d.off:
		return nil, nil
	}
	return &id.GUID, d.erasures.keep(id.GUID)
}

// countLocally goes on in memory if the application chose that.
func (d *decisions) countLocally(ctx context.Context) error {
	if !d.config.CountLocally || d.down.Load() || d.off {
		return nil
	}
	r, err := d.open(ctx, 0, true, nil)
	if err != nil {
		return err
	}
	close(r.done) // it has no loop
	d.live.Store(r)
	return nil
}

// takenBack tells a no from a veto in the environment, which is only for as
// long as it stands there. Under a veto the Source was not asked yet what is
// recorded, and a no that was given in spite of it counts.
func (d *decisions) takenBack(ctx context.Context, s consent.Status) (consent.Record, bool) {
	if s.Veto {
		s = d.recorded(ctx)
	}
	return s.Record, s.Decision == consent.Denied
}

var errChanged = errors.New("the decision changed meanwhile")

// confirmDenied is nil unless there is a new yes: that the record cannot be read
// any more does not undo a no.
func (d *decisions) confirmDenied(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	if _, denied := d.takenBack(ctx, d.answer(ctx)); denied || d.recorded(ctx).Decision != consent.Granted {
		return nil
	}
	return errChanged
}

// confirmGranted is asked when no other process can destroy what is about to be
// made.
func (d *decisions) confirmGranted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	if !d.answer(ctx).On() {
		return errChanged
	}
	return nil
}

// stop ends a recorder: nothing is counted or sent through it once stop returns.
func (d *decisions) stop() {
	r := d.live.Swap(nil)
	if r == nil {
		return
	}
	r.cancel()
	select {
	case r.sending <- struct{}{}: // no report is on its way, and none can begin
	case <-time.After(sendingTimeout):
	}
	if !r.local {
		d.leave(r)
	}
}

// deny says whether a no stands, for who waits to write what was counted.
func (d *decisions) deny() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refused != nil || d.status.Decision == consent.Denied && !d.status.Veto
}
