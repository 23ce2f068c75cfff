package panel

import (
	"context"
	"strconv"
	"strings"

	"headcount.example/consent"
	"headcount.example/internal/bounded"
	"headcount.example/telemetry"
)

// A state is how things stand at one moment. Looking at it changes nothing.
type state struct {
	decided consent.Status   // asked now
	client  telemetry.Status // what this process does
	product string           // by its variable, as in consent.Record's For
	history []consent.Record // the newest last
	fault   error            // of the history
}

// state asks how things stand. It takes as long as two calls of Decisions may.
func (p *Panel) state(ctx context.Context) state {
	s := state{
		decided: consent.Evaluate(ctx, p.config.Catalog.Variable(), p.notice, p.config.Env, source{p}),
		client:  p.config.Stats.Status(),
		product: p.config.Catalog.Variable(),
	}
	s.history, s.fault = bounded.Call(ctx, p.timeout, p.histories, p.config.Decisions.History)
	if s.fault != nil {
		p.config.Logger.Warn("panel: the decisions cannot be read", "error", s.fault)
	}
	return s
}

// look acts on decisions that were made elsewhere, and returns the state after that.
func (p *Panel) look(ctx context.Context) state {
	s := p.state(ctx)
	if s.decided.On() != s.client.On && !s.decided.Failed {
		if err := p.refresh(ctx); err != nil {
			p.config.Logger.Warn("panel: a decision could not be acted on", "error", err)
		}
		s = p.state(ctx)
	}
	return s
}

func (p *Panel) refresh(ctx context.Context) error {
	return p.call(context.WithoutCancel(ctx), nil, p.config.Stats.Refresh)
}

// call is bounded.Call for a function that answers with an error alone.
func (p *Panel) call(ctx context.Context, tokens chan struct{}, call func(context.Context) error) error {
	_, err := bounded.Call(ctx, p.timeout, tokens, func(ctx context.Context) (any, error) { return nil, call(ctx) })
	return err
}

// source is the application's Source, with a bound on the time of its answer.
type source struct{ p *Panel }

func (s source) Consent(ctx context.Context) (consent.Record, error) {
	return bounded.Call(ctx, s.p.timeout, s.p.consents, s.p.config.Decisions.Consent)
}

// on reports whether there is a yes and this process counts.
func (s state) on() bool { return s.decided.On() && s.client.On }

// stillCounting reports whether this client counts although the decision is no. After a
// Refresh without an error, its Source is another one than the panel's.
func (s state) stillCounting() bool { return s.client.On && s.decided.Decision == consent.Denied }

// outdated reports whether the yes is to another notice.
func (s state) outdated() bool {
	return s.decided.Decision == consent.Undecided && s.decided.Record.Decision == consent.Granted
}

// undecided reports whether there is no decision yet: no yes, no no, no variable, and
// nothing that could not be read or is for another product.
func (s state) undecided() bool {
	return s.decided.Decision == consent.Undecided && s.decided.Reason == notDecided && s.fault == nil
}

// notDecided is consent's reason when there is no decision at all, and nothing that
// cannot be read or believed. A test compares the two.
const notDecided = "not decided yet"

// vetoed reports whether a variable in the environment says no. The record that
// consent makes of it names the variable, and no time or notice.
func (s state) vetoed() bool {
	r := s.decided.Record
	return s.decided.Veto || s.decided.Decision == consent.Denied && r.Time.IsZero() && r.Notice == 0 && r.Where != ""
}

// denied reports whether a person or the product's own variable said no, also under a
// veto.
func (s state) denied() bool {
	return s.decided.Decision == consent.Denied && !s.decided.Veto || s.decided.Veto && s.last().Decision == consent.Denied
}

// newest is the newest record: the zero one if there is none.
func (s state) newest() consent.Record {
	if len(s.history) == 0 {
		return consent.Record{}
	}
	return s.history[len(s.history)-1]
}

// last is the newest record, or the zero one if that is a yes for another product.
func (s state) last() consent.Record {
	if s.foreign() {
		return consent.Record{}
	}
	return s.newest()
}

// foreign reports whether the newest record is a yes for another product.
func (s state) foreign() bool {
	r := s.newest()
	return r.Decision == consent.Granted && r.For != "" && r.For != s.product
}

// identifier returns the key of the text on the identifier while none is in use: "none"
// for panel.identifier.none. Sent means that the journal has entries. Erasing means that
// a request to erase the last identifier waits.
func (s state) identifier(sent, erasing bool) string {
	known := s.client.Reason == s.client.Consent.Reason // nothing failed, so the client knows what is kept
	switch {
	case erasing && (s.denied() || s.undecided()):
		return "erasing"
	case known && !s.client.Kept && sent:
		return "copies"
	case known && !s.client.Kept:
		return "none"
	case s.denied(), s.decided.On(): // it could not be destroyed, and is still there
		return "unused"
	case s.outdated() && s.client.Kept:
		return "idle"
	}
	return "may"
}

// status says in one or two sentences how things stand.
func (p *Panel) status(t *language, s state) string {
	r, since, own := s.decided.Record, s.decided.Record.Time, p.config.Catalog.Variable()
	agreed, variable, key := strconv.Itoa(r.Notice), r.Where, "failed"
	switch {
	case s.on():
		// The later of the two: totals may count only from a day after the yes, and
		// a yes to a newer notice leaves them as they were.
		if key = "on"; s.client.Since.After(since) {
			since = s.client.Since
		}
	case s.decided.On():
		key = "waiting"
	case s.vetoed():
		key = "variable"
	case s.decided.Decision == consent.Denied && r.Where == "":
		key = "denied.somewhere"
	case s.decided.Decision == consent.Denied:
		key = "denied"
	case s.outdated():
		key = "changed"
	case s.undecided():
		key = "undecided"
	case s.foreign() && !s.decided.Failed:
		key = "foreign"
	case len(s.history) == 0 && s.fault == nil && !s.decided.Failed:
		value, _ := p.config.Env(own)
		if accepted, older := strings.CutPrefix(value, "accept:"); older {
			agreed, variable, key = accepted, own, "variable.old"
		}
	}
	words := t.Text("panel.status."+key, "date", t.Date(since), "notice", p.notice, "agreed", agreed, "variable", variable, "where", t.place(r.Where))
	still := map[bool]string{true: "panel.status.nothing", false: "panel.status.erasing"}[s.client.NextErase.IsZero() || s.decided.Veto]
	switch {
	case s.client.On && !s.on(): // nothing that counts is said to be off
		words = t.Text("panel.status.stillon") + " " + words
	case key != "on" && key != "waiting" && key != "failed":
		words += " " + t.Text(still)
	}
	return words
}

// The answers that the page offers. Agree and keep off are one pair, and the
// two ways of turning off another: of each pair the buttons look alike.
type choices struct{ Agree, KeepOff, TurnOff, Erase, Try bool }

func (s state) choices() (c choices) {
	switch {
	case s.decided.On():
		c.TurnOff, c.Try = true, !s.client.On
	case s.vetoed():
		// The variable decides as long as it is set. A yes can be taken back all the
		// same.
		c.TurnOff = s.client.On || s.last().Decision == consent.Granted
	case s.decided.Decision == consent.Denied:
		c.Agree, c.TurnOff = true, s.client.On
	default:
		c.Agree, c.KeepOff = true, true
	}
	// An identifier can be kept only where a yes was given before.
	c.Erase = s.client.CanErase && (c.TurnOff || c.KeepOff && s.client.Kept && !s.undecided())
	return c
}
