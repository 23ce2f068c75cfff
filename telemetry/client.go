package telemetry

// The client wires the parts. It knows all of them, and none of them knows it.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog"
	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
	"headcount.example/internal/ledger"
)

type guid = uuid.UUID

// A Client counts and reports for one product. Make one with [Init]; a nil or
// zero Client does nothing. All methods are safe for concurrent use.
type Client struct {
	live atomic.Pointer[recorder] // nil while nothing is counted

	config    Config
	fault     error // of the configuration: off for good
	decisions *decisions
	reporter  *reporter
	erasures  *erasures
	outbox    *outbox
	callbacks *callbacks
	log       *logger
	mistakes  *mistakes
	loud      bool // there are mistakes to tell of, also while nothing is counted
	now       func() time.Time

	life context.Context // ends with Shutdown
	end  context.CancelFunc

	mu      sync.Mutex
	leaving []*recorder // ended, with counts that may not be written
}

func (c *Client) clock() time.Time { return c.now() }

// Init returns the client of one product. The client is usable whatever the
// error is: with an error it is off. All faults of the configuration are
// reported together.
//
// Init asks for consent. Without it Init touches nothing; with it Init opens
// the totals and starts one goroutine. It never uses the network. It waits
// for Config.Consent, whose context ends after five seconds, and for another
// process that changes the directory, five seconds at most.
func Init(config Config) (*Client, error) {
	if config.Env == nil {
		config.Env = os.LookupEnv
	}
	c := &Client{config: config, now: time.Now}
	c.life, c.end = context.WithCancel(context.Background())
	metrics, sender, err := config.check()
	c.fault = err
	c.log = &logger{to: config.Logger, clock: c.clock, said: map[string]time.Time{}}
	c.callbacks = &callbacks{metrics: metrics, log: c.log, of: map[catalog.RangeGauge]*callback{}}
	c.mistakes = newMistakes(metrics, c.log)
	c.loud = c.mistakes != nil
	c.outbox = &outbox{gate: sender, log: c.log, clock: c.clock}
	dir := config.Dir
	if !filepath.IsAbs(dir) {
		dir = ""
	}
	if dir != "" {
		c.outbox.journal = journal.New(dir)
		dir = filepath.Join(dir, "erasure")
	}
	c.erasures = &erasures{dir: dir, product: config.Catalog.Product(), outbox: c.outbox, log: c.log, clock: c.clock, life: c.life, allowed: c.mayErase,
		sending: make(chan struct{}, 1)}
	c.reporter = &reporter{outbox: c.outbox, log: c.log, clock: c.clock, allowed: c.mayReport, lost: c.lost}
	c.decisions = &decisions{
		config: config, log: c.log, clock: c.clock, live: &c.live, erasures: c.erasures, off: c.fault != nil,
		open: c.open, destroy: c.destroy, peek: c.peek, run: c.reporter.run, leave: c.leave,
		asking: make(chan struct{}, maxAsking), apply: make(chan struct{}, 1),
	}
	c.reporter.denied = c.decisions.deny
	if c.fault == nil {
		c.erasures.tidy()
		c.erasures.later(time.Second) // a request that an earlier process left
	}
	if config.Catalog.Err() != nil {
		return c, c.fault
	}
	return c, errors.Join(c.fault, c.decisions.refreshAndErase(context.Background())) // a no is acted on all the same
}

// mayReport is the last look before a report.
func (c *Client) mayReport(ctx context.Context, r *recorder) error {
	status := c.decisions.answer(ctx)
	if status.On() {
		return nil
	}
	if ctx.Err() == nil && r.ctx.Err() == nil {
		go c.lost() // counting has to stop as well
	}
	return errors.New("telemetry: not sent: " + status.Reason)
}

// mayErase is the last look before a request to erase. The request was a
// person's; a veto in the environment holds it back all the same.
func (c *Client) mayErase(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if s := c.decisions.answer(ctx); s.Veto || c.life.Err() != nil {
		return errors.New("telemetry: not sent: " + s.Reason)
	}
	return nil
}

func (c *Client) lost() { _ = c.decisions.refreshAndErase(context.Background()) } // in the status and the log

func (c *Client) owner(yes int64) ledger.Owner {
	return ledger.Owner{Product: c.config.Catalog.Product(), Yes: yes}
}

func (c *Client) open(ctx context.Context, yes int64, local bool, allowed func() error) (*recorder, error) {
	now := c.clock()
	r, err := newRecorder(c.callbacks.metrics, c.callbacks, func(series []string) (*ledger.Ledger, error) {
		switch {
		case local:
			return ledger.Memory(series)
		case c.config.State != nil:
			return ledger.OpenState(ctx, c.config.State, c.owner(yes), series, now, allowed)
		}
		return ledger.Open(ctx, c.config.Dir, c.owner(yes), series, now, allowed)
	})
	if err != nil {
		return nil, err
	}
	r.local, r.began, r.yes = local, now, yes
	return r, nil
}

func (c *Client) destroy(ctx context.Context, still func() error) error {
	switch {
	case c.config.State != nil:
		return ledger.DestroyState(ctx, c.config.State, c.config.Catalog.Product(), still)
	case !filepath.IsAbs(c.config.Dir):
		return nil
	}
	return ledger.Destroy(ctx, c.config.Dir, c.config.Catalog.Product(), still)
}

func (c *Client) peek(ctx context.Context) (ledger.Identity, ledger.Schedule, error) {
	if c.config.State != nil {
		return ledger.PeekState(ctx, c.config.State, c.config.Catalog.Product())
	}
	return ledger.Peek(c.config.Dir, c.config.Catalog.Product())
}

// leave has what a recorder counted written, though it has ended.
func (c *Client) leave(r *recorder) {
	if r.ledger.Mapped() {
		return
	}
	c.mu.Lock()
	c.leaving = append(c.leaving, r)
	c.mu.Unlock()
	go func() {
		c.reporter.leave(c.life, r)
		if c.life.Err() == nil { // else Shutdown tries once more
			c.take(r)
		}
	}()
}

// take removes a recorder from those that are leaving.
func (c *Client) take(r *recorder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, l := range c.leaving {
		if l == r {
			c.leaving = append(c.leaving[:i:i], c.leaving[i+1:]...)
			return
		}
	}
}

// Flush sends a report now, if consent holds, and waits for the answer. It
// counts as the report of the day. The error says why nothing was sent or what
// became of it; nil means that the receiver has it. It waits for
// another process that is just sending, as long as ctx allows and 15 seconds at
// most, then ten seconds at most for each callback given to [Client.Observe],
// and ten for the report.
func (c *Client) Flush(ctx context.Context) error {
	if c == nil {
		return errors.New("telemetry: not sent: no client")
	}
	r := c.live.Load()
	if r == nil || r.local {
		return errors.New("telemetry: not sent: " + c.Status().Reason)
	}
	return c.explain(c.reporter.flush(orBackground(ctx), r))
}

// explain says more about an error where more is known.
func (c *Client) explain(err error) error {
	var refused *gate.Error
	if err == nil || errors.Is(err, errEnded) {
		return err
	}
	if errors.As(err, &refused) && refused.Status == 0 {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"} {
			if value, _ := c.config.Env(name); value != "" {
				err = fmt.Errorf("%w (%s is set, and reports use no proxy)", err, name)
				break
			}
		}
	}
	const prefix = "telemetry: "
	if text := err.Error(); len(text) < len(prefix) || text[:len(prefix)] != prefix {
		err = fmt.Errorf("telemetry: not delivered: %w", err)
	}
	return err
}

// Shutdown stops counting and reporting. It sends nothing: what was counted is
// in the directory and goes out with the next report. There it returns within
// 50 ms, whatever hangs. Where totals are not in a mapped file, Shutdown writes
// what was counted since the last time, as long as ctx allows, five seconds if
// ctx has no deadline; the error says what was not written, and is lost.
//
// Shutdown can be called any number of times, and is safe on a nil or zero
// Client.
func (c *Client) Shutdown(ctx context.Context) error {
	if c == nil || c.end == nil {
		return nil
	}
	ctx = orBackground(ctx)
	c.decisions.down.Store(true)
	c.end()
	r := c.live.Swap(nil)
	c.mu.Lock()
	unwritten := c.leaving
	c.leaving = nil
	c.mu.Unlock()
	if r != nil {
		r.cancel()
		if !r.local && !r.ledger.Mapped() {
			unwritten = append(unwritten, r)
		}
	}
	err := c.write(ctx, unwritten)
	if r != nil {
		select {
		case <-r.done:
		case <-time.After(40 * time.Millisecond):
		}
	}
	return err
}

func (c *Client) write(ctx context.Context, unwritten []*recorder) error {
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, syncTimeout)
		defer cancel()
	}
	var faults []error
	for _, r := range unwritten {
		if c.decisions.deny() {
			break // a no: nothing is written any more
		}
		if err := r.ledger.Sync(ctx); err != nil && !ledger.Final(err) {
			faults = append(faults, fmt.Errorf("telemetry: what was counted last is not written: %w", err))
		}
	}
	return errors.Join(faults...)
}

// orBackground returns context.Background() for a nil ctx.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
