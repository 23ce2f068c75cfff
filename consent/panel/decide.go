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
)

// An answer is what somebody said, in a form or in JSON.
type answer struct {
	decision consent.Decision
	notice   int
	erase    bool   // and ask to erase what was sent
	seen     string // what stood when the page was made; "" is not compared
}

// A refusal is a request that changed nothing.
type refusal struct {
	status int
	why    string
}

func (r *refusal) Error() string { return r.why }

// decide records an answer and has it acted on. An error that is a *refusal
// means that nothing has changed; any other, that the decision is recorded and
// not everything that follows from it is done.
//
// It goes on when the browser goes away: half a no would be none.
func (p *Panel) decide(ctx context.Context, a answer, where string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience)
	defer cancel()
	if a.notice != p.notice {
		return &refusal{http.StatusConflict, fill(p.texts.Outdated, "agreed", a.notice, "notice", p.notice)}
	}
	if err := p.record(ctx, a, where); err != nil {
		return err
	}
	if a.erase {
		err := p.config.Stats.Erase(ctx)
		// The request to erase has a story of its own; whatever became of it, the
		// no takes effect.
		if err != nil && p.config.Stats.Status().Erasure != "" {
			err = nil // the status says that it has not arrived yet
		}
		return errors.Join(err, p.config.Stats.Refresh(ctx))
	}
	return p.config.Stats.Refresh(ctx)
}

// record saves an answer, unless it stands already: a form that is sent twice
// is one decision.
func (p *Panel) record(ctx context.Context, a answer, where string) error {
	p.deciding.Lock()
	defer p.deciding.Unlock()
	s := p.state(ctx)
	last := s.last()
	if s.fault == nil && last.Decision == a.decision && last.Notice == a.notice {
		return nil
	}
	if a.decision == consent.Granted {
		if s.vetoed() {
			return &refusal{http.StatusConflict, p.texts.Vetoed}
		}
		// An old form sent again must not outvote what was decided since. A no
		// is taken whenever it was meant.
		if a.seen != "" && a.seen != s.mark() {
			return &refusal{http.StatusConflict, p.texts.Replayed}
		}
	}
	err := p.config.Decisions.Save(ctx, consent.Record{Decision: a.decision, Notice: a.notice, Time: time.Now(), Where: where})
	if err != nil {
		return &refusal{http.StatusInternalServerError, fill(p.texts.NotKept, "reason", err)}
	}
	return nil
}

// mark tells one state of the decisions from another.
func (s state) mark() string {
	r := s.last()
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %d %d %v", len(s.history), r.Decision, r.Notice, r.Time.Unix(), s.fault != nil))
	return hex.EncodeToString(sum[:8])
}
