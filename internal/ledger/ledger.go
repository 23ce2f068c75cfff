package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

const (
	fileName   = "headcount.totals"
	lockName   = "headcount.lock"
	senderName = "headcount.sender"
)

// Errors that say why a ledger is no longer the one of the installation. The
// ledger is then to be dropped, and opened again if consent still holds.
var (
	ErrClosed  = errors.New("ledger: the yes was taken back")
	ErrGone    = errors.New("ledger: the file was removed or replaced")
	ErrDamaged = errors.New("ledger: the file is damaged")
)

// A Ledger is the open totals of one installation. All methods are safe for
// concurrent use.
type Ledger struct {
	dir     string
	allowed func() error // see OpenIf
	keys    [][32]byte
	id      Identity
	aside   string
	mapped  bool
	page    page           // mapped: the file; folded: what this process counted
	closed  *atomic.Uint64 // the word of the page that every Add looks at
	places  []int          // mapped: of the series given to Open, in the file
	slots   []Slot         // of the series given to Open, in their order
	file    os.FileInfo    // mapped: the file that the page shows

	kept   Account    // folded: where the totals are
	mu     sync.Mutex // folded: guards the next
	folded []uint64   // how much of each slot is there already
}

// Open opens the ledger in dir for the named series, or makes a new one with
// a new identity. It makes dir if need be. A damaged ledger is put aside, and
// a new one made. It waits for other processes at most until ctx ends, and
// touches nothing but files in dir. No name may be there twice.
//
// Call it only when consent holds: it makes the identifier.
func Open(ctx context.Context, dir string, series []string, now time.Time) (*Ledger, error) {
	return OpenIf(ctx, dir, series, now, func() error { return nil })
}

// OpenIf is Open for whoever was told of consent a moment ago: allowed is
// asked before a ledger is made anew, under the lock that [Destroy] needs too,
// so that a process that comes late does not make again what a no has just
// destroyed. One that is there has not been destroyed, and is not asked about.
// Allowed must answer soon: other processes wait.
func OpenIf(ctx context.Context, dir string, series []string, now time.Time, allowed func() error) (*Ledger, error) {
	l := &Ledger{dir: dir, allowed: allowed}
	if err := l.named(series); err != nil {
		return nil, err
	}
	if err := secure(dir); err != nil {
		return nil, err
	}
	l.mapped = mappable(dir)
	if err := locked(ctx, dir, func() error { return l.open(now) }); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Ledger) named(series []string) error {
	seen := make(map[string]bool, len(series))
	for _, name := range series {
		if seen[name] {
			return fmt.Errorf("ledger: series %q is there twice", name)
		}
		seen[name] = true
		l.keys = append(l.keys, keyOf(name))
	}
	if len(series) > maxSeries-spare {
		return fmt.Errorf("ledger: %d series are too many", len(series))
	}
	return nil
}

func (l *Ledger) path() string { return filepath.Join(l.dir, fileName) }

// open runs under the lock.
func (l *Ledger) open(now time.Time) error {
	file, n, err := l.load(now)
	if err != nil {
		return err
	}
	switch mode := native.Uint64(file[atMode:]); {
	case mode == modeFolded:
		l.mapped = false
	case !l.mapped:
		return fmt.Errorf("ledger: %q was mapped into memory and cannot be here: stop every process that uses it, then remove it", l.path())
	}
	l.id = file.identity()
	grown, total, err := l.place(file, n)
	if err != nil {
		return err
	}
	l.places = grown.find(total, l.keys)
	if l.mapped {
		if total > n {
			if err := extend(l.path(), grown, len(file), n, total-n); err != nil {
				return err
			}
		}
		return l.mapFile(n, total)
	}
	if total > n {
		if err := replace(l.path(), grown); err != nil {
			return err
		}
	}
	l.keepIn(&foldedFile{dir: l.dir, id: l.id, keys: l.keys, aside: l.aside})
	return nil
}

// keepIn makes the ledger a folded one: it counts in a page of its own.
func (l *Ledger) keepIn(account Account) {
	l.kept, l.id, l.aside = account, account.Identity(), account.Aside()
	l.page = newPage(len(l.keys))
	l.page.begin(l.id, modeFolded)
	for i, key := range l.keys {
		l.page.series(i, key)
		l.slots = append(l.slots, l.page.slot(i))
	}
	l.closed = l.page.word(atClosed)
	l.folded = make([]uint64, len(l.keys))
}

// Identity returns what was made at the yes.
func (l *Ledger) Identity() Identity { return l.id }

// Mapped says whether a killed process loses nothing. Otherwise it loses what
// it counted since the last [Ledger.Sync].
func (l *Ledger) Mapped() bool { return l.mapped }

// Aside says what was wrong with the ledger that Open put aside; empty when
// there was none.
func (l *Ledger) Aside() string { return l.aside }

// Slot returns the place of series i of those given to Open.
func (l *Ledger) Slot(i int) Slot { return l.slots[i] }
