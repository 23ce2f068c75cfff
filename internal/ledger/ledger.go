package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	mmap "github.com/edsrzf/mmap-go"
)

const (
	fileName   = "totals"
	lockName   = "totals.lock"
	senderName = "sender.lock"
)

// Errors that say why a ledger is no longer the one of the installation. The
// ledger is then to be dropped, and opened again if consent still holds.
var (
	ErrClosed  = errors.New("ledger: the yes was taken back")
	ErrGone    = errors.New("ledger: the file was removed or replaced")
	ErrDamaged = errors.New("ledger: the file is damaged")
)

// A Slot is the place of one series' total. It belongs to its ledger.
type Slot = *atomic.Uint64

// A Ledger is the open totals of one installation. All methods are safe for
// concurrent use.
type Ledger struct {
	dir    string
	keys   [][32]byte
	id     Identity
	aside  string
	mapped bool
	page   page        // mapped: the file; folded: what this process counted
	slots  []Slot      // of the series given to Open, in their order
	file   os.FileInfo // mapped: the file that the page shows

	mu     sync.Mutex // folded: guards the next
	folded []uint64   // how much of each slot is in the file already
}

// Open opens the ledger in dir for the named series, or makes a new one with
// a new identity. It makes dir if need be. A damaged ledger is put aside, and
// a new one made. It waits for other processes at most until ctx ends, and
// touches nothing but files in dir.
//
// Call it only when consent holds: it makes the identifier.
func Open(ctx context.Context, dir string, series []string, now time.Time) (*Ledger, error) {
	if err := secure(dir); err != nil {
		return nil, err
	}
	l := &Ledger{dir: dir, mapped: mappable(dir)}
	for _, name := range series {
		l.keys = append(l.keys, keyOf(name))
	}
	err := locked(ctx, dir, func() error { return l.open(now) })
	if err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Ledger) path() string { return filepath.Join(l.dir, fileName) }

// open runs under the lock.
func (l *Ledger) open(now time.Time) error {
	file, err := l.load(now)
	if err != nil {
		return err
	}
	switch mode := native.Uint64(file[atMode:]); {
	case mode == modeFolded:
		l.mapped = false
	case !l.mapped:
		return fmt.Errorf("ledger: %q was mapped into memory and cannot be here: stop every process that uses it, then remove it", l.path())
	}
	if file, err = l.add(file); err != nil {
		return err
	}
	l.id = file.identity()
	n, err := file.check()
	if err != nil {
		return fmt.Errorf("ledger: %q: %w", l.path(), err)
	}
	if !l.mapped {
		l.page = newPage(len(l.keys))
		l.page.begin(l.id, modeFolded)
		for i, key := range l.keys {
			l.page.series(i, key)
			l.slots = append(l.slots, l.page.slot(i))
		}
		l.folded = make([]uint64, len(l.keys))
		return nil
	}
	if err := l.mapFile(); err != nil {
		return err
	}
	for _, place := range l.page.find(n, l.keys) {
		l.slots = append(l.slots, l.page.slot(place))
	}
	return nil
}

// load returns the bytes of a sound ledger file. One that is not there is
// made; one that was closed is destroyed to the end first, because whoever
// closed it was killed; one that is damaged is put aside first.
func (l *Ledger) load(now time.Time) (page, error) {
	for range 3 {
		file, err := read(l.path())
		if err == nil {
			if _, err = file.check(); err == nil {
				return file, nil
			}
		}
		switch {
		case errors.Is(err, os.ErrNotExist):
			err = l.create(now)
		case errors.Is(err, errClosed):
			err = destroy(l.dir)
		case errors.Is(err, errUnreadable):
			// Not for us to judge or to move: say so, and count nothing.
		default:
			l.aside = err.Error()
			err = putAside(l.path())
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("ledger: %q is damaged again as soon as it is written: %s", l.path(), l.aside)
}

// spare is how many more series a new or grown file has room for, so that the
// next version of the catalog rarely has to grow it.
const spare = 64

func (l *Ledger) create(now time.Time) error {
	id, err := newIdentity(now)
	if err != nil {
		return err
	}
	mode := uint64(modeFolded)
	if l.mapped {
		mode = modeMapped
	}
	p := newPage(len(l.keys) + spare)
	p.begin(id, mode)
	p.word(atSettled).Store(encode(uint64(max(0, SlotAt(now, id.Phase)))))
	for i, key := range l.keys {
		p.series(i, key)
	}
	p.word(atCount).Store(encode(uint64(len(l.keys))))
	return replace(l.path(), p)
}

// add gives every series of the catalog a place in the file.
func (l *Ledger) add(file page) (page, error) {
	n, err := file.check()
	if err != nil {
		return nil, err
	}
	var missing [][32]byte
	for i, place := range file.find(n, l.keys) {
		if place < 0 {
			missing = append(missing, l.keys[i])
		}
	}
	if len(missing) == 0 {
		return file, nil
	}
	grown := file
	if n+len(missing) > file.capacity() {
		grown = newPage(n + len(missing) + spare)
		copy(grown, file)
	}
	for i, key := range missing {
		grown.series(n+i, key)
	}
	if l.mapped {
		if err := appendSeries(l.path(), grown, len(file), n, len(missing)); err != nil {
			return nil, err
		}
		grown.word(atCount).Store(encode(uint64(n + len(missing))))
		return grown, nil
	}
	grown.word(atCount).Store(encode(uint64(n + len(missing))))
	return grown, replace(l.path(), grown)
}

// mapFile maps the whole file. The mapping ends when the ledger is no longer
// reachable, never earlier: an Add may be in the middle of it.
func (l *Ledger) mapFile() error {
	f, err := os.OpenFile(l.path(), os.O_RDWR|openFlags, 0)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close() // a mapping outlives its file descriptor
	if l.file, err = f.Stat(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	m, err := mmap.Map(f, mmap.RDWR, 0)
	if err != nil {
		return fmt.Errorf("ledger: %q cannot be mapped: %w", l.path(), err)
	}
	l.page = page(m)
	runtime.AddCleanup(l, func(m mmap.MMap) { _ = m.Unmap() }, m)
	return nil
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

// Add adds n to the total in slot, and allocates nothing. It returns false
// when nothing was added: the yes was taken back, here or in another process,
// the total would pass Max, or the file has gone from under the mapping.
func (l *Ledger) Add(slot Slot, n uint64) (ok bool) {
	// A file that somebody truncates is a fault at the next touch. It must
	// not end the host.
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			ok = false
		}
		runtime.KeepAlive(l)
	}()
	if l.page.closed() || n > Max {
		return false
	}
	if total := slot.Add(n * multiplier); total > maxCode || total < n*multiplier {
		slot.Add(-n * multiplier)
		return false
	}
	return true
}

// guard runs f, which touches the page. A fault is an error.
func (l *Ledger) guard(f func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			err = ErrDamaged
		}
		runtime.KeepAlive(l)
	}()
	if l.page.closed() {
		return ErrClosed
	}
	return f()
}

// Check says whether this is still the installation's ledger: [ErrClosed],
// [ErrGone] or [ErrDamaged] when it is not.
func (l *Ledger) Check() error {
	if !l.mapped {
		_, _, err := l.current()
		return err
	}
	if err := l.guard(func() error {
		if _, err := l.page.check(); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		return nil
	}); err != nil {
		return err
	}
	now, err := os.Lstat(l.path())
	if err != nil || !os.SameFile(now, l.file) {
		return ErrGone
	}
	return nil
}

// Totals writes the total of each series given to Open into totals. It
// changes nothing.
func (l *Ledger) Totals(totals []uint64) error {
	if !l.mapped {
		return l.foldedTotals(totals)
	}
	if err := l.Check(); err != nil {
		return err
	}
	return l.guard(func() error {
		for i, slot := range l.slots {
			n, ok := decode(slot.Load())
			if !ok {
				return ErrDamaged
			}
			totals[i] = n
		}
		return nil
	})
}
