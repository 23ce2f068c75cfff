package telemetry

import (
	"time"

	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// A Status says how things stand, for a settings page. The zero value is off.
type Status struct {
	On          bool
	Reason      string         // why it is on or off, for a person
	Consent     consent.Status // what was decided when it was last asked
	InstallGUID string         // empty while off
	Since       time.Time      // day from which totals count; zero while off
	Kept        bool           // an identifier may be kept, also while off; false where surely none is
	NextReport  time.Time      // earliest moment of the next report, now while one is on its way; zero while off
	LastReport  time.Time      // newest report of this process that arrived; zero when none did
	LastError   error          // why the newest report of this process did not arrive; nil when it did
	CanErase    bool           // Erase can ask for what was sent to be erased; it needs a running client and Config.Dir
	Erasing     bool           // an identifier is kept for a request to erase that has not arrived
	NextErase   time.Time      // earliest moment of the next try, now while one is on its way; zero when there is none, and under a veto
	Erasure     string         // how requests to erase stand, for a person; empty when there is none
	Durable     bool           // a killed process loses nothing that was counted
}

// Status tells how things stand. It does not ask for consent anew: see
// [Client.Refresh].
func (c *Client) Status() Status {
	if c == nil || c.gate == nil && c.fault == nil {
		return Status{Reason: "not configured"}
	}
	c.mu.Lock()
	s := Status{Consent: c.consented, Reason: c.consented.Reason, LastReport: c.last.delivered, LastError: c.last.err}
	trouble := c.trouble
	c.mu.Unlock()
	if c.fault == nil {
		s.CanErase = c.canErase()
		s.Erasing, s.NextErase, s.Erasure = c.erasureStatus()
		if s.Consent.Veto {
			s.NextErase = time.Time{}
		} else if c.asking.Load() {
			s.NextErase = c.clock()
		}
		s.Kept = c.config.Dir != "" && ledger.Kept(c.config.Dir)
		if c.config.State != nil { // which is not asked here
			s.Kept = trouble != nil || s.Consent.Veto || s.Consent.Decision != consent.Denied
		}
	}
	r := c.agreed()
	switch {
	case c.fault != nil:
		s.Reason = c.fault.Error()
	case c.down.Load():
		s.Reason = "shut down"
	case trouble != nil:
		s.Reason = trouble.Error()
	case r != nil:
		id := r.ledger.Identity()
		s.On, s.InstallGUID, s.Since, s.Durable = true, id.GUID.String(), id.Day, r.ledger.Mapped()
		if schedule, err := r.ledger.Known(); err == nil {
			_, s.NextReport = plan(c.clock(), id.Phase, schedule, func(time.Duration) time.Duration { return 0 })
		}
		if len(r.sending) > 0 {
			s.NextReport = c.clock()
		}
	}
	return s
}
