package ledger

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	mmap "github.com/edsrzf/mmap-go"
)

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
		if err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, errUnreadable) {
			break
		}
	}
	return file, n, err
}

// spare is how many more series a new or grown file has room for, so that the
// next version of the catalog rarely has to grow it.
const spare = 16

func (l *Ledger) create(now time.Time) error {
	if l.allowed != nil {
		if err := l.allowed(); err != nil {
			return err
		}
	}
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
	p.word(atCount).Store(counted(len(l.keys)))
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
	f, err := openFile(l.path())
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close()
	if err := flush(f); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	step("sync directory")
	syncDir(l.dir)
	return nil
}

// place returns the file with a place for every series of the catalog, and the
// number of series in it then. It writes nothing.
func (l *Ledger) place(file page, n int) (page, int, error) {
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
	grown.word(atCount).Store(counted(total))
	return grown, total, nil
}

// mapFile maps the whole file, and makes the series count that were added to
// it. The mapping ends when the ledger is no longer reachable, never earlier:
// an Add may be in the middle of it.
func (l *Ledger) mapFile(before, total int) error {
	f, err := openFile(l.path())
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close() // the mapping stays
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
		l.page.word(atCount).Store(counted(total))
		return nil
	}); err != nil {
		return err
	}
	if err := flush(f); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}
