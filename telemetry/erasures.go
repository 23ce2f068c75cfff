package telemetry

// Erasures touch their directory and the outbox. What they have to ask from
// above, whether a request may be sent now, is a function handed down.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/durable"
	"headcount.example/internal/gate"
)

const (
	erasureTimeout = 14 * 24 * time.Hour // how long a request to erase is tried
	maxErasures    = 100                 // requests that are kept at once
	maxReceipts    = 10                  // what became of the newest requests
	maxErasureSize = 4 << 10             // bytes of a file
)

// erasures are the requests to erase of one product, one file each: made at a
// no, before the identifier is destroyed, and never changed. A file's
// modification time is when the request is due.
type erasures struct {
	dir     string // empty: none can be kept
	product string
	outbox  *outbox
	log     *logger
	clock   func() time.Time
	allowed func(context.Context) error // may a request be sent now?
	life    context.Context             // ends with Shutdown

	sending chan struct{} // one request at a time

	mu    sync.Mutex  // guards the rest
	timer *time.Timer // for requests that are due later
	busy  bool        // one is on its way
}

// An erasure is a request, or the receipt of one, which has no identifier.
type erasure struct {
	GUID      uuid.UUID `json:"install_guid,omitzero"`
	Product   string    `json:"product"`
	URL       string    `json:"url"`
	Asked     time.Time `json:"asked"`
	Delivered time.Time `json:"delivered,omitzero"`
	GivenUp   time.Time `json:"given_up,omitzero"`

	path string
	due  time.Time
}

const (
	requestSuffix = ".request"
	receiptSuffix = ".receipt"
)

// path names a file after an identifier without saying it: one process that
// keeps a request finds that of another.
func (e *erasures) path(guid uuid.UUID, suffix string) string {
	sum := sha256.Sum256(guid[:])
	return filepath.Join(e.dir, hex.EncodeToString(sum[:8])+suffix)
}

// keep writes a request.
func (e *erasures) keep(guid uuid.UUID) error {
	if e.dir == "" {
		return errors.New("telemetry: not erased: Config.Dir is needed to keep the request until it arrives")
	}
	requests := e.list(requestSuffix)
	ours := func(r erasure) bool { return r.GUID == guid }
	if _, err := os.Lstat(e.path(guid, receiptSuffix)); err == nil || slices.ContainsFunc(requests, ours) {
		return nil // a no that is acted on once more, because something could not be destroyed
	}
	if len(requests) >= maxErasures {
		return fmt.Errorf("telemetry: not erased: %d requests are waiting already", maxErasures)
	}
	now := e.clock().UTC().Truncate(time.Second)
	if err := e.write(e.path(guid, requestSuffix), erasure{GUID: guid, Product: e.product, URL: e.outbox.gate.URL(), Asked: now}); err != nil {
		return fmt.Errorf("telemetry: not erased: %w", err)
	}
	return nil
}

func (e *erasures) write(path string, content erasure) error {
	if err := durable.Mkdir(e.dir); err != nil {
		return err
	}
	data, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return durable.Replace(path, data)
}

// list reads the files of one kind, the oldest first. What cannot be trusted is
// not in it, and is never sent.
func (e *erasures) list(suffix string) (list []erasure) {
	if e.dir == "" {
		return nil
	}
	files, _ := filepath.Glob(filepath.Join(e.dir, "*"+suffix))
	for _, path := range files {
		var r erasure
		data, err := durable.Read(path, maxErasureSize)
		if err != nil || json.Unmarshal(data, &r) != nil || r.Product != e.product {
			continue
		}
		info, err := os.Lstat(path)
		if err != nil || suffix == requestSuffix && (r.GUID.Version() != 4 || r.GUID.Variant() != uuid.RFC4122 || path != e.path(r.GUID, suffix)) {
			continue
		}
		r.path, r.due = path, info.ModTime()
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b erasure) int { return a.Asked.Compare(b.Asked) })
	return list
}

// mine are the requests that this client can send: to the receiver that it sends
// reports to.
func (e *erasures) mine() []erasure {
	if e.outbox.gate == nil {
		return nil
	}
	return slices.DeleteFunc(e.list(requestSuffix), func(r erasure) bool { return r.URL != e.outbox.gate.URL() })
}

// tidy removes what killed processes left, gives up requests that were tried for
// long enough, also under a veto, and forgets old receipts.
func (e *erasures) tidy() {
	if e.dir == "" {
		return
	}
	durable.Sweep(filepath.Join(e.dir, "*"))
	now := e.clock().UTC().Truncate(time.Second)
	for _, r := range e.list(requestSuffix) {
		if now.Sub(r.Asked) >= erasureTimeout || r.due.Sub(r.Asked) >= erasureTimeout {
			r.GivenUp = now
			if err := e.finish(r); err != nil {
				go e.log.warn("telemetry: a request to erase could not be given up", "error", err)
			}
		}
	}
	receipts := e.list(receiptSuffix)
	for _, r := range receipts[:max(0, len(receipts)-maxReceipts)] {
		_ = os.Remove(r.path)
	}
}

// finish replaces a request by its receipt. A kill in between sends the request
// once more, which does no harm.
func (e *erasures) finish(r erasure) error {
	path := e.path(r.GUID, receiptSuffix)
	r.GUID = uuid.Nil
	err := e.write(path, r)
	return errors.Join(err, os.Remove(r.path), durable.SyncDir(e.dir))
}

var errNoRequest = errors.New("telemetry: there is no such request to erase any more")

// try sends a request once, if it is due, and notes when to try again.
func (e *erasures) try(ctx context.Context, guid uuid.UUID) error {
	select {
	case e.sending <- struct{}{}:
		defer func() { <-e.sending }()
	case <-ctx.Done():
		return fmt.Errorf("telemetry: the request to erase has not been tried yet: %w", ctx.Err())
	}
	mine := e.mine() // once: another process may end one meanwhile
	i := slices.IndexFunc(mine, func(r erasure) bool { return r.GUID == guid })
	if i < 0 {
		return errNoRequest
	}
	r := mine[i]
	now := e.clock()
	if r.due.After(now) && r.due.Before(now.Add(farthest)) {
		return errors.New("telemetry: the request to erase is not sent now: " + r.String())
	}
	e.setBusy(true)
	defer e.setBusy(false)
	// The wait doubles with the age of the request. It is noted before, so that
	// other processes and a restart do not try at once.
	e.postpone(r, min(max(firstRetry, now.Sub(r.Asked)), lastRetry))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)()
	today := now.UTC().Truncate(24 * time.Hour)
	err := e.outbox.send(ctx, gate.Report{GUID: guid, Since: today, Day: today, Erase: true}, func() error { return e.allowed(ctx) })
	if err == nil {
		r.Delivered = e.clock().UTC().Truncate(time.Second)
		return e.finish(r)
	}
	var refused *gate.Error
	if errors.As(err, &refused) && refused.RetryAfter > 0 {
		e.postpone(r, min(refused.RetryAfter+random(firstRetry), farthest))
	}
	return fmt.Errorf("telemetry: the request to erase has not arrived yet: %w", err)
}

func (e *erasures) postpone(r erasure, wait time.Duration) {
	due := e.clock().Add(wait)
	_ = os.Chtimes(r.path, due, due)
}

// later tries the pending requests again when the first of them is due, and not
// before least has passed.
func (e *erasures) later(least time.Duration) {
	mine := e.mine()
	if e.life.Err() != nil || len(e.list(requestSuffix)) == 0 {
		return
	}
	next := farthest
	for _, r := range mine {
		next = min(next, max(r.due.Sub(e.clock()), least))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.timer != nil {
		e.timer.Stop() // one timer for all of them
	}
	e.timer = time.AfterFunc(next, func() {
		if e.life.Err() != nil {
			return
		}
		e.tidy()
		for _, r := range e.mine() {
			if e.life.Err() == nil && !r.due.After(e.clock()) {
				_ = e.try(e.life, r.GUID) // in the status and the journal
			}
		}
		e.later(firstRetry)
	})
}

func (e *erasures) setBusy(busy bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy = busy
}

// status says how the requests of this product stand, whether one of them still
// needs its identifier, and when the next one is due.
func (e *erasures) status() (pending bool, next time.Time, all string) {
	var words []string
	for _, r := range e.list(receiptSuffix) {
		words = append(words, r.String())
	}
	for _, r := range e.list(requestSuffix) {
		pending = true
		words = append(words, r.String())
	}
	for _, r := range e.mine() {
		if next.IsZero() || r.due.Before(next) {
			next = r.due
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy {
		next = e.clock()
	}
	return pending, next, strings.Join(words, "; ")
}

// String says how the request stands.
func (r erasure) String() string {
	day := func(t time.Time) string { return t.UTC().Format(time.DateOnly) }
	switch {
	case !r.Delivered.IsZero():
		return "asked to erase on " + day(r.Asked) + "; the request was delivered on " + day(r.Delivered)
	case !r.GivenUp.IsZero():
		return "asked to erase on " + day(r.Asked) + "; the request could not be delivered and was given up on " + day(r.GivenUp)
	}
	return fmt.Sprintf("asked to erase on %s; not delivered yet, tried until %s", day(r.Asked), day(r.Asked.Add(erasureTimeout)))
}
