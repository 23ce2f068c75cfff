package ledger

import (
	"encoding/json"
	"slices"
)

// value is what a State keeps.
type value struct {
	header
	Totals map[string]uint64 `json:"totals"`           // of the processes that have no share
	Shares []share           `json:"shares,omitempty"` // the newest last
}

// A share is what one process counted since it began, as far as it is not in the
// totals.
type share struct {
	Process string            `json:"process"`
	Totals  map[string]uint64 `json:"totals"`
}

// maxShares is how many processes have a share. One that has not written for longer
// than so many others has its share added to the totals.
const maxShares = 16

func readValue(data []byte) (v value, err error) {
	if err := json.Unmarshal(data, &v); err != nil {
		return value{}, damage("%w", err)
	}
	if err := v.check(); err != nil {
		return value{}, err
	}
	for _, s := range append(v.Shares, share{Totals: v.Totals}) {
		for name, total := range s.Totals {
			if total > Max {
				return value{}, damage("the total of %.80q is %d", name, total)
			}
		}
	}
	return v, nil
}

// total is what all processes counted in a series.
func (v *value) total(series string) uint64 {
	n := v.Totals[series]
	for _, s := range v.Shares {
		n = min(Max, n+s.Totals[series])
	}
	return n
}

// share returns the share of a process; nil where it has none.
func (v *value) share(process string) map[string]uint64 {
	for _, s := range v.Shares {
		if s.Process == process {
			return s.Totals
		}
	}
	return nil
}

// setShare replaces the share of a process. One without counts has none.
func (v *value) setShare(process string, totals map[string]uint64) {
	v.Shares = slices.DeleteFunc(v.Shares, func(s share) bool { return s.Process == process })
	if len(totals) > 0 {
		v.Shares = append(v.Shares, share{process, totals})
	}
	for len(v.Shares) > maxShares {
		if v.Totals == nil {
			v.Totals = map[string]uint64{}
		}
		for series, n := range v.Shares[0].Totals {
			v.Totals[series] = min(Max, v.Totals[series]+n)
		}
		v.Shares = v.Shares[1:]
	}
}
