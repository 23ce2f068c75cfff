package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Keeper is where a folded ledger keeps its state when that is not a file:
// a database, for an installation of several hosts. Several processes may use
// one at once. What the methods do is bounded in time whatever their context
// says, because a place that is away must not hold up the host.
type Keeper interface {
	// Open returns the account of the installation, with a place for each
	// series. When there is none it makes one, with what fresh returns; one
	// that is damaged is put aside first.
	Open(ctx context.Context, series []string, fresh func() (Identity, Schedule, error)) (Account, error)

	// Peek returns the identity that is kept and changes nothing. An error
	// says that there is none (fs.ErrNotExist), none that can be trusted, or that
	// it could not be read.
	Peek(ctx context.Context) (Identity, error)

	// Destroy takes the yes back for every process, and waits for a report that
	// is on its way, two seconds at most. It asks still when it has looked what
	// there is, and destroys nothing else, so that a process that comes late
	// does not destroy what a new yes has made; an error of still is returned.
	// There being nothing to destroy is not an error.
	Destroy(ctx context.Context, still func() error) error
}

// An Account is what a Keeper keeps of one installation. Its methods are safe
// for concurrent use. They return [ErrClosed], [ErrGone] or [ErrDamaged] when
// it is no longer that installation's; any other error means that this could
// not be found out now.
type Account interface {
	Identity() Identity
	Aside() string // what was wrong with the one that was put aside; or empty

	// Fold adds what was counted to the totals, exactly once: an error means
	// that the same is to be given again, and more. A change is made with it
	// or not at all, and only while its lease is the newest.
	Fold(ctx context.Context, added []uint64, change *Change) error

	// Totals writes the totals, and what was counted and is not folded yet,
	// into totals.
	Totals(ctx context.Context, added, totals []uint64) error

	// Schedule reads the schedule. Known is the same from memory, as it was
	// seen last.
	Schedule(ctx context.Context) (Schedule, error)
	Known() (Schedule, error)

	// Sender returns the lease of the one that sends; nil when another process
	// has it. It does not wait for that one.
	Sender(ctx context.Context) (Lease, error)

	// Stop ends all counting that does not go through the ledger. Fold still
	// works.
	Stop()
}

// A Change is a schedule, and the lease under which it was made.
type Change struct {
	Schedule Schedule
	Lease    Lease
}

// A Lease is the right to send and to change the schedule, of one process at a
// time.
type Lease interface {
	// Held makes sure, as the last thing before sending, that no other process
	// could have sent since this lease was taken, and that none can before the
	// time it returns; zero when none can while this process lives.
	Held(ctx context.Context) (time.Time, error)

	// Release gives it back. It does nothing the second time.
	Release()
}

// ErrLost says that a lease ended, and that another process may have sent.
var ErrLost = errors.New("ledger: another process is the one that sends now")

// OpenIn opens the ledger that is kept by keeper, as [Open] does in a
// directory.
func OpenIn(ctx context.Context, keeper Keeper, series []string, now time.Time) (*Ledger, error) {
	l := &Ledger{}
	if err := l.named(series); err != nil {
		return nil, err
	}
	account, err := keeper.Open(ctx, series, func() (Identity, Schedule, error) {
		id, err := newIdentity(now)
		return id, Schedule{Settled: max(SlotAt(now, id.Phase), 0)}, err
	})
	if err != nil {
		return nil, err
	}
	l.keepIn(account)
	return l, nil
}

// Sound says what is not possible in an identity and schedule that were read
// from where anybody could have written them; nil when nothing is.
func Sound(id Identity, s Schedule) error {
	if !random(id.GUID) {
		return fmt.Errorf("identifier %s is not a random (version 4) UUID", id.GUID)
	}
	if since := id.Day.Unix() / day; id.Phase < 0 || id.Phase >= day*time.Second || since < 0 || since > lastDay {
		return fmt.Errorf("phase %v or day %v is not possible", id.Phase, id.Day)
	}
	if due := s.Due; s.Settled < 0 || s.Settled > Max || s.Former < 0 || s.Former > Max || s.Failures < 0 || !due.IsZero() && (due.Unix() < 0 || due.Unix() > Max) {
		return errors.New("the schedule is damaged")
	}
	return nil
}
