package ledger

import (
	"context"
	"fmt"
)

// Memory returns a ledger that keeps nothing anywhere: totals of this process,
// without an identity, gone with it.
func Memory(series []string) (*Ledger, error) {
	l := &Ledger{}
	if err := l.named(series); err != nil {
		return nil, err
	}
	l.keepIn(nowhere{})
	return l, nil
}

// nowhere is an account that takes nothing, so that all that was counted
// stays to be folded.
type nowhere struct{}

func (nowhere) Identity() Identity { return Identity{} }
func (nowhere) Aside() string      { return "" }
func (nowhere) Stop()              {}

func (nowhere) Fold(context.Context, []uint64, *Change) error { return errNowhere }
func (nowhere) Sender(context.Context) (Lease, error)         { return nil, errNowhere }
func (nowhere) Schedule(context.Context) (Schedule, error)    { return Schedule{}, nil }
func (nowhere) Known() (Schedule, error)                      { return Schedule{}, errNowhere }

func (nowhere) Totals(_ context.Context, added, totals []uint64) error {
	copy(totals, added)
	return nil
}

var errNowhere = fmt.Errorf("ledger: %w: it is only in memory", ErrGone)
