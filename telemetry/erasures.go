package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"headcount.example/consent"
	"headcount.example/internal/durable"
)

const (
	patienceToErase  = 14 * 24 * time.Hour // how long a request to erase is tried
	maxTries         = 100                 // and how often, if the clock does not get there
	patienceToRecord = time.Minute         // how long a no may take that a request was kept for
	maxErasures      = 10                  // finished ones beyond are forgotten, the oldest first
	maxErasuresSize  = 64 << 10            // bytes of the list: one more is not kept
)

// An erasure is one request to erase, as it is kept in the directory: the
// identifier only as long as it is needed to ask, and only for the receiver
// that has the reports.
type erasure struct {
	GUID      *uuid.UUID `json:"install_guid,omitempty"`
	Product   string     `json:"product"`
	URL       string     `json:"url"`
	Asked     time.Time  `json:"asked"`
	Mark      string     `json:"mark,omitzero"`   // random: who asked; of several, one after the other
	Unsure    bool       `json:"unsure,omitzero"` // the no was not recorded yet
	Next      time.Time  `json:"next,omitzero"`
	Tries     int        `json:"tries"`
	Delivered time.Time  `json:"delivered,omitzero"`
	GivenUp   time.Time  `json:"given_up,omitzero"`
}

func (c *Client) erasureDir() string  { return filepath.Join(c.config.Dir, "erasure") }
func (c *Client) erasurePath() string { return filepath.Join(c.erasureDir(), "requests.json") }

// erasures reads the list. What cannot be trusted is not in it, and is never
// sent.
func (c *Client) erasures() []erasure {
	list, _ := c.readErasures()
	return list
}

// readErasures also says what a change must not write over: a list that is
// there and could not be read now.
func (c *Client) readErasures() (list []erasure, err error) {
	if c.config.Dir == "" || c.config.Catalog.Err() != nil {
		return nil, nil
	}
	data, err := durable.Read(c.erasurePath(), maxErasuresSize)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, durable.ErrOther) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(data, &list) != nil {
		return nil, nil
	}
	return slices.DeleteFunc(list, func(e erasure) bool {
		return e.GUID != nil && (e.GUID.Version() != 4 || e.GUID.Variant() != uuid.RFC4122)
	}), nil
}

// changeErasures changes the list of requests; nobody else does meanwhile.
func (c *Client) changeErasures(ctx context.Context, change func([]erasure) []erasure) error {
	if err := c.rewriteErasures(ctx, change); err != nil {
		return fmt.Errorf("telemetry: request to erase: %w", err)
	}
	return nil
}

func (c *Client) rewriteErasures(ctx context.Context, change func([]erasure) []erasure) error {
	if err := os.MkdirAll(c.erasureDir(), 0o700); err != nil {
		return err
	}
	release, err := durable.Lock(ctx, c.erasureDir())
	if err != nil {
		return err
	}
	defer release()
	durable.Tidy(c.erasureDir()) // a killed process may have left an identifier
	list, err := c.readErasures()
	if err != nil {
		return err
	}
	data, err := json.Marshal(trimmed(change(list)))
	if err != nil {
		return err
	}
	if len(data) > maxErasuresSize {
		return fmt.Errorf("%d are waiting already: they are tried until they arrive, or for 14 days", len(list))
	}
	return durable.Replace(c.erasurePath(), data)
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

// keepErasure keeps a request for an identifier before the no is recorded, and
// returns what tells it from those of others who ask at the same time.
func (c *Client) keepErasure(ctx context.Context, guid uuid.UUID) (mark string, err error) {
	err = c.changeErasures(ctx, func(list []erasure) []erasure {
		if slices.ContainsFunc(list, func(e erasure) bool { return e.is(guid) && !e.Unsure }) {
			return list // kept before, and the rest could not be destroyed then
		}
		mark = rand.Text()
		return append(list, c.newErasure(guid, mark, true))
	})
	return mark, err
}

func (c *Client) newErasure(guid uuid.UUID, mark string, unsure bool) erasure {
	return erasure{GUID: &guid, Product: c.config.Catalog.Product(), URL: c.gate.URL(),
		Asked: c.clock().UTC().Truncate(time.Second), Mark: mark, Unsure: unsure}
}

// sureErasure notes that the no stands. A request that somebody forgot
// meanwhile, because the no took long, is kept again.
func (c *Client) sureErasure(ctx context.Context, guid uuid.UUID, mark string) error {
	return c.changeErasures(ctx, func(list []erasure) []erasure {
		found := false
		for i := range list {
			e := &list[i]
			if e.marked(mark) {
				e.Unsure = false
			}
			found = found || e.marked(mark) || e.is(guid) && !e.Unsure
		}
		if !found {
			list = append(list, c.newErasure(guid, mark, false))
		}
		return list
	})
}

// finishErasure notes that the request has arrived, for all who asked.
func (c *Client) finishErasure(guid uuid.UUID, now time.Time) error {
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	return c.changeErasures(ctx, func(list []erasure) []erasure {
		done := func(e erasure) bool { return c.ours(e) && e.is(guid) }
		first := slices.IndexFunc(list, done)
		if first < 0 {
			return list
		}
		marks := ""
		for _, e := range list {
			if done(e) {
				marks += e.Mark
			}
		}
		e := &list[first]
		e.GUID, e.Mark, e.Unsure, e.Delivered, e.Next = nil, marks, false, now, time.Time{}
		return slices.DeleteFunc(list, done)
	})
}

// arrived says whether a request was delivered, whoever made it.
func (c *Client) arrived(mark string) bool {
	return slices.ContainsFunc(c.erasures(), func(e erasure) bool { return e.marked(mark) && !e.Delivered.IsZero() })
}

// dropErasure forgets a request again that was not made: no no was recorded,
// or there is nothing to ask for.
func (c *Client) dropErasure(ctx context.Context, mark string) error {
	own := func(e erasure) bool { return e.marked(mark) && e.Tries == 0 && e.GUID != nil }
	if !slices.ContainsFunc(c.erasures(), own) {
		return nil
	}
	return c.changeErasures(ctx, func(list []erasure) []erasure { return slices.DeleteFunc(list, own) })
}

func (e erasure) marked(mark string) bool { return mark != "" && strings.Contains(e.Mark, mark) }

func (e erasure) is(guid uuid.UUID) bool { return e.GUID != nil && *e.GUID == guid }

// ours says whether a request for this product is still to be made.
func (c *Client) ours(e erasure) bool {
	return e.GUID != nil && e.Product == c.config.Catalog.Product()
}

// mine says whether this client can make it: the no was recorded, and it is to
// the receiver that this client sends to.
func (c *Client) mine(e erasure) bool {
	return c.ours(e) && !e.Unsure && c.gate != nil && e.URL == c.gate.URL()
}

// changeErasure changes the request for one identifier. That it is not there
// any more is an error.
func (c *Client) changeErasure(guid uuid.UUID, change func(*erasure)) error {
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	found := false
	err := c.changeErasures(ctx, func(list []erasure) []erasure {
		for i := range list {
			if c.mine(list[i]) && list[i].is(guid) {
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

// reviewErasures looks at what became of each request. Those that were tried
// for long enough are given up and their identifiers forgotten, also where a
// veto holds them back, or they are for a receiver that this client does not
// send to any more. Those that were kept for a no are sure once it is recorded,
// and forgotten when it surely was not. One that was asked for in the future
// was asked for under another clock, and is not old.
func (c *Client) reviewErasures() {
	ctx, cancel := context.WithTimeout(context.Background(), service)
	defer cancel()
	now := c.clock().UTC().Truncate(time.Second)
	list := c.erasures()
	var said consent.Status
	if slices.ContainsFunc(list, func(e erasure) bool { return c.ours(e) && e.Unsure }) {
		if said = c.decided(ctx); said.Veto {
			said = c.recorded(ctx)
		}
	}
	old := func(e erasure) bool {
		return c.ours(e) && (now.Sub(e.Asked) >= patienceToErase || e.Tries >= maxTries)
	}
	sure := func(e erasure) bool { return c.ours(e) && e.Unsure && said.Decision == consent.Denied }
	empty := func(e erasure) bool {
		return c.ours(e) && e.Unsure && !sure(e) && !said.Failed && now.Sub(e.Asked).Abs() >= patienceToRecord
	}
	if !slices.ContainsFunc(list, func(e erasure) bool { return old(e) || sure(e) || empty(e) }) {
		return
	}
	err := c.changeErasures(ctx, func(list []erasure) []erasure {
		list = slices.DeleteFunc(list, empty)
		for i := range list {
			e := &list[i]
			if sure(*e) {
				e.Unsure = false
			}
			if old(*e) {
				e.GUID, e.GivenUp, e.Next = nil, now, time.Time{}
			}
		}
		return list
	})
	if err != nil {
		c.log(slog.LevelWarn, "telemetry: a request to erase could not be looked after", "error", err)
	}
}

// pendingErasures are those for which an identifier is still kept.
func (c *Client) pendingErasures() []erasure {
	return slices.DeleteFunc(c.erasures(), func(e erasure) bool { return !c.ours(e) })
}

// erasureStatus says how the requests of this product stand, whether one of
// them still needs its identifier, and when the next one is to be made.
func (c *Client) erasureStatus() (pending bool, next time.Time, all string) {
	var words []string
	told := map[uuid.UUID]bool{} // two may have asked at once
	for _, e := range c.erasures() {
		if e.Product != c.config.Catalog.Product() || e.Unsure || e.GUID != nil && told[*e.GUID] {
			continue
		}
		if e.GUID != nil {
			pending, told[*e.GUID] = true, true
			if c.mine(e) && (next.IsZero() || e.Next.Before(next)) {
				next = e.Next
			}
		}
		words = append(words, e.words())
	}
	return pending, next, strings.Join(words, "; ")
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
		tried := fmt.Sprintf("tried %d times", e.Tries)
		if e.Tries == 1 {
			tried = "tried once"
		}
		return fmt.Sprintf("asked to erase on %s; not delivered yet, %s, until %s", day(e.Asked), tried, day(e.Asked.Add(patienceToErase)))
	}
	return ""
}
