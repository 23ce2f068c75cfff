package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/durable"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// patienceToErase is how long a request to erase is tried.
const patienceToErase = 14 * 24 * time.Hour

// An erasure is the request to erase, as it is kept in the directory: the
// identifier only as long as it is needed to ask.
type erasure struct {
	GUID      *uuid.UUID `json:"install_guid,omitempty"`
	Asked     time.Time  `json:"asked"`
	Next      time.Time  `json:"next,omitzero"`
	Tries     int        `json:"tries"`
	Delivered time.Time  `json:"delivered,omitzero"`
	GivenUp   time.Time  `json:"given_up,omitzero"`
}

func (c *Client) erasurePath() string { return filepath.Join(c.config.Dir, "erasure.json") }

// Erase turns statistics off and asks the receiver to erase what this
// installation sent. A no must have been recorded first. Counting has stopped
// and totals, identifier and schedule are destroyed when it returns; the
// identifier alone is kept for the request, which is sent at once and, if it
// does not arrive, tried again for 14 days.
//
// Nil means that the receiver has the request, and not that it has erased
// anything. An error says why it has not; [Status.Erasure] says what becomes
// of it.
func (c *Client) Erase(ctx context.Context) error {
	if c == nil || c.gate == nil || c.fault != nil || c.down.Load() {
		return errors.New("telemetry: not erased: the client is not running")
	}
	if c.config.Dir == "" {
		return errors.New("telemetry: not erased: Config.Dir is needed to keep the request until it arrives")
	}
	ctx = some(ctx)
	if err := c.beginErasure(ctx); err != nil {
		return err
	}
	return c.tryErasure(ctx)
}

// beginErasure moves the identifier out of the ledger and destroys the rest.
func (c *Client) beginErasure(ctx context.Context) error {
	c.apply.Lock()
	defer c.apply.Unlock()
	status := c.decided(ctx)
	if !c.takenBack(ctx, status) {
		return errors.New("telemetry: not erased: record a no first: " + status.Reason)
	}
	r := c.agreed()
	c.drop(r)
	var id ledger.Identity
	if r != nil {
		id = r.ledger.Identity()
	} else if kept, err := ledger.Peek(c.config.Dir); err == nil {
		id = kept
	} else {
		c.settle(status, nil)
		return fmt.Errorf("telemetry: nothing to erase: no identifier is kept here: %w", err)
	}
	err := c.keepErasure(erasure{GUID: &id.GUID, Asked: c.clock().UTC().Truncate(time.Second)})
	err = errors.Join(err, c.destroy(ctx)) // off all the same when the request could not be kept
	c.settle(status, err)
	return err
}

func (c *Client) keepErasure(e erasure) error {
	data, err := json.Marshal(e)
	if err == nil {
		err = os.MkdirAll(c.config.Dir, 0o700) // with State nothing else made it
	}
	if err == nil {
		err = durable.Replace(c.erasurePath(), data)
	}
	if err != nil {
		return fmt.Errorf("telemetry: request to erase: %w", err)
	}
	return nil
}

// pendingErasure reads the request; the zero value when there is none. One
// that cannot be read is never sent.
func (c *Client) pendingErasure() erasure {
	var e erasure
	if c.config.Dir == "" {
		return e
	}
	data, err := durable.Read(c.erasurePath(), 4096)
	if err != nil || json.Unmarshal(data, &e) != nil {
		return erasure{}
	}
	if e.GUID != nil && (e.GUID.Version() != 4 || e.GUID.Variant() != uuid.RFC4122) {
		return erasure{}
	}
	return e
}

// tryErasure sends the request once and notes what became of it.
func (c *Client) tryErasure(ctx context.Context) error {
	c.erasing.Lock()
	defer c.erasing.Unlock()
	e := c.pendingErasure()
	if e.GUID == nil {
		return nil
	}
	now := c.clock().UTC().Truncate(time.Second)
	if now.Sub(e.Asked).Abs() >= patienceToErase {
		e.GUID, e.GivenUp, e.Next = nil, now, time.Time{}
		c.log(slog.LevelWarn, "telemetry: the request to erase was given up", "asked", e.Asked)
		return c.keepErasure(e)
	}
	attempt := failed(now, ledger.Schedule{Failures: e.Tries}, 0, random)
	e.Tries, e.Next = attempt.Failures, attempt.Due
	if err := c.keepErasure(e); err != nil {
		return err // an attempt that cannot be noted would be made without end
	}
	today := now.Truncate(24 * time.Hour)
	err := c.journaled(ctx, gate.Report{GUID: *e.GUID, Since: today, Day: today, Erase: true}, c.mayErase)
	if err != nil {
		c.eraseLater(e)
		return fmt.Errorf("telemetry: the request to erase has not arrived yet: %w", err)
	}
	e.GUID, e.Delivered, e.Next = nil, now, time.Time{}
	return c.keepErasure(e)
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

// eraseLater tries again when the request says.
func (c *Client) eraseLater(e erasure) {
	if e.GUID == nil || c.down.Load() {
		return
	}
	wait := min(max(e.Next.Sub(c.clock()), firstTry), farthest)
	time.AfterFunc(wait, func() {
		if c.down.Load() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		_ = c.tryErasure(ctx) // in the status and the journal
	})
}

// resumeErasure goes on with a request that an earlier process left.
func (c *Client) resumeErasure() { c.eraseLater(c.pendingErasure()) }

// words say how the request stands; empty when there is none.
func (e erasure) words() string {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case !e.Delivered.IsZero():
		return "asked to erase on " + day(e.Asked) + "; the request was delivered on " + day(e.Delivered)
	case !e.GivenUp.IsZero():
		return "asked to erase on " + day(e.Asked) + "; the request could not be delivered and was given up on " + day(e.GivenUp)
	case e.GUID != nil:
		return fmt.Sprintf("asked to erase on %s; not delivered yet, tried %d times, until %s",
			day(e.Asked), e.Tries, day(e.Asked.Add(patienceToErase)))
	}
	return ""
}

// settle notes the answer that was acted on.
func (c *Client) settle(status consent.Status, err error) {
	c.mu.Lock()
	c.consented, c.trouble = status, err
	c.mu.Unlock()
}
