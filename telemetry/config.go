package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
	"headcount.example/internal/ledger"
)

// Config is what an application decides. There is no option that could send
// more, sooner, or without consent.
type Config struct {
	// Catalog is the closed list of what may be counted and sent. Required.
	Catalog *catalog.Catalog

	// Endpoint is the base URL of the OTLP/HTTP receiver, to which
	// /v1/metrics is added: https, or http to a loopback address. Required.
	Endpoint string

	// Dir is where totals, identifier and schedule are kept, and the journal
	// of what was sent. It must survive a restart: in a container it belongs
	// on a volume, or every restart would count as a new installation. All
	// processes of one installation on one host share it; two products must
	// not, and nothing but consent.File's files belongs in it. It is made, with mode 0700, at the
	// yes; an absolute path. Required, unless State is given.
	Dir string

	// State keeps totals, identifier and schedule in another place: in the
	// application's own database, see module sqlstate, for an installation of
	// several hosts. Dir then holds only the journal and a request to erase;
	// without Dir there is no journal, and [Client.Erase] is refused. Nil
	// means in Dir.
	State State

	// Consent says what has been decided. Nil means that nothing is recorded:
	// off, unless the environment accepts the notice. The environment is heard
	// in any case, and its no is final: see package consent.
	Consent consent.Source

	// CountLocally has the client count without consent as well, for
	// [Client.Producer] alone: in the memory of this process, without an
	// identifier, a file or a goroutine, and never sent. A later yes begins
	// at zero all the same. False counts nothing without consent.
	CountLocally bool

	// Logger hears of the few things that can go wrong, one line each and
	// the same line at most once an hour. Nil means silence.
	Logger *slog.Logger
}

// A State is where an installation's totals, identifier and schedule are kept
// when that is not a directory. The one there is comes from module sqlstate.
type State = ledger.Keeper

// Init returns the client of one product. The client is usable whatever the
// error is: with an error it is off. All faults of the configuration are
// reported together.
//
// Init asks for consent. Without it Init touches nothing; with it Init opens
// the totals and starts one goroutine. It never uses the network. It waits
// for Config.Consent, whose context ends after five seconds, and for another
// process that changes the directory, five seconds at most.
func Init(config Config) (*Client, error) {
	c := &Client{
		config:    config,
		observers: map[catalog.Sizes]*observer{},
		logged:    map[string]time.Time{},
		clock:     time.Now,
		apply:     make(chan struct{}, 1),
	}
	c.life, c.end = context.WithCancel(context.Background())
	if err := c.prepare(); err != nil {
		c.fault = err
		return c, errors.Join(err, c.Refresh(context.Background())) // a no is acted on all the same
	}
	c.eraseLater(time.Second) // a request that an earlier process left
	return c, c.Refresh(context.Background())
}

// prepare looks at the configuration and touches nothing.
func (c *Client) prepare() error {
	var faults []error
	fault := func(err error) { faults = append(faults, fmt.Errorf("telemetry: %w", err)) }
	if err := c.config.Catalog.Err(); err != nil {
		fault(err)
	}
	var err error
	if c.config.Catalog.Err() == nil {
		c.gate, err = gate.New(c.config.Catalog, c.config.Endpoint)
		c.metrics = c.config.Catalog.Metrics()
	} else {
		_, err = gate.New(nil, c.config.Endpoint)
	}
	if err != nil {
		fault(err)
	}
	switch dir := c.config.Dir; {
	case dir == "" && c.config.State != nil:
		return errors.Join(faults...) // no journal, and nothing can be erased later
	case dir == "":
		fault(errors.New("no directory: name one that survives a restart, or every restart would count as a new installation"))
	case !filepath.IsAbs(dir):
		fault(fmt.Errorf("directory %q is not absolute: it would depend on where the product was started", dir))
	}
	c.journal = journal.New(c.config.Dir)
	return errors.Join(faults...)
}

// decided asks for consent now. Nothing is remembered from one time to the
// next.
func (c *Client) decided(ctx context.Context) consent.Status {
	return consent.Evaluate(ctx, c.config.Catalog.Variable(), c.config.Catalog.NoticeNumber(), os.LookupEnv, c.config.Consent)
}
