package ledger

import (
	"encoding/json"
	"slices"
)

// value is what a State keeps.
type value struct {
	header
	Totals map[string]uint64 `json:"totals"`
	Folds  []fold            `json:"folds,omitempty"` // the newest last
}

// A fold names the newest fold of a process that is in the totals.
type fold struct {
	Process string `json:"process"`
	Number  int64  `json:"number"`
}

// maxFolds is how many processes are remembered: one that has not folded for
// longer than so many others is forgotten.
const maxFolds = 64

func readValue(data []byte) (v value, err error) {
	if err := json.Unmarshal(data, &v); err != nil {
		return value{}, damage("%w", err)
	}
	if err := v.check(); err != nil {
		return value{}, err
	}
	for name, total := range v.Totals {
		if total > Max {
			return value{}, damage("the total of %.80q is %d", name, total)
		}
	}
	return v, nil
}

// folded returns the number of a process's newest fold; 0 is none.
func (v *value) folded(process string) int64 {
	for _, f := range v.Folds {
		if f.Process == process {
			return f.Number
		}
	}
	return 0
}

func (v *value) setFolded(process string, number int64) {
	v.Folds = append(slices.DeleteFunc(v.Folds, func(f fold) bool { return f.Process == process }), fold{process, number})
	v.Folds = v.Folds[max(0, len(v.Folds)-maxFolds):]
}
