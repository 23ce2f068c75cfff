package ledger

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	mmap "github.com/edsrzf/mmap-go"
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
	dir    string
	keys   [][32]byte
	id     Identity
	aside  string
	mapped bool
	page   page           // mapped: the file; folded: what this process counted
	closed *atomic.Uint64 // the word of the page that every Add looks at
	places []int          // mapped: of the series given to Open, in the file
	slots  []Slot         // of the series given to Open, in their order
	file   os.FileInfo    // mapped: the file that the page shows
	opened *os.File       // mapped: the same, for a Hold

	// Often is called by about every thousandth Add to a mapped file; nil: not.
	// Set it before the first Add. It must not block.
	Often func()

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
// asked under the lock that [Destroy] needs too, so that a process that comes
// late does not make anew what a no has just destroyed.
func OpenIf(ctx context.Context, dir string, series []string, now time.Time, allowed func() error) (*Ledger, error) {
	l := &Ledger{dir: dir}
	if err := l.named(series); err != nil {
		return nil, err
	}
	if err := secure(dir); err != nil {
		return nil, err
	}
	l.mapped = mappable(dir)
	err := locked(ctx, dir, func() error {
		if err := allowed(); err != nil {
			return err
		}
		return l.open(now)
	})
	if err != nil {
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
	grown, total, err := l.add(file, n)
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

// load returns the bytes of a sound ledger file and its number of series. One
// that is not there is made; one that was closed is destroyed to the end
// first, because whoever closed it was killed; one that is damaged is put
// aside first.
func (l *Ledger) load(now time.Time) (page, int, error) {
	for range 3 {
		file, n, err := examine(l.path())
		if err == nil {
			return file, n, nil
		}
		switch {
		case errors.Is(err, os.ErrNotExist):
			err = l.create(now)
		case errors.Is(err, ErrClosed):
			err = destroy(l.dir)
		case errors.Is(err, errUnreadable):
			// Not for us to judge or to move: say so, and count nothing.
		default:
			l.aside = err.Error()
			err = putAside(l.path())
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("ledger: %q is damaged again as soon as it is written: %s", l.path(), l.aside)
}

// examine reads the file and checks it. It looks more than once before it finds
// damage: nothing promises that a number that others add to is copied whole.
func examine(path string) (file page, n int, err error) {
	for range 3 {
		if file, err = read(path); err == nil {
			n, err = file.check()
		}
		if err == nil || errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	return file, n, err
}

// spare is how many more series a new or grown file has room for, so that the
// next version of the catalog rarely has to grow it.
const spare = 16

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
	p.word(atSettled).Store(bounded(SlotAt(now, id.Phase)))
	for i, key := range l.keys {
		p.series(i, key)
	}
	p.word(atCount).Store(encode(uint64(len(l.keys))))
	return place(l.path(), p, func(*os.File) error { return nil }) // see Settle
}

// Settle has the file on the disk, and its name. Until then a power loss can
// take a new installation away, so nothing is sent before: nobody has heard of
// an identifier that is gone. It may take as long as a disk takes, and Open
// does not wait for it.
func (l *Ledger) Settle() error {
	if l.dir == "" {
		return nil // it is not in a file
	}
	f := l.opened
	if !l.mapped {
		var err error
		if f, err = openFile(l.path()); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		defer f.Close()
	}
	if err := flush(f); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	step("sync directory")
	syncDir(l.dir)
	return nil
}

// add returns the file with a place for every series of the catalog, and the
// number of series in it then. It writes nothing.
func (l *Ledger) add(file page, n int) (page, int, error) {
	var missing [][32]byte
	for i, place := range file.find(n, l.keys) {
		if place < 0 {
			missing = append(missing, l.keys[i])
		}
	}
	total := n + len(missing)
	if total > maxSeries {
		return nil, 0, fmt.Errorf("ledger: %q has no room for %d more series", l.path(), len(missing))
	}
	grown := file
	if total > file.capacity() {
		grown = newPage(min(total+spare, maxSeries))
		copy(grown, file)
	}
	for i, key := range missing {
		grown.series(n+i, key)
	}
	grown.word(atCount).Store(encode(uint64(total)))
	return grown, total, nil
}

// mapFile maps the whole file, and makes the series count that were added to
// it. The mapping ends when the ledger is no longer reachable, never earlier:
// an Add may be in the middle of it.
func (l *Ledger) mapFile(before, total int) (err error) {
	f, err := openFile(l.path())
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	l.opened = f
	if l.file, err = f.Stat(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	m, err := mmap.Map(f, mmap.RDWR, 0)
	if err != nil {
		return fmt.Errorf("ledger: %q cannot be mapped: %w", l.path(), err)
	}
	runtime.AddCleanup(l, func(m mmap.MMap) { _ = m.Unmap() }, m)
	l.page = page(m)
	if len(m) < headerSize+total*slotSize {
		return ErrDamaged // since it was read
	}
	l.closed = l.page.word(atClosed)
	for _, place := range l.places {
		l.slots = append(l.slots, l.page.slot(place))
	}
	if total == before {
		return nil
	}
	step("count series")
	if err := l.guard(func() error {
		l.page.word(atCount).Store(encode(uint64(total)))
		return nil
	}); err != nil {
		return err
	}
	if err := flush(f); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// Close gives the file's descriptor back, without which there is no [Hold]. The
// ledger goes on, but for whoever needs it no more. It can be called again.
func (l *Ledger) Close() { _ = l.opened.Close() }

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
