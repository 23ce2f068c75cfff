package panel

import (
	"context"
	"time"

	"headcount.example/consent"
	"headcount.example/telemetry"
)

// requestTimeout is how long the source of decisions may take for one page.
const requestTimeout = 5 * time.Second

// A state is how things stand at one moment. Looking at it changes nothing:
// a decision that this process has not acted on yet is shown as just that.
type state struct {
	decided consent.Status   // asked now
	client  telemetry.Status // what this process does
	history []consent.Record // the newest last
	fault   error            // of the history
}

func (p *Panel) state(ctx context.Context) state {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	s := state{
		decided: consent.Evaluate(ctx, p.config.Catalog.Variable(), p.notice, p.config.Env, p.config.Decisions),
		client:  p.config.Stats.Status(),
	}
	s.history, s.fault = p.config.Decisions.History(ctx)
	return s
}

// on is true only if there is a yes and this process counts.
func (s state) on() bool { return s.decided.On() && s.client.On }

// ignored is true if this process goes on counting after a no. After a Refresh
// that worked, its client asks another Source than this panel.
func (s state) ignored() bool { return s.client.On && s.decided.Decision == consent.Denied }

// outdated is true if the yes is to another notice.
func (s state) outdated() bool {
	return s.decided.Decision == consent.Undecided && s.decided.Record.Decision == consent.Granted
}

// undecided is true if there is no decision yet: no yes, no no, no
// variable, and nothing that could not be read.
func (s state) undecided() bool {
	return s.decided.Decision == consent.Undecided && s.decided.Record == (consent.Record{}) && !s.decided.Failed && s.fault == nil
}

// vetoed is true if a variable in the environment says no. The record that
// consent makes of it names the variable, and no time or notice.
func (s state) vetoed() bool {
	r := s.decided.Record
	return s.decided.Veto || s.decided.Decision == consent.Denied && r.Time.IsZero() && r.Notice == 0 && r.Where != ""
}

// noIdentifier says what became of the identifier while none is in use. It
// says no more than is known: a veto for all products leaves one where it is,
// what another process has done is not told to this one, and what could not be
// destroyed is still there.
func (p *Panel) noIdentifier(s state, v *page) string {
	t := p.texts
	unfailed := s.client.Reason == s.client.Consent.Reason // nothing failed
	// The product's own variable at off is a no as well, and no veto.
	no := s.decided.Decision == consent.Denied && !s.decided.Veto || s.decided.Veto && s.last().Decision == consent.Denied
	acted := unfailed && s.client.Consent.Decision == consent.Denied && !s.client.Consent.Veto
	switch {
	case (no || s.undecided()) && s.client.Erasing:
		return t.IdentifierErasing
	case no && len(v.Sent) > 0:
		return t.IdentifierCopies
	case len(v.Sent) == 0 && v.SentWhy == "" && !s.client.Kept && (no && acted || s.undecided() && unfailed):
		return t.IdentifierNone
	case no, s.decided.On():
		return t.IdentifierUnused
	}
	return t.IdentifierIdle
}

// last is the newest record; the zero one if there is none.
func (s state) last() consent.Record {
	if len(s.history) == 0 {
		return consent.Record{}
	}
	return s.history[len(s.history)-1]
}

// status is how things stand in one sentence, and why. English says that part
// of it comes from elsewhere and is not translated.
func (p *Panel) status(s state) (words string, english bool) {
	words, english = p.decided(s)
	if s.client.On && !s.decided.On() { // nothing that counts is said to be off
		words = fill(p.texts.StillOn, "status", words)
	}
	return words, english
}

// decided is what the decision comes to, whatever this process does.
func (p *Panel) decided(s state) (words string, english bool) {
	t, r := p.texts, s.decided.Record
	switch {
	case s.on():
		// The later of the two: totals may count only from a day after the yes, and
		// a yes to a newer notice leaves them as they were.
		since := r.Time
		if s.client.Since.After(since) {
			since = s.client.Since
		}
		return fill(t.On, "date", t.day(since), "notice", p.notice), false
	case s.decided.On():
		why := t.NotActed
		if s.client.Reason != s.client.Consent.Reason {
			why, english = s.client.Reason, true
		}
		return fill(t.Waiting, "notice", p.notice, "reason", why), english
	case s.decided.Decision == consent.Denied && !s.vetoed() && !r.Time.IsZero():
		if r.Where == "" {
			return fill(t.OffDeniedSomewhere, "date", t.day(r.Time)), false
		}
		return fill(t.OffDenied, "date", t.day(r.Time), "where", t.place(r.Where)), false
	case s.outdated():
		return fill(t.OffChanged, "agreed", r.Notice, "notice", p.notice), false
	case s.undecided() && s.decided.Reason == nobody:
		return t.OffUndecided, false
	}
	return fill(t.Off, "reason", s.decided.Reason), true
}

// nobody is consent's reason when there is no decision at all. A test holds
// it to that package.
const nobody = "nobody has decided"

// The answers that the page offers. Agree and keep off are one pair, and the
// two ways of turning off another: of each pair the buttons look alike.
type choices struct{ Agree, KeepOff, TurnOff, Erase, Try bool }

// Any reports whether there is anything to choose.
func (c choices) Any() bool { return c != choices{} }

func (s state) choices() choices {
	switch {
	case s.on():
		return choices{TurnOff: true}
	case s.decided.On():
		return choices{TurnOff: true, Try: true}
	case s.vetoed():
		// The variable decides for as long as it is set. What was agreed to
		// can be taken back all the same.
		return choices{TurnOff: s.client.On || s.last().Decision == consent.Granted}
	case s.decided.Decision == consent.Denied:
		return choices{Agree: true, TurnOff: s.client.On}
	}
	return choices{Agree: true, KeepOff: true}
}
