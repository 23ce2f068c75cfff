package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"
)

// An Owner says whose totals are opened or destroyed, and under which yes.
type Owner struct {
	Product string // at most 64 bytes
	Yes     int64  // seconds since 1970 of the first yes after the latest no; 0 when unknown
}

// An Identity is made at the moment of the yes and never changes.
type Identity struct {
	GUID  uuid.UUID     // install_guid: random, version 4
	Day   time.Time     // midnight UTC of the day of the yes
	Phase time.Duration // time of day at which reports are due, in UTC
}

// A Schedule is what all processes of an installation must agree on about
// reports.
type Schedule struct {
	Due      time.Time // not before this moment; zero when none was set
	Failures int       // in a row
	Reported bool      // a report may have left this machine, or is being sent
}

// A header is what is kept beside the totals, in a file and in a State.
type header struct {
	Product string    `json:"product"`
	Yes     int64     `json:"yes,omitzero"` // see Owner
	GUID    uuid.UUID `json:"install_guid"`
	Day     int64     `json:"day"`   // of the yes, in days since 1970
	Phase   int64     `json:"phase"` // second of the day
	plan
}

// A plan is the part of a header that changes.
type plan struct {
	Due      int64  `json:"due,omitzero"` // seconds since 1970; 0 is none
	Failures int64  `json:"failures,omitzero"`
	Reported bool   `json:"reported,omitzero"`
	Sending  uint64 `json:"sending,omitzero"` // see sendingWord
}

const (
	day         = 24 * 60 * 60
	lastDay     = 2_932_896         // 9999-12-31
	maxDue      = 1_000_000_000_000 // seconds since 1970
	maxFailures = 1 << 30

	// Max is the largest total. It is far above anything that is counted one by
	// one, and what the Collector's allow-list accepts.
	Max = 1_000_000_000_000
)

// newHeader makes a header with a random identifier and phase. The first report is due
// between an hour and a day from now, because people change their minds.
func newHeader(owner Owner, now time.Time) (header, error) {
	guid, err1 := uuid.NewRandomFromReader(rand.Reader) // a host may have called uuid.SetRand
	wait, err2 := rand.Int(rand.Reader, big.NewInt(int64(23*time.Hour/time.Second)))
	if err := errors.Join(err1, err2); err != nil {
		return header{}, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	// The clock may be wrong, but check must accept what is kept.
	due := min(max(now.Unix(), 0), maxDue-day) + int64(time.Hour/time.Second) + wait.Int64()
	since := min(max(now.Unix()/day, 0), lastDay)
	return header{Product: owner.Product, Yes: owner.Yes, GUID: guid, Day: since, Phase: due % day, plan: plan{Due: due}}, nil
}

// check returns an error if a header that was read has an impossible value.
func (h header) check() error {
	switch {
	case h.GUID.Version() != 4 || h.GUID.Variant() != uuid.RFC4122:
		return damage("identifier %s is not a random (version 4) UUID", h.GUID)
	case h.Phase < 0 || h.Phase >= day || h.Day < 0 || h.Day > lastDay:
		return damage("phase %d or day %d is not possible", h.Phase, h.Day)
	case h.Due < 0 || h.Due > maxDue || h.Failures < 0 || h.Failures > maxFailures:
		return damage("the schedule is not possible: due %d, %d failures", h.Due, h.Failures)
	}
	return nil
}

// under reports whether a ledger belongs to the owner's yes. It returns an error for
// another product's.
func (h header) under(owner Owner) (bool, error) {
	if h.Product != owner.Product {
		return false, fmt.Errorf("ledger: what is there %w %.100q: give %s a place of its own", errForeign, h.Product, owner.Product)
	}
	return owner.Yes == 0 || h.Yes == owner.Yes, nil
}

func (h header) identity() Identity {
	return Identity{GUID: h.GUID, Day: time.Unix(h.Day*day, 0).UTC(), Phase: time.Duration(h.Phase) * time.Second}
}

func (p plan) schedule() Schedule {
	s := Schedule{Failures: int(p.Failures), Reported: p.Reported}
	if p.Due != 0 {
		s.Due = time.Unix(p.Due, 0)
	}
	return s
}

func (p *plan) setSchedule(s Schedule) {
	p.Due, p.Failures, p.Reported = 0, int64(min(max(s.Failures, 0), maxFailures)), s.Reported
	if !s.Due.IsZero() {
		p.Due = min(max(s.Due.Unix(), 1), maxDue)
	}
}

// longest is the longest time for which a process has the right to send.
const longest = time.Minute

// sendingWord is the right to send, in one word: the moment at which it ends,
// in milliseconds since 1970, and a random number that tells two of them apart.
func sendingWord(until time.Time, random uint64) uint64 {
	return uint64(max(until.UnixMilli(), 1))<<20 | random&(1<<20-1)
}

func sendingUntil(word uint64) time.Time { return time.UnixMilli(int64(word >> 20)) }

// busy reports whether another process may be sending. A right further ahead than
// longest comes from another clock and is ignored.
func busy(word uint64, now time.Time) bool {
	until := sendingUntil(word)
	return word != 0 && until.After(now) && !until.After(now.Add(longest))
}
