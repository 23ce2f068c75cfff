package receiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/audit/corpus"
	"headcount.example/cmd/headcount/internal/schema"
)

// Options say what to audit. Config and Binary are for a Collector that the
// audit starts; Endpoint and Output for one that runs.
type Options struct {
	Schema   *schema.Schema
	Config   string
	Binary   string
	Endpoint string   // without /v1/metrics
	Output   string   // the file that it writes
	Search   []string // more files and directories to search, such as logs
	Requests int      // at least as many; 0 is each planned one once
	Seed     uint64
	Mistakes bool                 // whether to try an operator's mistakes too
	Progress func(done, of int64) // may be nil
	unkilled bool                 // for tests of what needs no kill to be found
}

// An Unable error says why nothing could be judged.
type Unable struct{ Err error }

func (u *Unable) Error() string { return "cannot judge: " + u.Err.Error() }
func (u *Unable) Unwrap() error { return u.Err }

// An inspection is one audit.
type inspection struct {
	Options
	corpus *corpus.Corpus
	*evidence
	log  *output
	from *sender
}

// Audit audits a Collector. Every error is an [Unable].
func Audit(ctx context.Context, o Options) (*Result, error) {
	i, err := newInspection(o)
	if err != nil {
		return nil, &Unable{err}
	}
	if o.Endpoint != "" {
		err = i.running(ctx)
	} else {
		err = i.scratch(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, &Unable{err}
	}
	i.result.close()
	return i.result, nil
}

func newInspection(o Options) (*inspection, error) {
	list, err := audit.NewList(o.Schema)
	if err != nil {
		return nil, err
	}
	c, err := corpus.New(o.Schema, o.Seed)
	if err != nil {
		return nil, err
	}
	r := newResult()
	r.Product, r.Notice, r.Seed = o.Schema.Product, o.Schema.Notice, o.Seed
	return &inspection{Options: o, corpus: c, evidence: newEvidence(list, r), log: &output{}}, nil
}

// fireAll sends the whole corpus.
func (i *inspection) fireAll(ctx context.Context) {
	n, done := max(i.Requests, i.corpus.Targeted()), 0
	left := n
	i.add(i.from.fire(ctx, func() *corpus.Request {
		if left--; left < 0 {
			return nil
		}
		return i.corpus.Next()
	}, func() {
		if done++; i.Progress != nil {
			i.Progress(int64(done), int64(n))
		}
	}))
	i.count(i.sent)
}

// fireValid sends some valid reports.
func (i *inspection) fireValid(ctx context.Context, n int) []*sent {
	list := i.from.fire(ctx, i.some(n), func() {})
	i.add(list)
	return list
}

// running audits a Collector that runs already.
func (i *inspection) running(ctx context.Context) error {
	u, err := url.Parse(i.Endpoint)
	if err != nil {
		return err
	}
	before, err := written(i.Output)
	if err != nil {
		return err
	}
	ip := net.ParseIP(u.Hostname())
	i.from = newSender(i.Endpoint, u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
	i.fireAll(ctx)
	if i.result.Requests.Accepted == 0 {
		return fmt.Errorf("nothing was accepted at %s: does a Collector listen there?", i.Endpoint)
	}
	after, err := i.awaitOutput(ctx, len(before))
	if err != nil {
		return err
	}
	if len(after) == 0 {
		return fmt.Errorf("%s did not grow: is it the file that this Collector writes?", i.Output)
	}
	if err := i.output(after); err != nil {
		return err
	}
	i.doors()
	i.delivery(i.sent, "")
	i.addresses("output", after, i.from.address())
	i.result.Notes = append(i.result.Notes, "the Collector's own log, queue and metrics are searched only as far as --search names them",
		"kills, restarts and an operator's mistakes were not tried on a running Collector; --config with --collector tries them")
	return i.searchMore()
}

// quiet is how long an output must not grow to be taken for complete.
const quiet = 3 * time.Second

// awaitOutput waits until all valid data is written, or nothing more comes, and
// returns what is new. What is old was judged by an earlier audit.
func (i *inspection) awaitOutput(ctx context.Context, before int) (after []byte, err error) {
	grew := time.Now()
	err = until(ctx, func() (bool, error) {
		data, err := written(i.Output)
		if err != nil || len(data) < before {
			return false, errors.Join(err, tooShort(data, before))
		}
		if len(data)-before > len(after) {
			after, grew = data[before:], time.Now()
		}
		return time.Since(grew) > quiet, nil
	})
	return after, err
}

func tooShort(data []byte, before int) error {
	if len(data) < before {
		return errors.New("the output became shorter during the audit")
	}
	return nil
}

// searchMore searches what --search names.
func (i *inspection) searchMore() error {
	for _, path := range i.Search {
		if err := i.files(path, path, i.from.address(), true); err != nil {
			return err
		}
	}
	if i.from.address() == nil {
		i.result.Notes = append(i.result.Notes, "the sender's address was not searched for: on this system it cannot be told from others")
	}
	return nil
}

// scratch starts the Collector in a directory of its own.
func (i *inspection) scratch(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "headcount-audit-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	config, err := filepath.Abs(i.Config)
	if err != nil {
		return err
	}
	binary, err := filepath.Abs(i.Binary)
	if err != nil {
		return err
	}
	c, err := newCollector(ctx, binary, config, dir, i.log)
	if err != nil {
		return err
	}
	defer c.end()
	i.result.Notes = append(i.result.Notes, c.plan.notes...)
	c.plan.read(i.result)
	i.from = newSender(c.plan.front, true)
	if err := i.attack(ctx, c); err != nil {
		return err
	}
	if !i.unkilled {
		if err := i.kills(ctx, c); err != nil {
			return err
		}
	}
	if err := i.places(c); err != nil {
		return err
	}
	if i.Mistakes {
		if err := i.mistakes(ctx, c); err != nil {
			return err
		}
	}
	return i.searchMore()
}

// attack sends the corpus, and judges the output after an orderly end.
func (i *inspection) attack(ctx context.Context, c *collector) error {
	i.fireAll(ctx)
	if err := i.scrape(ctx, c.plan.metrics); err != nil {
		return err
	}
	if err := c.stop(); err != nil {
		return err
	}
	for _, path := range c.plan.outputs {
		data, err := written(path)
		if err != nil {
			return err
		}
		if err := i.output(data); err != nil {
			return err
		}
		i.addresses("output", data, i.from.address())
	}
	i.doors()
	i.delivery(i.sent, "")
	return nil
}

// places searches where nothing of a report should be.
func (i *inspection) places(c *collector) error {
	for _, dir := range c.plan.queues {
		if err := i.files("queue", dir, i.from.address(), false); err != nil {
			return err
		}
	}
	log := i.log.bytes()
	i.search("log", log, true)
	i.addresses("log", log, i.from.address())
	return nil
}

// scrape searches the Collector's own metrics.
func (i *inspection) scrape(ctx context.Context, address string) error {
	if address == "" {
		return nil
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("the Collector's own metrics: %w", err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	i.search("own metrics", data, true)
	i.addresses("own metrics", data, i.from.address())
	return nil
}
