package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// A State keeps one small value for an installation, where it is not in a
// mapped file: in a database, for an installation of several hosts. Its methods
// are safe for concurrent use, by several processes too, and are bounded in
// time whatever their context says: a place that is away must not hold up the
// host.
type State interface {
	// Load returns the value and its version. No value is nil; it has a version
	// too, because a later value must not have an earlier one's.
	Load(ctx context.Context) (value []byte, version int64, err error)

	// Swap replaces the value if the version is still the one given, and
	// returns ErrConflict if it is not. ErrUnknown means that it may have been
	// replaced, any other error that it was not. A nil value leaves nothing of
	// the one before.
	Swap(ctx context.Context, version int64, value []byte) error
}

// ErrConflict says that another process changed a [State].
var ErrConflict = errors.New("ledger: the state was changed meanwhile")

// ErrUnknown says that the answer to a Swap was lost.
var ErrUnknown = errors.New("ledger: it is not known whether this was written")

// value is what a State keeps.
type value struct {
	Product  string            `json:"product"`
	GUID     uuid.UUID         `json:"install_guid"`
	Day      int64             `json:"day"`   // of the yes, in days since 1970
	Phase    int64             `json:"phase"` // second of the day
	Yes      int64             `json:"yes,omitzero"`
	Due      int64             `json:"due,omitzero"` // seconds since 1970
	Failures int               `json:"failures,omitzero"`
	Reported bool              `json:"reported,omitzero"`
	Sending  uint64            `json:"sending,omitzero"` // see sendingWord
	Totals   map[string]uint64 `json:"totals"`
	Folds    []fold            `json:"folds,omitempty"` // the newest last
}

// A fold names the newest fold of a process that is in the totals.
type fold struct {
	Process string `json:"process"`
	Number  int64  `json:"number"`
}

// maxFolds is how many processes are remembered: one that has not folded for
// longer than so many others is forgotten.
const maxFolds = 64

// readValue checks what anybody could have written.
func readValue(data []byte) (v value, err error) {
	if len(data) > maxSize {
		return value{}, fmt.Errorf("%w: %d bytes is not the size of a state", ErrDamaged, len(data))
	}
	if err = json.Unmarshal(data, &v); err == nil {
		err = sound(v.GUID, v.Day, v.Phase)
	}
	if err == nil && (v.Due < 0 || v.Due > Max || v.Failures < 0) {
		err = errSchedule
	}
	for name, total := range v.Totals {
		if total > Max && err == nil {
			err = fmt.Errorf("the total of %.80q is %d", name, total)
		}
	}
	if err != nil {
		return value{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return v, nil
}

func (v *value) identity() Identity {
	return Identity{GUID: v.GUID, Day: time.Unix(v.Day*day, 0).UTC(), Phase: time.Duration(v.Phase) * time.Second}
}

func (v *value) schedule() Schedule {
	return Schedule{Due: moment(v.Due), Failures: v.Failures, Reported: v.Reported}
}

func (v *value) setSchedule(s Schedule) {
	v.Due, v.Failures, v.Reported = seconds(s.Due), s.Failures, s.Reported
}

// place makes a place for every series, and says whether one was missing.
func (v *value) place(series []string) (changed bool) {
	for _, name := range series {
		if _, ok := v.Totals[name]; !ok {
			v.Totals[name] = 0
			changed = true
		}
	}
	return changed
}

// folded returns the number of a process's newest fold.
func (v *value) folded(process string) int64 {
	for _, f := range v.Folds {
		if f.Process == process {
			return f.Number
		}
	}
	return 0
}

func (v *value) setFolded(process string, number int64) {
	list := v.Folds[:0:0]
	for _, f := range v.Folds {
		if f.Process != process {
			list = append(list, f)
		}
	}
	list = append(list, fold{process, number})
	v.Folds = list[max(0, len(list)-maxFolds):]
}

// sendingWord is the right to send, in one word: the moment at which it ends,
// in milliseconds since 1970, and a random number that tells two of them apart.
func sendingWord(until time.Time, random uint64) uint64 {
	return uint64(max(until.UnixMilli(), 1))<<20 | random&(1<<20-1)
}

// longest is how long a process may have the right to send.
const longest = time.Minute

// busy says whether another process may be sending. A right that ends later
// than any could was taken under another clock.
func busy(word uint64, now time.Time) bool {
	until := time.UnixMilli(int64(word >> 20))
	return word != 0 && until.After(now) && !until.After(now.Add(longest))
}
