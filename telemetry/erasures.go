package telemetry

// Erasures touch the requests that are kept, the permission and the outbox.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/bounded"
	"headcount.example/internal/erasure"
	"headcount.example/internal/gate"
)

// erasures send the requests to erase of one product.
type erasures struct {
	*shared
	permission *permission
	live       *atomic.Pointer[recorder]
	requests   *erasure.Requests
	outbox     *outbox
	sending    chan struct{} // one request at a time
	timer      *time.Timer   // for requests that are due later
}

// keep writes a request; with again also where an earlier one was given up.
func (e *erasures) keep(guid uuid.UUID, again bool) error {
	if e.outbox.gate == nil {
		return errors.New("Config.Endpoint names no receiver to ask")
	}
	return e.requests.Keep(guid, e.outbox.gate.URL(), e.now(), again)
}

// mine says whether this client can send a request: to the receiver that it sends
// reports to.
func (e *erasures) mine(r erasure.Request) bool {
	return e.outbox.gate != nil && r.URL == e.outbox.gate.URL()
}

// tryAt returns when a request may be tried. A time that is more than a day ahead was
// set under another clock: then it may be tried now.
func tryAt(r erasure.Request, now time.Time) time.Time {
	if r.Due.After(now.Add(farthest)) {
		return now
	}
	return r.Due
}

// tidy removes what killed processes left, and gives up what was tried for long
// enough, also under a veto. At a no it also removes what other processes are writing.
func (e *erasures) tidy(no bool) {
	if e.outbox.journal != nil {
		e.outbox.journal.Tidy(no)
	}
	if err := e.requests.Tidy(e.now()); err != nil {
		go e.log.warn("telemetry: a request to erase could not be given up", "error", err)
	}
}

var (
	errNoRequest = errors.New("telemetry: no such request to erase waits for this receiver")
	errShutDown  = errors.New("the client shut down")
)

// try sends a request once, if it is due, and notes when to try again.
func (e *erasures) try(ctx context.Context, guid uuid.UUID) error {
	if err := bounded.Take(ctx, e.sending); err != nil {
		return fmt.Errorf("telemetry: the request to erase has not been tried yet: %w", err)
	}
	defer func() { <-e.sending }()
	pending := e.requests.Pending() // once: another process may end one meanwhile
	i := slices.IndexFunc(pending, func(r erasure.Request) bool { return r.GUID == guid && e.mine(r) })
	if i < 0 {
		return errNoRequest
	}
	r, now := pending[i], e.now()
	if tryAt(r, now).After(now) {
		return errors.New("telemetry: the request to erase is not sent now: " + r.String())
	}
	// The wait is the age of the request, so it doubles. The age is negative where the
	// request was made under a clock that was ahead. The wait is noted before the
	// attempt, so that other processes and a restart do not try at once.
	e.requests.Postpone(r, now.Add(min(max(firstRetry, now.Sub(r.Asked).Abs()), lastRetry)))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()
	err := e.outbox.send(ctx, gate.Report{GUID: guid, Day: now, Erase: true}, func(ctx context.Context) error { return e.allowed(ctx, guid) })
	if err == nil {
		return e.requests.Arrived(r, e.now())
	}
	var refused *gate.Error
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		e.requests.Postpone(r, e.now().Add(min(refused.RetryAfter+random(firstRetry), farthest)))
	}
	return fmt.Errorf("telemetry: the request to erase has not arrived yet: %w", err)
}

// allowed is the last look before a request. If the identifier is in use, a yes came
// after the request, and it is not sent.
func (e *erasures) allowed(ctx context.Context, guid uuid.UUID) error {
	err := e.permission.mayErase(ctx)
	switch {
	case e.live.Load().under(guid):
		return errors.New("the identifier is in use")
	case e.life.Err() != nil:
		return errShutDown
	}
	return err
}

// tryNewest sends the newest request once, if there is one that is due.
func (e *erasures) tryNewest(ctx context.Context) error {
	pending := slices.DeleteFunc(e.requests.Pending(), func(r erasure.Request) bool { return !e.mine(r) })
	if len(pending) == 0 {
		return nil
	}
	if e.life.Err() != nil {
		return fmt.Errorf("telemetry: the request to erase is kept for the next start: %w", errShutDown)
	}
	err := e.try(ctx, pending[len(pending)-1].GUID)
	if errors.Is(err, errNoRequest) { // another process was first
		return nil
	}
	return err
}

// later sets the timer for the first request that is due, and not before least has
// passed.
func (e *erasures) later(least time.Duration) {
	pending := e.requests.Pending()
	if e.life.Err() != nil || len(pending) == 0 {
		return
	}
	next, now := farthest, e.now()
	for _, r := range pending {
		if e.mine(r) {
			next = min(next, max(tryAt(r, now).Sub(now), least))
		}
	}
	e.timer.Reset(next) // one for all of them
}

// again tries what is due.
func (e *erasures) again() {
	if e.life.Err() != nil {
		return
	}
	e.tidy(false)
	for _, r := range e.requests.Pending() {
		if now := e.now(); e.life.Err() == nil && e.mine(r) && !tryAt(r, now).After(now) {
			_ = e.try(e.life, r.GUID) // in the status and the journal
		}
	}
	e.later(firstRetry)
}

// status says how the requests of this product stand, which identifiers they still
// need, and when the next one is due.
func (e *erasures) status() (pending map[string]time.Time, next time.Time, all string) {
	pending = map[string]time.Time{}
	var words []string
	for _, r := range e.requests.Receipts() {
		words = append(words, r.String())
	}
	for _, r := range e.requests.Pending() {
		words = append(words, r.String())
		pending[r.GUID.String()] = r.Asked
		if at := tryAt(r, e.now()); e.mine(r) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if len(e.sending) > 0 {
		next = e.now()
	}
	return pending, next, strings.Join(words, "; ")
}
