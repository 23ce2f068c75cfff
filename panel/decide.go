package panel

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"headcount.example/consent"
)

// An answer is what a person said, in a form or in JSON.
type answer struct {
	decision consent.Decision
	notice   int
	erase    bool   // and ask to erase what was sent
	seen     string // what stood when the page or the state was made; a no needs none
}

// A refusal is a request that changed nothing.
type refusal struct {
	status   int
	why      string
	recorded bool // and taken back: what stood before stands again
}

func (r *refusal) Error() string { return r.why }

// decide records an answer and has it acted on. An error that is a *refusal
// means that nothing has changed; any other says what could not be done.
//
// It goes on when the browser goes away: half a no would be none.
func (p *Panel) decide(ctx context.Context, a answer, where string) error {
	ctx = context.WithoutCancel(ctx)
	if a.notice != p.notice {
		return &refusal{status: http.StatusConflict, why: fill(p.texts.Outdated, "agreed", a.notice, "notice", p.notice)}
	}
	err := p.record(ctx, a, where)
	var refused *refusal
	if errors.As(err, &refused) && !refused.recorded {
		return refused
	}
	// Whatever became of the rest: a no that could not be written may have put
	// a yes aside, and one whose request did not arrive takes effect.
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	acted := p.act(ctx)
	switch {
	case acted == nil && refused != nil:
		return refused
	case acted != nil && (err == nil || refused != nil):
		return errors.New(fill(p.texts.NotActedUpon, "reason", acted))
	}
	return errors.Join(err, acted)
}

// act has the client act on what stands.
func (p *Panel) act(ctx context.Context) error {
	if err := p.config.Stats.Refresh(ctx); err != nil || !p.state(ctx).ignored() {
		return err
	}
	// Again while no decision is made here: a yes may just have come, and a no after it.
	unlock, err := p.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	ctx = context.WithoutCancel(ctx) // waiting may have used all of it
	err = p.config.Stats.Refresh(ctx)
	if err == nil && p.state(ctx).ignored() {
		return errors.New(p.texts.AskedElsewhere)
	}
	return err
}

// record saves an answer, unless it stood already: a form that is sent twice
// is one decision.
func (p *Panel) record(ctx context.Context, a answer, where string) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	r := consent.Record{Decision: a.decision, Notice: a.notice, Time: time.Now(), Where: where, Erase: a.erase}
	unlock, err := p.lock(ctx)
	if err != nil {
		if a.decision == consent.Denied { // it stops this process all the same
			_ = p.config.Stats.Decide(context.WithoutCancel(ctx), r)
		}
		return err
	}
	defer unlock()
	if a.erase && !p.config.Stats.Status().CanErase {
		// The no would destroy the identifier, and what was sent could not be
		// erased any more. Who gave this answer can turn off without.
		return &refusal{status: http.StatusConflict, why: p.texts.EraseNone}
	}
	if a.decision == consent.Granted && a.seen == "" {
		return &refusal{status: http.StatusConflict, why: p.texts.Unseen}
	}
	s := p.state(ctx)
	last := s.last()
	if s.fault == nil && last.Decision == a.decision && last.Notice == a.notice && (last.Erase || !a.erase) {
		return nil
	}
	if a.decision == consent.Granted {
		if s.vetoed() {
			return &refusal{status: http.StatusConflict, why: p.texts.Vetoed}
		}
		// An old answer sent again must not outvote what was decided since. A no
		// is taken whenever it was meant.
		if a.seen != s.mark() {
			return &refusal{status: http.StatusConflict, why: p.texts.Replayed}
		}
	}
	err = p.save(ctx, r)
	if a.decision == consent.Granted {
		return p.checkOvertaken(ctx, s.history, where, err)
	}
	if err != nil { // it stops this process all the same
		_ = p.config.Stats.Decide(ctx, r)
	}
	return err
}

// lock waits until no other decision is being made, as long as ctx allows: the
// application's Save may hang.
func (p *Panel) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case p.deciding <- struct{}{}:
		return func() { <-p.deciding }, nil
	case <-ctx.Done():
		return nil, errors.New(fill(p.texts.NotKept, "reason", "an earlier decision is still being recorded"))
	}
}

func (p *Panel) save(ctx context.Context, r consent.Record) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic: %v", v)
			}
		}()
		done <- p.config.Decisions.Save(ctx, r)
	}()
	var err error
	select {
	case err = <-done:
	case <-time.After(requestTimeout + time.Second): // it does not look at ctx
		err = errors.New("it takes too long")
	}
	if err != nil {
		return errors.New(fill(p.texts.NotKept, "reason", err))
	}
	return nil
}

// checkOvertaken looks at what a yes came after. Another process may have recorded a no
// between our look and our Save, which no lock of ours keeps out. The yes was no
// answer to that no, so the no is recorded again; also where Save failed, which
// may have saved all the same. Who cannot see what came in between takes the yes
// back as well: it is never guessed that nothing did.
func (p *Panel) checkOvertaken(ctx context.Context, before []consent.Record, where string, failed error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTimeout) // Save may have used all of it
	defer cancel()
	no := consent.Record{Decision: consent.Denied, Notice: p.notice, Time: time.Now(), Where: where}
	after, err := p.config.Decisions.History(ctx)
	if err != nil {
		unseen := errors.New(fill(p.texts.NotKept, "reason", err))
		return cmp.Or(failed, errors.Join(unseen, p.save(ctx, no)))
	}
	added := since(before, after)
	i := slices.IndexFunc(added, func(r consent.Record) bool { return r.Decision == consent.Denied })
	if i < 0 {
		return failed
	}
	if added[len(added)-1].Decision != consent.Denied {
		if _, err := consent.Append(nil, added[i], no.Time); err == nil { // what cannot be kept is no reason to lose the no
			no.Where, no.Erase = added[i].Where, added[i].Erase
		}
		if err := p.save(ctx, no); err != nil {
			return err
		}
	}
	return &refusal{status: http.StatusConflict, why: p.texts.Replayed, recorded: true}
}

// since returns what was added to a history. It may have lost as many of its
// oldest records, which a [consent.File] drops after the hundredth.
func since(before, after []consent.Record) []consent.Record {
	same := func(a, b consent.Record) bool {
		return a.Decision == b.Decision && a.Notice == b.Notice && a.Where == b.Where && a.Time.Equal(b.Time)
	}
	for lost := range before {
		kept := len(before) - lost
		if kept <= len(after) && slices.EqualFunc(before[lost:], after[:kept], same) {
			return after[kept:]
		}
	}
	return after
}

// mark tells one state of the decisions from another.
func (s state) mark() string {
	r := s.last()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d %v", len(s.history), r.Decision, r.Notice, r.Time.Unix(), s.fault != nil))
	return hex.EncodeToString(sum[:8])
}
