package telemetry

// The permission touches Config.Consent and the environment, and nothing else.

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/bounded"
)

const (
	refreshTimeout = 5 * time.Second // for one Refresh
	saveTimeout    = 3 * time.Second // for Save, whose lock another process may have
	sourceTimeout  = time.Second     // for a Source that is asked while other processes wait
	maxCalls       = 8               // calls of a Source that have not returned
)

// A permission asks whether consent holds. It remembers one thing: a no of this
// process that may not be recorded.
type permission struct {
	config Config
	calls  chan struct{} // a token for each call of the Source that has not returned
	saves  chan struct{} // the same for its Save: a no is handed over also where Consent hangs

	unsavedNo atomic.Pointer[consent.Record] // the no of this process; nil once a no is found recorded
}

// now is the answer at this moment.
func (p *permission) now(ctx context.Context) consent.Status { return p.ask(ctx, p.config.Env) }

// recorded is the recorded answer, where a veto hides it.
func (p *permission) recorded(ctx context.Context, s consent.Status) consent.Status {
	if s.Veto {
		s = p.ask(ctx, func(string) (string, bool) { return "", false })
	}
	return s
}

// ask puts the no of this process above every answer but a no, until one is
// recorded. A yes that is still being saved may have been given before the no.
func (p *permission) ask(ctx context.Context, env func(string) (string, bool)) consent.Status {
	before, saving := p.unsavedNo.Load(), len(p.saves) > 0
	s := p.evaluate(ctx, env)
	variable := consent.Record{Decision: consent.Denied, Where: p.config.Catalog.Variable()} // which hides what is recorded
	if isNo(s) && s.Record != variable && !saving {
		p.unsavedNo.CompareAndSwap(before, nil)
	}
	if no := p.unsavedNo.Load(); no != nil && s.Decision != consent.Denied {
		return refusal(*no)
	}
	return s
}

// refusal is the answer where a no of this process stands.
func refusal(no consent.Record) consent.Status {
	return consent.Status{Decision: consent.Denied, Record: no, Reason: "no, given to this process"}
}

// isNo says whether a no takes back what was agreed to. A veto does not.
func isNo(s consent.Status) bool { return s.Decision == consent.Denied && !s.Veto }

// evaluate waits for the Source as long as ctx allows, and five seconds at most.
func (p *permission) evaluate(ctx context.Context, env func(string) (string, bool)) consent.Status {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	catalog := p.config.Catalog
	s, err := bounded.Run(ctx, p.calls, func() (consent.Status, error) {
		return consent.Evaluate(ctx, catalog.Variable(), catalog.NoticeNumber(), env, p.config.Consent), nil
	})
	if err != nil {
		return consent.Status{Reason: "cannot read the recorded decision: Config.Consent does not answer, or calls the client", Failed: true}
	}
	return s
}

// yesOf tells one yes from another; 0 is one that is not known.
func yesOf(s consent.Status) int64 {
	if s.Record.Since.IsZero() {
		return 0
	}
	return s.Record.Since.Unix()
}

// mayReport is the last look before a report. A no and another yes may have been
// recorded meanwhile: under asks whether the report belongs to that yes.
func (p *permission) mayReport(ctx context.Context, under func(yes int64) bool) error {
	s := p.now(ctx)
	switch {
	case !s.On():
		return because(ctx, s)
	case !under(yesOf(s)):
		return errors.New("another yes was given; counting starts anew")
	}
	return nil
}

// mayErase is the last look before a request to erase. Only a veto stops it, and an
// answer that cannot be had, which may hide a veto.
func (p *permission) mayErase(ctx context.Context) error {
	s := p.evaluate(ctx, p.config.Env)
	if s.Veto || s.Failed {
		return because(ctx, s)
	}
	return nil
}

// because is why an answer is not yes. A Source that had no time to answer is not
// to blame.
func because(ctx context.Context, s consent.Status) error {
	if s.Failed && ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.New(s.Reason)
}

var errChanged = errors.New("the decision changed meanwhile")

// confirm looks again while no other process can make or destroy the totals. It
// returns errChanged if the answer is no longer the one that is acted on. A recorded
// yes under a veto keeps the totals. A record that cannot be read does not.
func (p *permission) confirm(ctx context.Context, granted bool) error {
	ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
	defer cancel()
	s := p.now(ctx)
	if !granted {
		s = p.recorded(ctx, s)
	}
	if s.On() != granted {
		return errChanged
	}
	return nil
}

// saver is a Source that records.
type saver interface {
	Save(context.Context, consent.Record) error
}

func (p *permission) save(ctx context.Context, r consent.Record) error {
	err := errors.New("Config.Consent has no method Save(context.Context, consent.Record) error")
	if s, ok := p.config.Consent.(saver); ok {
		saving, cancel := context.WithTimeout(ctx, saveTimeout)
		defer cancel()
		ctx, stop := context.WithTimeout(ctx, refreshTimeout)
		defer stop()
		_, err = bounded.Run(ctx, p.saves, func() (struct{}, error) {
			return struct{}{}, s.Save(saving, r)
		})
	}
	if err != nil {
		return fmt.Errorf("telemetry: the decision is not recorded: %w", err)
	}
	return nil
}
