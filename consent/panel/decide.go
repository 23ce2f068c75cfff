package panel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"headcount.example/consent"
	"headcount.example/telemetry"
)

// An answer is what somebody said, in a form or in JSON.
type answer struct {
	decision consent.Decision
	notice   int
	erase    bool   // and ask to erase what was sent
	seen     string // what stood when the page or the state was made; a no needs none
}

// A refusal is a request that changed nothing.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

// decide records an answer and has it acted on. An error that is a *refusal
// means that nothing has changed; any other says what could not be done.
//
// It goes on when the browser goes away: half a no would be none.
func (p *Panel) decide(ctx context.Context, a answer, where string) error {
	ctx = context.WithoutCancel(ctx)
	if a.notice != p.notice {
		return &refusal{http.StatusConflict, fill(p.texts.Outdated, "agreed", a.notice, "notice", p.notice)}
	}
	record := func(ctx context.Context) (stood bool, err error) { return p.record(ctx, a, where) }
	var err error
	if a.erase {
		err = p.erase(ctx, record)
	} else {
		_, err = record(ctx)
	}
	var refused *refusal
	if errors.As(err, &refused) {
		return refused
	}
	// Whatever became of the rest: a no that could not be written may have put
	// a yes aside, and one whose request did not arrive takes effect.
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	acted := p.config.Stats.Refresh(ctx)
	if acted != nil && err == nil {
		return errors.New(fill(p.texts.NotActedUpon, "reason", acted))
	}
	return errors.Join(err, acted)
}

// erase has a no recorded, and asks to erase. That the request has not arrived
// is no fault: it is kept, and the status says how it stands.
func (p *Panel) erase(ctx context.Context, record func(context.Context) (stood bool, err error)) error {
	before := p.config.Stats.Status()
	if !before.CanErase {
		// The no would destroy the identifier, and what was sent could not be
		// erased any more. Whoever gave this answer can turn off without.
		return &refusal{http.StatusConflict, p.texts.EraseNone}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*patience)
	defer cancel()
	var stood bool
	var recorded error
	err := p.config.Stats.Erase(ctx, func(ctx context.Context) error {
		stood, recorded = record(ctx)
		return recorded
	})
	again := stood && !before.On // the same form once more
	switch {
	case recorded != nil:
		return recorded
	case errors.Is(err, telemetry.ErrNothingToErase): // the page says that there is no request
		return nil
	case err == nil, again, p.config.Stats.Status().Erasure != before.Erasure:
		return nil
	}
	return errors.New(fill(p.texts.NotActedUpon, "reason", err))
}

// record saves an answer, unless it stood already: a form that is sent twice
// is one decision.
func (p *Panel) record(ctx context.Context, a answer, where string) (stood bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	p.deciding.Lock()
	defer p.deciding.Unlock()
	if a.decision == consent.Granted && a.seen == "" {
		return false, &refusal{http.StatusConflict, p.texts.Unseen}
	}
	s := p.state(ctx)
	last := s.last()
	if s.fault == nil && last.Decision == a.decision && last.Notice == a.notice {
		return true, nil
	}
	if a.decision == consent.Granted {
		if s.vetoed() {
			return false, &refusal{http.StatusConflict, p.texts.Vetoed}
		}
		// An old answer sent again must not outvote what was decided since. A no
		// is taken whenever it was meant.
		if a.seen != s.mark() {
			return false, &refusal{http.StatusConflict, p.texts.Replayed}
		}
	}
	err = p.config.Decisions.Save(ctx, consent.Record{Decision: a.decision, Notice: a.notice, Time: time.Now(), Where: where})
	if err != nil {
		return false, errors.New(fill(p.texts.NotKept, "reason", err))
	}
	return false, nil
}

// mark tells one state of the decisions from another.
func (s state) mark() string {
	r := s.last()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d %v", len(s.history), r.Decision, r.Notice, r.Time.Unix(), s.fault != nil))
	return hex.EncodeToString(sum[:8])
}
