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
	key      string // of its text
	pairs    []any
	recorded bool // and taken back: what stood before stands again
}

func (r *refusal) Error() string { return r.key }

func refuse(status int, key string, pairs ...any) *refusal {
	return &refusal{status: status, key: "panel.error." + key, pairs: pairs}
}

// A failure is something that was not done: the log has the rest.
type failure struct{ key string }

func (f failure) Error() string { return f.key }

// fail logs an error and returns what people are told.
func (p *Panel) fail(key string, err error) error {
	p.config.Logger.Error("panel: a decision was not carried out", "what", key, "error", err)
	return failure{"panel.error." + key}
}

// decide records an answer and has it acted on. An error is a *refusal if
// nothing has changed, and a failure if something could not be done.
//
// It goes on when the browser goes away: half a no would be none.
func (p *Panel) decide(ctx context.Context, a answer, where string) error {
	ctx = context.WithoutCancel(ctx)
	if a.notice != p.notice {
		return refuse(http.StatusConflict, "notice", "agreed", a.notice, "notice", p.notice)
	}
	err := p.record(ctx, a, where)
	var refused *refusal
	if errors.As(err, &refused) && !refused.recorded {
		return refused
	}
	// Whatever became of the rest: a no that could not be written may have put
	// a yes aside, and one whose request did not arrive takes effect.
	acted := p.act(ctx)
	if acted != nil && refused != nil {
		return acted
	}
	return cmp.Or(err, acted)
}

// act has the client act on what stands.
func (p *Panel) act(ctx context.Context) error {
	if err := p.refresh(ctx); err != nil {
		return p.fail("acted", err)
	}
	if !p.state(ctx).ignored() {
		return nil
	}
	// Again while no decision is made here: a yes may just have come, and a no after it.
	unlock, err := p.lock()
	if err != nil {
		return p.fail("acted", err)
	}
	defer unlock()
	if err = p.refresh(ctx); err != nil {
		return p.fail("acted", err)
	}
	if p.state(ctx).ignored() {
		return p.fail("elsewhere", errors.New("Config.Stats has another Consent than Config.Decisions"))
	}
	return nil
}

// record saves an answer, unless it stood already: a form that is sent twice
// is one decision.
func (p *Panel) record(ctx context.Context, a answer, where string) error {
	r := consent.Record{Decision: a.decision, Notice: a.notice, Time: time.Now(), Where: where, Erase: a.erase}
	unlock, err := p.lock()
	if err != nil {
		return p.unsaved(ctx, r, err)
	}
	defer unlock()
	if a.erase && !p.config.Stats.Status().CanErase {
		// The no would destroy the identifier, and what was sent could not be
		// erased any more. Who gave this answer can turn off without.
		return &refusal{status: http.StatusConflict, key: "panel.erase.impossible"}
	}
	if a.decision == consent.Granted && a.seen == "" {
		return refuse(http.StatusConflict, "seen")
	}
	s := p.state(ctx)
	last := s.last()
	if s.fault == nil && last.Decision == a.decision && last.Notice == a.notice && (last.Erase || !a.erase) {
		return nil
	}
	if a.decision == consent.Granted {
		if s.vetoed() {
			return refuse(http.StatusConflict, "veto")
		}
		// An old answer sent again must not outvote what was decided since. A no
		// is taken whenever it was meant.
		if a.seen != s.mark() {
			return refuse(http.StatusConflict, "overtaken")
		}
		return p.checkOvertaken(ctx, s.history, where, p.save(ctx, r))
	}
	if err = p.save(ctx, r); err != nil {
		return p.unsaved(ctx, r, err)
	}
	return nil
}

// unsaved is a decision that could not be recorded. A no stops this process all
// the same.
func (p *Panel) unsaved(ctx context.Context, r consent.Record, err error) error {
	key := "save"
	if r.Decision == consent.Denied {
		key = "save.off"
		_, _ = within(ctx, p.timeout, nil, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, p.config.Stats.Decide(ctx, r)
		})
	}
	return p.fail(key, err)
}

// lock waits until no other decision is being made, and not longer than a call
// of Decisions may take: what happens under it is bounded by the same.
func (p *Panel) lock() (unlock func(), err error) {
	select {
	case p.deciding <- struct{}{}:
		return func() { <-p.deciding }, nil
	case <-time.After(p.timeout):
		return nil, errors.New("an earlier decision is still being recorded")
	}
}

func (p *Panel) save(ctx context.Context, r consent.Record) error {
	_, err := within(ctx, p.timeout, p.saves, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, p.config.Decisions.Save(ctx, r)
	})
	return err
}

// checkOvertaken looks at what a yes came after. Another process may have recorded a no
// between our look and our Save, which no lock of ours keeps out. The yes was no
// answer to that no, so the no is recorded again; also where Save failed, which
// may have saved all the same. Who cannot see what came in between takes the yes
// back as well: it is never guessed that nothing did.
func (p *Panel) checkOvertaken(ctx context.Context, before []consent.Record, where string, failed error) error {
	if failed != nil {
		failed = p.fail("save", failed)
	}
	no := consent.Record{Decision: consent.Denied, Notice: p.notice, Time: time.Now(), Where: where}
	after, err := within(ctx, p.timeout, p.histories, p.config.Decisions.History)
	if err != nil {
		return cmp.Or(failed, p.fail("save", errors.Join(err, p.save(ctx, no))))
	}
	added := since(before, after)
	i := slices.IndexFunc(added, func(r consent.Record) bool { return r.Decision == consent.Denied })
	if i < 0 {
		return failed
	}
	if added[len(added)-1].Decision != consent.Denied {
		if _, err := consent.Append(nil, added[i], no.Time); err == nil { // what cannot be kept is no reason to lose the no
			no.Where, no.By, no.Erase = added[i].Where, added[i].By, added[i].Erase
		}
		if err := p.save(ctx, no); err != nil {
			return p.unsaved(ctx, no, err)
		}
	}
	refused := refuse(http.StatusConflict, "overtaken")
	refused.recorded = true
	return refused
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

// mark tells one state of the decisions from another. It is no secret: it keeps
// an old yes from being sent again. The browser's Origin and the form's token keep
// other sites out.
func (s state) mark() string {
	r := s.last()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d %v", len(s.history), r.Decision, r.Notice, r.Time.Unix(), s.fault != nil))
	return hex.EncodeToString(sum[:8])
}
