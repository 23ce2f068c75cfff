package telemetry

// The status reads what the parts know, and asks for nothing but what is kept.

import (
	"time"

	"headcount.example/consent"
)

// A Status says how things stand, for a settings page. The zero value is off.
type Status struct {
	On          bool
	Reason      string               // why it is on or off, for a person
	Consent     consent.Status       // what was decided when it was last asked
	InstallGUID string               // empty while off
	Since       time.Time            // day from which totals count; zero while off
	Kept        bool                 // an identifier may be kept beside totals, also while off; false only if none is. See Erasing for those kept for requests
	NextReport  time.Time            // earliest moment of the next report, now while one is on its way; zero while off
	LastReport  time.Time            // newest report of this process that arrived; zero when none did
	LastError   error                // why the newest report of this process did not arrive; nil when it did
	CanErase    bool                 // a no can have what was sent erased; it needs a running client and Config.Dir
	Erasing     map[string]time.Time // identifiers that are kept for requests to erase that have not arrived, and when each was made
	NextErase   time.Time            // earliest moment of the next try, now while one is on its way; zero when there is none, and under a veto
	Erasure     string               // how requests to erase stand, for a person; empty when there is none
	Durable     bool                 // a killed process loses nothing that was counted
}

// Status tells how things stand. It does not ask for consent anew: see
// [Client.Refresh]. Config.State, where it is set, is read while nothing counts
// under consent, for Kept: once, for a second at most, and never written.
func (c *Client) Status() Status {
	s := Status{Reason: c.reason()}
	if c == nil || c.decisions == nil {
		return s
	}
	r, last := c.live.Load(), c.reporter.outcome()
	s.Consent, s.LastReport, s.LastError = c.decisions.last.Load().status, last.delivered, last.err
	if c.fault == nil {
		s.CanErase = c.life.Err() == nil && c.config.Dir != ""
		s.Erasing, s.NextErase, s.Erasure = c.erasures.status()
		if s.Consent.Veto {
			s.NextErase = time.Time{}
		}
	}
	s.Kept = r.agreed() || c.decisions.store.kept()
	if r.agreed() && s.Reason == s.Consent.Reason { // nothing is wrong
		id := r.ledger.Identity()
		s.On, s.InstallGUID, s.Since, s.Durable = true, id.GUID.String(), id.Day, r.ledger.Mapped()
		none := func(time.Duration) time.Duration { return 0 }
		s.NextReport = plan(c.now(), id.Phase, r.ledger.Schedule(), none).Due
		if len(r.sending) > 0 {
			s.NextReport = c.now()
		}
	}
	return s
}
