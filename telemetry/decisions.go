package telemetry

// Decisions touch the permission, and make and destroy what exists while consent
// holds: the ledger, the recorder with its reporter, and at a no the requests to
// erase.

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/bounded"
	"headcount.example/internal/ledger"
)

const (
	actAgain       = 5 * time.Minute // when a decision could not be acted on
	askAgain       = time.Minute     // when it could not be asked for
	sendingTimeout = 2 * time.Second // for a report that a no ends
)

// decisions say what a yes and a no do.
type decisions struct {
	*shared
	permission *permission
	live       *atomic.Pointer[recorder]
	product    string
	place      ledger.Place // of totals, identifier and schedule
	callbacks  *callbacks
	reporter   *reporter
	erasures   *erasures
	local      bool // see Config.CountLocally

	newest atomic.Pointer[recorder] // of the yes, live or put down; nil after a no, and once Shutdown has written
	apply  chan struct{}            // one Refresh at a time
	again  *time.Timer              // looks again when a decision could not be acted on
	asking chan struct{}            // a token for a State that is asked for Status
	last   atomic.Pointer[acted]    // never nil
}

// acted is what was decided when it was last acted on.
type acted struct {
	status  consent.Status
	trouble error // why it is off in spite of consent
}

func (d *decisions) decide(ctx context.Context, r consent.Record) error {
	if r.Decision == consent.Denied {
		if r.Time.IsZero() {
			r.Time = d.now()
		}
		d.permission.unsavedNo.Store(&r)
		d.newest.Store(nil)
		d.last.Store(&acted{status: refusal(r)})
		d.stop() // before anything that can fail
	}
	before := d.permission.unsavedNo.Load()
	saved := d.permission.save(ctx, r)
	if r.Decision == consent.Granted {
		if saved != nil {
			return saved
		}
		d.permission.unsavedNo.CompareAndSwap(before, nil) // unless a no was given while the yes was being recorded
	}
	return errors.Join(saved, d.refresh(ctx))
}

// look is refresh in the background: for the loop, a timer, and Init.
func (d *decisions) look() error {
	err := d.refresh(context.Background())
	d.erasures.later(0)
	return err
}

// watch looks for another decision until life ends. It asks for consent, and
// touches nothing else until the answer is another one.
func (d *decisions) watch(interval time.Duration) {
	for pause(d.life, interval) {
		now, was := d.permission.now(d.life), d.last.Load().status
		if !same(now, was) && d.life.Err() == nil {
			_ = d.look() // in the status and the log
		}
	}
}

// same says whether two answers rest on the same decision.
func same(a, b consent.Status) bool {
	sameTimes := a.Record.Time.Equal(b.Record.Time) && a.Record.Since.Equal(b.Record.Since)
	a.Reason, a.Record.Time, a.Record.Since = b.Reason, b.Record.Time, b.Record.Since
	return sameTimes && a == b
}

// refresh acts on what is decided now, and logs what went wrong once nothing is
// held any more.
func (d *decisions) refresh(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	status, err := d.act(ctx)
	if err != nil {
		d.log.warn("telemetry: the decision could not be acted on", "error", err)
	} else if strings.HasPrefix(status.Reason, "the record") {
		d.log.warn("telemetry: the record of the decision is not used", "reason", status.Reason)
	}
	return err
}

// act acts on what is decided now, one call at a time. If that fails it sets a timer
// to try again: in five minutes, in one minute if Consent gave no answer, or at once if
// an earlier call has not ended.
func (d *decisions) act(ctx context.Context) (status consent.Status, err error) {
	if bounded.Take(ctx, d.apply) != nil {
		d.again.Reset(0)
		return status, errors.New("telemetry: an earlier decision is still being acted on: Config.Consent does not answer, or calls the client")
	}
	defer func() { <-d.apply }()
	for range 5 {
		status = d.permission.now(ctx)
		if status.On() {
			err = d.granted(ctx, status)
		} else {
			err = d.notGranted(ctx, status)
		}
		if !errors.Is(err, errChanged) {
			break // else a decision was made meanwhile
		}
	}
	wait := actAgain
	if status.Failed {
		err = errors.Join(errors.New(status.Reason), err)
		wait = askAgain
	}
	if err != nil {
		err = fmt.Errorf("telemetry: %w", err)
		d.again.Reset(wait)
	}
	d.last.Store(&acted{status, err})
	return status, err
}

// granted starts counting under this yes, or goes on with what was put down.
func (d *decisions) granted(ctx context.Context, status consent.Status) error {
	if d.life.Err() != nil {
		return nil
	}
	yes := yesOf(status)
	var l *ledger.Ledger
	if r := d.newest.Load(); r != nil && r.ledger.Under(yes) && r.ledger.Check(ctx) == nil {
		if d.live.Load() == r {
			return nil
		}
		l = r.ledger
	}
	d.stop()
	if l == nil {
		d.newest.Store(nil)
		var err error
		if l, err = d.open(ctx, yes); err != nil {
			return err
		}
	}
	r := newRecorder(l, d.callbacks)
	d.newest.Store(r)
	d.live.Store(r)
	go d.count(r)
	// Shutdown, or a no of this process, may have come in between and seen
	// nothing to stop. Shutdown writes the newest.
	no := d.permission.unsavedNo.Load() != nil
	if no {
		d.newest.Store(nil)
	}
	if no || d.life.Err() != nil {
		d.stop()
	}
	return nil
}

// open opens the ledger of a yes, or makes one.
func (d *decisions) open(ctx context.Context, yes int64) (*ledger.Ledger, error) {
	confirm := func() error { return d.permission.confirm(ctx, true) }
	l, err := ledger.Open(ctx, d.place, ledger.Owner{Product: d.product, Yes: yes}, d.callbacks.series(), d.now(), confirm)
	if err == nil {
		err = confirm() // this process may have been paused, and a no acted on meanwhile
	}
	if err == nil && l.Quarantined() != "" {
		go d.log.warn("telemetry: the totals were damaged; counting starts anew", "damage", l.Quarantined())
	}
	return l, err
}

// count is the one goroutine of a recorder.
func (d *decisions) count(r *recorder) {
	defer close(r.done)
	d.reporter.run(r)
	if d.newest.Load() == r && !r.ledger.Mapped() {
		ctx, cancel := context.WithTimeout(d.life, syncTimeout)
		defer cancel()
		_ = r.ledger.Sync(ctx) // else it is written later: it is put down
	}
}

// notGranted ends counting, and takes the yes back where that was decided. A veto in
// the environment, a newer notice or a record that cannot be read take nothing back:
// what was counted is put down until the next decision.
func (d *decisions) notGranted(ctx context.Context, status consent.Status) error {
	if isNo(status) {
		d.newest.Store(nil) // before suspend, so that nothing is written any more
	}
	d.suspend()
	if status = d.permission.recorded(ctx, status); isNo(status) {
		return d.takeBack(ctx, status.Record)
	}
	return nil
}

// suspend ends counting under consent, and counts without it where that is configured.
func (d *decisions) suspend() {
	if r := d.live.Load(); r != nil && !r.agreed() {
		return
	}
	d.stop()
	if !d.local || d.life.Err() != nil {
		return
	}
	d.live.Store(newLocal(d.callbacks, d.now()))
	if d.life.Err() != nil { // Shutdown came in between, and saw nothing to stop
		d.stop()
	}
}

// takeBack destroys what the yes made, after the request to erase is kept.
func (d *decisions) takeBack(ctx context.Context, no consent.Record) error {
	d.newest.Store(nil)   // a veto may have hidden the no
	d.erasures.tidy(true) // may wait for a writer that stands still
	// A Source that does not answer has used up the time of ctx, which is for asking.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
	defer cancel()
	var kept error
	if no.Erase {
		if kept = d.keepRequest(ctx); kept != nil {
			kept = fmt.Errorf("not erased: %w", kept)
		}
	}
	confirm := func() error { return d.permission.confirm(ctx, false) }
	return errors.Join(kept, ledger.Destroy(ctx, d.place, d.product, confirm))
}

// keepRequest keeps a request to erase, before the identifier is destroyed. None
// is kept where no report left: from it the receiver would hear of the
// identifier for the first time.
func (d *decisions) keepRequest(ctx context.Context) error {
	id, s, err := ledger.Peek(ctx, d.place, d.product)
	switch {
	case err != nil:
		return fmt.Errorf("the identifier cannot be read: %w", err)
	case !s.Reported:
		return nil
	}
	return d.erasures.keep(id.GUID, false)
}

// keepEarlier keeps a request for an earlier identifier, unless one has arrived.
// Reported says whether a report left under it.
func (d *decisions) keepEarlier(ctx context.Context, guid uuid.UUID, reported func(uuid.UUID) error) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	id, _, err := ledger.Peek(ctx, d.place, d.product)
	if d.live.Load().under(guid) || id.GUID == guid {
		return errors.New("the identifier is in use, or kept until a decision; a no can erase it")
	}
	if err == nil {
		err = reported(guid)
	}
	if err != nil {
		return err
	}
	return d.erasures.keep(guid, true)
}

// kept says whether there may be an identifier. A State that does not answer may
// keep one.
func (d *decisions) kept() bool {
	ctx, cancel := context.WithTimeout(context.Background(), sourceTimeout)
	defer cancel()
	kept, err := bounded.Run(ctx, d.asking, func() (bool, error) { return ledger.Kept(ctx, d.place), nil })
	return err != nil || kept
}

// stop ends a recorder: no later Add counts through it and no report begins. A report
// on its way ends first, or two seconds pass.
func (d *decisions) stop() {
	r := d.live.Swap(nil)
	if r == nil {
		return
	}
	r.cancel()
	ctx, cancel := context.WithTimeout(context.Background(), sendingTimeout)
	defer cancel()
	_ = bounded.Take(ctx, r.sending) // while it is held no report can begin
}
