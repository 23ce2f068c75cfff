package telemetry

// The client wires the parts. It knows all of them, and none of them knows it.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"headcount.example/catalog"
	"headcount.example/internal/erasure"
	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
)

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
	mistakes  *mistakes // nil: there is no Logger to tell of them
	now       func() time.Time

	life context.Context // ends with Shutdown; ended where the configuration has a fault
	end  context.CancelFunc
}

// Init returns the client of one product. The client is usable whatever the
// error is: with an error it is off. All faults of the configuration are
// reported together.
//
// Init asks for consent. Without it Init touches nothing; with it Init opens
// the totals and starts one goroutine (Config.Watch is another). It never uses the network. It waits
// for Config.Consent, whose context ends after five seconds, and for another
// process that changes the directory, five seconds at most.
func Init(config Config) (*Client, error) {
	if config.Env == nil {
		config.Env = os.LookupEnv
	}
	metrics, sender, err := config.check()
	c := &Client{config: config, fault: err, now: time.Now}
	c.wire(metrics, sender)
	if c.fault != nil {
		c.end()
	}
	if config.Catalog.Err() != nil {
		return c, c.fault
	}
	c.erasures.tidy()
	err = errors.Join(c.fault, c.decisions.look()) // a no is acted on all the same
	if c.fault == nil && config.Watch > 0 {
		go c.decisions.watch(config.Watch)
	}
	return c, err
}

// wire makes the parts, each with those below it.
func (c *Client) wire(metrics []catalog.Definition, sender *gate.Gate) {
	clock := func() time.Time { return c.now() }
	c.life, c.end = context.WithCancel(context.Background())
	log := &logger{to: c.config.Logger, clock: clock, said: map[string]time.Time{}}
	c.callbacks = newCallbacks(metrics, log)
	c.mistakes = newMistakes(metrics, log)
	c.outbox = &outbox{gate: sender, hint: c.config.proxyHint(sender), log: log, clock: clock}
	product := c.config.Catalog.Product()
	kept := store{product: product, state: c.config.State}
	requests := ""
	if dir := c.config.Dir; filepath.IsAbs(dir) {
		kept.dir = dir
		c.outbox.journal = journal.New(dir)
		requests = filepath.Join(dir, "erasure")
	}
	c.erasures = &erasures{requests: erasure.New(requests, product), outbox: c.outbox, log: log, clock: clock, life: c.life,
		sending: make(chan struct{}, 1)}
	c.reporter = &reporter{outbox: c.outbox, log: log, clock: clock, life: c.life, leaving: map[*recorder]bool{}}
	c.decisions = &decisions{
		permission: &permission{config: c.config, calls: make(chan struct{}, maxCalls), saves: make(chan struct{}, maxCalls)},
		live:       &c.live, store: kept, callbacks: c.callbacks, reporter: c.reporter, erasures: c.erasures,
		log: log, clock: clock, life: c.life, local: c.config.CountLocally, apply: make(chan struct{}, 1),
	}
	c.decisions.again = time.AfterFunc(retryAfter, func() {
		if c.life.Err() == nil {
			_ = c.decisions.look()
		}
	})
	c.decisions.again.Stop() // until a decision could not be acted on
	c.reporter.allowed, c.reporter.look, c.reporter.denied = c.decisions.mayReport, c.decisions.look, c.decisions.denied
	c.erasures.allowed = c.decisions.mayErase
}

// Flush sends a report now, if consent holds, and waits for the answer. It
// counts as the report of the day. The error says why nothing was sent or what
// became of it; nil means that the receiver has it. It waits five seconds
// at most for each answer of Config.Consent, ten for each callback given to
// [Client.Observe], then for another process that is just sending, as long as ctx
// allows, and ten seconds for the report.
func (c *Client) Flush(ctx context.Context) error {
	if c == nil {
		return errors.New("telemetry: not sent: no client")
	}
	r := c.live.Load()
	if !r.agreed() {
		return errors.New("telemetry: not sent: " + c.Status().Reason)
	}
	ctx = orBackground(ctx)
	err := c.reporter.flush(ctx, r)
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) { // and not a time of ours
		err = fmt.Errorf("%w (the context given to Flush ended)", err)
	}
	return c.explain(err)
}

// explain says that an error is one of sending.
func (c *Client) explain(err error) error {
	if err == nil {
		return nil
	}
	if !strings.HasPrefix(err.Error(), "telemetry: ") {
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
	c.end()
	r := c.live.Swap(nil)
	if r != nil {
		r.cancel()
	}
	err := c.reporter.leaveNow(orBackground(ctx), r)
	if r != nil {
		select {
		case <-r.done:
		case <-time.After(40 * time.Millisecond):
		}
	}
	return err
}
