package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/durable"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// patienceToErase is how long a request to erase is tried.
const patienceToErase = 14 * 24 * time.Hour

// An erasure is one request to erase, as it is kept in the directory: the
// identifier only as long as it is needed to ask, and only for the receiver
// that has the reports.
type erasure struct {
	GUID      *uuid.UUID `json:"install_guid,omitempty"`
	Product   string     `json:"product"`
	URL       string     `json:"url"`
	Asked     time.Time  `json:"asked"`
	Next      time.Time  `json:"next,omitzero"`
	Tries     int        `json:"tries"`
	Delivered time.Time  `json:"delivered,omitzero"`
	GivenUp   time.Time  `json:"given_up,omitzero"`
}

const maxErasures = 10 // finished ones beyond are forgotten, the oldest first

func (c *Client) erasureDir() string  { return filepath.Join(c.config.Dir, "erasure") }
func (c *Client) erasurePath() string { return filepath.Join(c.erasureDir(), "requests.json") }

// Erase turns statistics off and asks the receiver to erase what this
// installation sent. A no must have been recorded first. Counting has stopped
// and totals, identifier and schedule are destroyed when it returns, whatever
// it returns; the identifier alone is kept for the request, which is sent at
// once and, if it does not arrive, tried again for 14 days.
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
	guid, err := c.beginErasure()
	if err != nil {
		return err
	}
	return c.tryErasure(some(ctx), guid)
}

// beginErasure moves the identifier out of the ledger and destroys the rest.
// It does so under a context of its own, as Refresh does.
func (c *Client) beginErasure() (guid uuid.UUID, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	c.apply.Lock()
	defer c.apply.Unlock()
	status := c.decided(ctx)
	if !c.takenBack(ctx, status) {
		return guid, errors.New("telemetry: not erased: record a no first: " + status.Reason)
	}
	r := c.agreed()
	c.drop(r)
	guid, err = c.identifier(ctx, r)
	if err == nil {
		err = c.changeErasures(ctx, func(list []erasure) []erasure {
			return append(list, erasure{GUID: &guid, Product: c.config.Catalog.Product(), URL: c.gate.URL(),
				Asked: c.clock().UTC().Truncate(time.Second)})
		})
	}
	destroyed := c.destroy(ctx, func() error {
		if now, failed := c.peek(ctx); err == nil && failed == nil && now != guid {
			return errChanged // a new yes has come meanwhile
		}
		return nil
	}) // off all the same when the request could not be kept
	if destroyed != nil {
		c.retry()
	}
	err = errors.Join(err, destroyed, c.countLocally(ctx))
	c.settle(status, destroyed)
	return guid, err
}

// identifier returns the one to erase: of the ledger that was just closed, or
// of the one that a veto, a newer notice or another process left. Only from a
// directory that is surely this product's.
func (c *Client) identifier(ctx context.Context, r *recorder) (uuid.UUID, error) {
	if r != nil {
		return r.ledger.Identity().GUID, nil
	}
	guid, err := c.peek(ctx)
	if err != nil {
		err = fmt.Errorf("telemetry: nothing to erase: no identifier is kept here: %w", err)
	}
	return guid, err
}

// peek returns the identifier that is kept.
func (c *Client) peek(ctx context.Context) (uuid.UUID, error) {
	if c.config.State != nil {
		id, err := c.config.State.Peek(ctx)
		return id.GUID, err
	}
	id, err := ledger.Peek(c.config.Dir)
	if err == nil && c.owner() != c.config.Catalog.Product() {
		err = fmt.Errorf("directory %q is not surely this product's", c.config.Dir)
	}
	return id.GUID, err
}

// changeErasures changes the list of requests; nobody else does meanwhile.
func (c *Client) changeErasures(ctx context.Context, change func([]erasure) []erasure) error {
	err := os.MkdirAll(c.erasureDir(), 0o700)
	if err == nil {
		var release func()
		if release, err = durable.Lock(ctx, c.erasureDir()); err == nil {
			defer release()
			durable.Tidy(c.erasureDir()) // a killed process may have left an identifier
			var data []byte
			if data, err = json.Marshal(trimmed(change(c.erasures()))); err == nil {
				err = durable.Replace(c.erasurePath(), data)
			}
		}
	}
	if err != nil {
		return fmt.Errorf("telemetry: request to erase: %w", err)
	}
	return nil
}

// trimmed forgets the oldest finished requests.
func trimmed(list []erasure) []erasure {
	for i := 0; len(list) > maxErasures && i < len(list); {
		if list[i].GUID == nil {
			list = slices.Delete(list, i, i+1)
		} else {
			i++
		}
	}
	return list
}

// erasures reads the list. What cannot be trusted is not in it, and is never
// sent.
func (c *Client) erasures() []erasure {
	if c.config.Dir == "" || c.config.Catalog.Err() != nil {
		return nil
	}
	var list []erasure
	data, err := durable.Read(c.erasurePath(), 64<<10)
	if err != nil || json.Unmarshal(data, &list) != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(e erasure) bool {
		return e.GUID != nil && (e.GUID.Version() != 4 || e.GUID.Variant() != uuid.RFC4122)
	})
}

// mine says whether a request is this product's and to the receiver that this
// client sends to.
func (c *Client) mine(e erasure) bool {
	return e.GUID != nil && e.Product == c.config.Catalog.Product() && e.URL == c.gate.URL()
}

// tryErasure sends one request once and notes what became of it.
func (c *Client) tryErasure(ctx context.Context, guid uuid.UUID) error {
	c.erasing.Lock()
	defer c.erasing.Unlock()
	c.giveUp()
	if err := c.mayErase(); err != nil {
		c.eraseLater()
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
		c.eraseLater()
		return errors.Join(err, errors.New("telemetry: the request to erase is not sent now: "+c.Status().Erasure))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	today := now.Truncate(24 * time.Hour)
	err = c.journaled(ctx, gate.Report{GUID: guid, Since: today, Day: today, Erase: true}, c.mayErase)
	if err != nil {
		c.eraseLater()
		return fmt.Errorf("telemetry: the request to erase has not arrived yet: %w", err)
	}
	return c.changeErasure(guid, func(e *erasure) { e.GUID, e.Delivered, e.Next = nil, now, time.Time{} })
}

// changeErasure changes the request for one identifier. That it is not there
// any more is an error.
func (c *Client) changeErasure(guid uuid.UUID, change func(*erasure)) error {
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	found := false
	err := c.changeErasures(ctx, func(list []erasure) []erasure {
		for i := range list {
			if c.mine(list[i]) && *list[i].GUID == guid {
				found = true
				change(&list[i])
			}
		}
		return list
	})
	if err == nil && !found {
		err = errors.New("telemetry: there is no such request to erase any more")
	}
	return err
}

// giveUp forgets the identifiers of requests that were tried for long enough,
// also of those that a veto holds back, or that are for a receiver that this
// client does not send to any more.
func (c *Client) giveUp() {
	now := c.clock().UTC().Truncate(time.Second)
	old := func(e erasure) bool {
		return e.GUID != nil && e.Product == c.config.Catalog.Product() && now.Sub(e.Asked).Abs() >= patienceToErase
	}
	if !slices.ContainsFunc(c.erasures(), old) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	err := c.changeErasures(ctx, func(list []erasure) []erasure {
		for i := range list {
			if old(list[i]) {
				list[i].GUID, list[i].GivenUp, list[i].Next = nil, now, time.Time{}
			}
		}
		return list
	})
	if err != nil {
		c.log(slog.LevelWarn, "telemetry: the identifier of an old request to erase could not be forgotten", "error", err)
	}
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

// eraseLater tries the pending requests again when the first of them says,
// and gives up those that are old.
func (c *Client) eraseLater() {
	if c.down.Load() || c.gate == nil || !c.pendingErasure() {
		return
	}
	c.giveUp()
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
	c.later = time.AfterFunc(min(max(next.Sub(now), firstTry), farthest), func() {
		for _, e := range c.erasures() {
			if c.mine(e) && !c.down.Load() && !e.Next.After(c.clock()) {
				_ = c.tryErasure(c.life, *e.GUID) // in the status and the journal
			}
		}
		c.eraseLater()
	})
}

// pendingErasure says whether an identifier is still kept for a request.
func (c *Client) pendingErasure() bool {
	return slices.ContainsFunc(c.erasures(), func(e erasure) bool {
		return e.GUID != nil && e.Product == c.config.Catalog.Product()
	})
}

// erasureWords says how the requests of this product stand.
func (c *Client) erasureWords() string {
	var words []string
	for _, e := range c.erasures() {
		if e.Product == c.config.Catalog.Product() {
			words = append(words, e.words())
		}
	}
	return strings.Join(words, "; ")
}

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
