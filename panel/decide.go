package panel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/answer"
	"headcount.example/internal/bounded"
)

// A refusal says why an answer or another request was not carried out, or not in full.
type refusal struct {
	status  int
	key     string // of its text
	pairs   []any
	changed bool // something has changed all the same
}

func refuse(status int, key string, pairs ...any) *refusal {
	return &refusal{status: status, key: key, pairs: pairs}
}

// fail logs an error and returns what people are told.
func (p *Panel) fail(key string, err error) *refusal {
	p.config.Logger.Error("panel: a decision was not carried out", "what", key, "error", err)
	return &refusal{status: http.StatusInternalServerError, key: key, changed: true}
}

// decide records an answer and has the client act on it. Nil means that all was done.
//
// It goes on when the browser goes away: a no must be recorded and acted on.
func (p *Panel) decide(ctx context.Context, a answer.Answer, r consent.Record) *refusal {
	ctx = context.WithoutCancel(ctx)
	if a.Notice != p.notice {
		return refuse(http.StatusConflict, "panel.error.notice", "agreed", a.Notice, "notice", p.notice)
	}
	r.Decision, r.Notice, r.Time, r.Erase = a.Decision, a.Notice, time.Now(), a.Erase
	refused := p.record(ctx, a, r)
	if refused != nil && !refused.changed {
		return refused
	}
	// Also after a refusal: a no that could not be written may have quarantined a yes,
	// and a no whose request did not arrive takes effect.
	if failed := p.act(ctx); failed != nil && (refused == nil || refused.status == http.StatusConflict) {
		return failed
	}
	return refused
}

// act has the client act on what is decided now.
func (p *Panel) act(ctx context.Context) *refusal {
	if err := p.refresh(ctx); err != nil {
		return p.fail("panel.error.acted", err)
	}
	if !p.state(ctx).stillCounting() {
		return nil
	}
	// Again while no decision is made here: a yes may just have come, and a no after it.
	unlock, err := p.lock()
	if err == nil {
		defer unlock()
		err = p.refresh(ctx)
	}
	if err != nil {
		return p.fail("panel.error.acted", err)
	}
	if p.state(ctx).stillCounting() {
		return p.fail("panel.error.elsewhere", errors.New("Config.Stats has another Consent than Config.Decisions"))
	}
	return nil
}

// record saves an answer, unless it stood already: a form that is sent twice
// is one decision.
func (p *Panel) record(ctx context.Context, a answer.Answer, r consent.Record) *refusal {
	unlock, err := p.lock()
	if err != nil {
		return p.unsaved(ctx, r, err)
	}
	defer unlock()
	s := p.state(ctx)
	last := s.last()
	switch yes := a.Decision == consent.Granted; {
	case a.Erase && !s.client.CanErase:
		// The no would destroy the identifier, and what was sent could not be
		// erased any more. The answer can be given again without it.
		return refuse(http.StatusConflict, "panel.erase.impossible")
	case yes && a.Seen == "":
		return refuse(http.StatusConflict, "panel.error.seen")
	case s.fault == nil && last.Decision == a.Decision && last.Notice == a.Notice && (last.Erase || !a.Erase):
		return nil
	case yes && s.vetoed():
		return refuse(http.StatusConflict, "panel.error.veto")
	case yes && a.Seen != s.mark():
		// An old answer that is sent again must not replace a later decision. A no is
		// always taken.
		return refuse(http.StatusConflict, "panel.error.overtaken")
	case yes:
		return p.checkOvertaken(ctx, s.history, r, p.save(ctx, r))
	}
	if err = p.save(ctx, r); err != nil {
		return p.unsaved(ctx, r, err)
	}
	return nil
}

// unsaved handles a decision that could not be recorded. A no stops this process all the
// same.
func (p *Panel) unsaved(ctx context.Context, r consent.Record, err error) *refusal {
	if r.Decision != consent.Denied {
		return p.fail("panel.error.save", err)
	}
	_ = p.call(ctx, nil, func(ctx context.Context) error { return p.config.Stats.Decide(ctx, r) })
	return p.fail("panel.error.save.off", err)
}

// lock waits until no other decision is being made, as long as a call of Decisions may
// take.
func (p *Panel) lock() (unlock func(), err error) {
	select {
	case p.deciding <- struct{}{}:
		return func() { <-p.deciding }, nil
	case <-time.After(p.timeout):
		return nil, errors.New("an earlier decision is still being recorded")
	}
}

func (p *Panel) save(ctx context.Context, r consent.Record) error {
	return p.call(ctx, p.saves, func(ctx context.Context) error { return p.config.Decisions.Save(ctx, r) })
}

// checkOvertaken reads the history after a yes was saved. Before is the history that the
// person saw. If another process has saved a no since, and the yes is the newer one,
// checkOvertaken saves that no again: the yes was no answer to it. It does so also after
// an error of Save, which may have saved all the same. If the history cannot be read, it
// saves a no, because one may have come in between.
func (p *Panel) checkOvertaken(ctx context.Context, before []consent.Record, yes consent.Record, err error) (failed *refusal) {
	if err != nil {
		failed = p.fail("panel.error.save", err)
	}
	no := yes
	no.Decision, no.Time, no.By = consent.Denied, time.Now(), ""
	after, err := bounded.Call(ctx, p.timeout, p.histories, p.config.Decisions.History)
	if err != nil {
		return cmp.Or(failed, p.fail("panel.error.save", errors.Join(err, p.save(ctx, no))))
	}
	added := after
	if len(before) > 0 { // the history may have lost its oldest records
		last := before[len(before)-1]
		same := func(r consent.Record) bool { return r.Time.Equal(last.Time) && r.Decision == last.Decision }
		added = after[1+slices.IndexFunc(after, same):]
	}
	i := slices.IndexFunc(added, func(r consent.Record) bool { return r.Decision == consent.Denied })
	if i < 0 {
		return failed
	}
	if added[len(added)-1].Decision != consent.Denied {
		if _, err := consent.Append(nil, added[i], no.Time); err == nil { // else the plain no: a record that is not valid must not lose it
			again := added[i]
			again.Notice, again.Time = no.Notice, no.Time
			no = again
		}
		if err := p.save(ctx, no); err != nil {
			return p.unsaved(ctx, no, err)
		}
	}
	return &refusal{status: http.StatusConflict, key: "panel.error.overtaken", changed: true}
}

// mark tells one state of the decisions from another, so that an old yes cannot be sent
// again. It is no secret: the browser's Origin and the form's token keep other sites out.
func (s state) mark() string {
	r := s.newest()
	return fmt.Sprintf("%d-%s-%d-%d-%v", len(s.history), r.Decision, r.Notice, r.Time.Unix(), s.fault != nil)
}
