package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/google/uuid"
)

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
	Reported bool      // a report was sent, or begun
}

const (
	day     = 24 * 60 * 60
	lastDay = 2_932_896 // 9999-12-31
)

// newIdentity draws everything about an installation that is random. The
// reader is named: a host may have given package uuid another one.
// The first report is due between an hour and a day from now: people change
// their minds.
func newIdentity(now time.Time) (id Identity, due int64, err error) {
	guid, err := uuid.NewRandomFromReader(rand.Reader)
	if err != nil {
		return Identity{}, 0, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	wait, err := rand.Int(rand.Reader, big.NewInt(int64(23*time.Hour/time.Second)))
	if err != nil {
		return Identity{}, 0, fmt.Errorf("ledger: no random numbers: %w", err)
	}
	due = min(max(now.Unix(), 0), Max-day) + int64(time.Hour/time.Second) + wait.Int64()
	// A clock may say anything; what the file holds is possible.
	since := min(max(now.Unix()/day, 0), lastDay)
	return Identity{GUID: guid, Day: time.Unix(since*day, 0).UTC(), Phase: time.Duration(due%day) * time.Second}, due, nil
}

// sound says what is not possible in an identity that was read; nil when
// nothing is. Day and phase are given as they are stored: a huge number turned
// into a duration may look possible.
func sound(guid uuid.UUID, since, phase int64) error {
	if guid.Version() != 4 || guid.Variant() != uuid.RFC4122 {
		return fmt.Errorf("identifier %s is not a random (version 4) UUID", guid)
	}
	if phase < 0 || phase >= day || since < 0 || since > lastDay {
		return fmt.Errorf("phase %d or day %d is not possible", phase, since)
	}
	return nil
}

var errSchedule = errors.New("the schedule is damaged")

// seconds is a moment as it is stored; 0 is none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return min(max(t.Unix(), 1), Max)
}

func moment(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}
