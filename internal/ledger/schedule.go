package ledger

import (
	"context"
	"time"
)

// A Schedule is what all processes of an installation must agree on about
// reports.
type Schedule struct {
	Settled  int64     // the slot that was settled last: it needs no report any more
	Former   int64     // the one before that, maybe under another clock; zero before the first report
	Due      time.Time // not before this moment; zero when nothing is put off
	Failures int       // in a row
}

// SlotAt returns the number of the slot that now is in. Slots are a day long
// and begin at the phase; they are numbered from 1970, in UTC, so that no
// change of zone moves them.
func SlotAt(now time.Time, phase time.Duration) int64 {
	seconds := now.Unix() - int64(phase/time.Second)
	slot := seconds / day
	if seconds%day < 0 {
		slot--
	}
	return slot
}

// SlotStart returns the moment at which a slot begins.
func SlotStart(slot int64, phase time.Duration) time.Time {
	return time.Unix(slot*day, 0).Add(phase)
}

// Schedule reads the schedule.
func (l *Ledger) Schedule(ctx context.Context) (s Schedule, err error) {
	if !l.mapped {
		s, err = l.kept.Schedule(ctx)
		return s, l.heard(err)
	}
	err = l.guard(func() error {
		s, err = l.page.schedule()
		return err
	})
	return s, err
}

// Known is the schedule without asking another machine for it: as it was seen
// last.
func (l *Ledger) Known() (Schedule, error) {
	if !l.mapped {
		return l.kept.Known()
	}
	return l.Schedule(context.Background())
}

// SetSchedule writes the schedule, under the lease that [Ledger.Sender] gave.
// [ErrLost] means that another process has it, and nothing was written.
func (l *Ledger) SetSchedule(ctx context.Context, lease Lease, s Schedule) error {
	if !l.mapped {
		return l.fold(ctx, &Change{s, lease})
	}
	return l.guard(func() error {
		l.page.setSchedule(s)
		return nil
	})
}

func (p page) schedule() (Schedule, error) {
	settled, due := p.word(atSettled).Load(), p.word(atDue).Load()
	failures, former := p.word(atFailed).Load(), p.word(atFormer).Load()
	if max(settled, due, failures, former) > Max {
		return Schedule{}, ErrDamaged
	}
	s := Schedule{Settled: int64(settled), Former: int64(former), Failures: int(min(failures, 1000))}
	if due > 0 {
		s.Due = time.Unix(int64(due), 0)
	}
	return s, nil
}

func (p page) setSchedule(s Schedule) {
	due := int64(0)
	if !s.Due.IsZero() {
		due = s.Due.Unix()
	}
	p.word(atFormer).Store(bounded(s.Former)) // first: a slot is not forgotten half-way
	p.word(atSettled).Store(bounded(s.Settled))
	p.word(atDue).Store(bounded(due))
	p.word(atFailed).Store(bounded(int64(s.Failures)))
}

// bounded is a number of a clock that may say anything.
func bounded(n int64) uint64 { return uint64(min(max(n, 0), Max)) }
