package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"headcount.example/internal/durable"
)

const (
	fileName = "headcount.totals"
	lockName = "headcount.lock"
)

// A mapped file keeps the totals: all processes of an installation add in the
// same page of the kernel.
type mapped struct {
	path   string
	id     Identity
	keys   [][32]byte
	page   page
	places []int // of the series given to Open, in the file
	slots  []Slot
	file   os.FileInfo // the file that the page shows

	senders sync.Map // of tokens: the locked file
}

// Open opens the ledger in dir for the named series, or makes a new one with
// a new identity. It makes dir if need be. A damaged ledger is put aside, and
// one of an earlier yes destroyed, and a new one made. It waits for other
// processes at most until ctx ends, and touches nothing but files in dir. No
// name may be there twice.
//
// Call it only when consent holds: it makes the identifier. Allowed is asked
// before that, under the lock that [Destroy] needs too, so that a process that
// comes late does not make again what a no has just destroyed. It must answer
// soon: other processes wait.
func Open(ctx context.Context, dir string, owner Owner, series []string, now time.Time, allowed func() error) (*Ledger, error) {
	keys, err := keysOf(series)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		return nil, errors.New("ledger: no directory: totals and identifier must survive a restart")
	}
	if err := durable.MakeDir(dir); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	release, err := durable.Lock(ctx, filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	o := opening{dir: dir, owner: owner, keys: keys, now: now, allowed: allowed}
	m, err := o.open()
	release()
	switch {
	case errors.Is(err, errFolded):
		l, err := OpenState(ctx, stateFile{dir}, owner, series, now, allowed)
		if err == nil && o.aside != "" {
			l.aside = o.aside
		}
		return l, err
	case err != nil:
		return nil, err
	}
	l := &Ledger{id: m.id, aside: o.aside, closed: m.page.word(atClosed), slots: m.slots, mapped: true, kept: m}
	unmapWhenUnused(m)
	return l, nil
}

// opening is one call of Open, under the lock.
type opening struct {
	dir     string
	owner   Owner
	keys    [][32]byte
	now     time.Time
	allowed func() error
	aside   string
}

func (o *opening) path() string { return filepath.Join(o.dir, fileName) }

var errFolded = errors.New("the totals are not in a mapped file")

func (o *opening) open() (*mapped, error) {
	file, n, err := o.load()
	if err != nil {
		return nil, err
	}
	grown, total, err := o.place(file, n)
	if err != nil {
		return nil, err
	}
	if total > n {
		if err := extend(o.path(), grown, len(file), n, total-n); err != nil {
			return nil, err
		}
	}
	m := &mapped{path: o.path(), id: file.identity(), keys: o.keys, places: grown.find(total, o.keys)}
	return m, m.open(n, total)
}

// load returns the bytes of a sound ledger file and its number of series. One
// that is not there is made; one that was closed is destroyed to the end
// first, because the process that closed it was killed; so is one of an earlier
// yes; one that is damaged is put aside first.
func (o *opening) load() (page, int, error) {
	for range 3 {
		file, n, err := examine(o.path())
		owner := Owner{}
		if err == nil {
			owner = file.owner()
		}
		switch {
		case err == nil && owner.Product != o.owner.Product:
			return nil, 0, fmt.Errorf("ledger: directory %q belongs to %.100q: give %s one of its own", o.dir, owner.Product, o.owner.Product)
		case err == nil && (o.owner.Yes == 0 || owner.Yes == o.owner.Yes):
			if !mappable(o.dir) {
				return nil, 0, fmt.Errorf("ledger: %q was mapped into memory and cannot be here: stop every process that uses it, then remove it", o.path())
			}
			return file, n, nil
		case err == nil:
			if err = o.allowed(); err == nil {
				err = destroy(o.dir)
			}
		case errors.Is(err, os.ErrNotExist):
			if err = o.allowed(); err == nil {
				err = o.create()
			}
		case errors.Is(err, ErrClosed):
			err = destroy(o.dir)
		case errors.Is(err, errUnreadable), errors.Is(err, errFolded):
			// Unreadable is not for us to judge or to move: it may be sound.
		default:
			o.aside = err.Error()
			err = putAside(o.path())
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, fmt.Errorf("ledger: %q is damaged again as soon as it is written: %s", o.path(), o.aside)
}

// spare is how many more series a new or grown file has room for, so that the
// next version of the catalog rarely has to grow it.
const spare = 16

func (o *opening) create() error {
	for _, left := range durable.Leftovers(o.path()) {
		_ = wipe(left)
	}
	if !mappable(o.dir) {
		return errFolded
	}
	id, due, err := newIdentity(o.now)
	if err != nil {
		return err
	}
	p := newPage(len(o.keys) + spare)
	p.begin(id, o.owner)
	p.setSchedule(Schedule{Due: moment(due)})
	for i, key := range o.keys {
		p.series(i, key)
	}
	p.word(atCount).Store(counted(len(o.keys)))
	if err := durable.Replace(o.path(), p); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// place returns the file with a place for every series of the catalog, and the
// number of series in it then. It writes nothing.
func (o *opening) place(file page, n int) (page, int, error) {
	var missing [][32]byte
	for i, place := range file.find(n, o.keys) {
		if place < 0 {
			missing = append(missing, o.keys[i])
		}
	}
	total := n + len(missing)
	if total > maxSeries {
		return nil, 0, fmt.Errorf("ledger: %q has no room for %d more series", o.path(), len(missing))
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

// open maps the whole file, and makes the series count that were added to it.
// The mapping ends when the ledger is no longer reachable, never earlier: an
// Add may be in the middle of it.
func (m *mapped) open(before, total int) error {
	f, err := openFile(m.path)
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer f.Close() // the mapping stays
	if m.file, err = f.Stat(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	if m.file.Size() < int64(headerSize+total*slotSize) {
		return ErrDamaged // since it was read
	}
	if m.page, err = mapFile(f, int(m.file.Size())); err != nil {
		return fmt.Errorf("ledger: %q cannot be mapped: %w", m.path, err)
	}
	for _, place := range m.places {
		m.slots = append(m.slots, m.page.slot(place))
	}
	if total == before {
		return nil
	}
	durable.Step("count series")
	if err := m.guard(func() error {
		m.page.word(atCount).Store(counted(total))
		return nil
	}); err != nil {
		return err
	}
	return flush(f)
}

// guard runs f, which touches the mapping. A fault is an error.
func (m *mapped) guard(f func() error) (err error) {
	before := debug.SetPanicOnFault(true)
	defer func() {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			err = fmt.Errorf("%w: it has gone from under the mapping", ErrDamaged)
		}
		runtime.KeepAlive(m)
	}()
	if err := m.page.open(); err != nil {
		return err
	}
	return f()
}

// whole checks the mapping: that it is sound, and still shows this
// installation and its series. Another process may have made the file longer
// and counts more series than the mapping shows.
func (m *mapped) whole() error {
	n, err := m.page.checkHeader()
	if err == nil {
		err = m.page.checkSeries(min(n, m.page.capacity()))
	}
	switch {
	case errors.Is(err, ErrClosed):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case m.page.identity() != m.id:
		return ErrGone
	}
	for i, place := range m.places {
		if place >= n || m.page.key(place) != m.keys[i] {
			return ErrGone
		}
	}
	return nil
}

func (m *mapped) check(context.Context) error {
	if err := m.guard(m.whole); err != nil {
		return err
	}
	now, err := os.Lstat(m.path)
	if err != nil && !gone(err) {
		return nil
	}
	if err != nil || !os.SameFile(now, m.file) {
		return ErrGone
	}
	return nil
}

func (m *mapped) totals(ctx context.Context, totals []uint64) error {
	err := m.guard(func() error {
		for i, slot := range m.slots {
			n, ok := total(slot)
			if !ok {
				return ErrDamaged
			}
			totals[i] = n
		}
		return nil
	})
	if err == nil {
		// Last, so that what was read is this installation's even when
		// another one's file was written over it meanwhile.
		err = m.check(ctx)
	}
	return err
}

func (m *mapped) sync(context.Context) error { return nil }

func (m *mapped) schedule() (s Schedule, err error) {
	err = m.guard(func() error {
		s, err = m.page.schedule()
		return err
	})
	return s, err
}

func (m *mapped) begin(_ context.Context, now, until time.Time, attempt func(Schedule) (Schedule, error)) (token uint64, err error) {
	// The kernel's lock tells that a process which had it with the right died:
	// then no process waits for the end of the right. The lowest bit says whether
	// it had it.
	f, err := openFile(m.path)
	locked := err == nil && lockFile(f)
	token = sendingWord(until, mathrand.Uint64()) &^ 1
	if locked {
		token |= 1
	}
	defer func() {
		if err == nil {
			m.senders.Store(token, f)
		} else if f != nil {
			_ = f.Close()
		}
	}()
	err = m.guard(func() error {
		sending := m.page.word(atSending)
		before := sending.Load()
		if busy(before, now) && !(locked && before&1 == 1) || !sending.CompareAndSwap(before, token) {
			return ErrBusy
		}
		s, err := m.page.schedule()
		if err == nil {
			s, err = attempt(s)
		}
		if err != nil {
			sending.CompareAndSwap(token, 0)
			return err
		}
		m.page.setSchedule(s)
		return nil
	})
	return token, err
}

func (m *mapped) confirm(ctx context.Context, token uint64) error {
	err := m.guard(func() error {
		if m.page.word(atSending).Load() != token {
			return ErrLost
		}
		return nil
	})
	if err == nil {
		err = m.check(ctx)
	}
	return err
}

// end gives the right to send back also where the yes was taken back: the
// process that destroys waits for it.
func (m *mapped) end(_ context.Context, token uint64, s Schedule) error {
	if f, ok := m.senders.LoadAndDelete(token); ok {
		defer f.(*os.File).Close()
	}
	err := m.guard(func() error {
		if m.page.word(atSending).Load() != token {
			return ErrLost
		}
		m.page.setSchedule(s)
		return nil
	})
	defer func() { _ = recover() }()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	m.page.word(atSending).CompareAndSwap(token, 0)
	runtime.KeepAlive(m)
	return err
}

// openFile opens an existing file of ours. It follows no link and does not
// wait for a FIFO.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|durable.OpenFlags, 0)
}

var errUnreadable = errors.New("cannot be read")

// examine reads the file and checks it. It looks more than once before it finds
// damage: nothing promises that a number that others add to is copied whole.
func examine(path string) (file page, n int, err error) {
	for range 3 {
		if file, err = read(path); err == nil {
			n, err = file.check()
		}
		if err == nil || errors.Is(err, os.ErrNotExist) || errors.Is(err, errUnreadable) || errors.Is(err, errFolded) {
			break
		}
	}
	return file, n, err
}

// read reads a whole file into memory that can be used as a page.
func read(path string) (page, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, err
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%q is not a file", path)
	}
	unreadable := func(err error) error {
		return fmt.Errorf("ledger: %q %w: %w: chown it to the application", path, errUnreadable, err)
	}
	f, err := openFile(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, unreadable(err)
	}
	if isStateFile(f) {
		return nil, errFolded
	}
	// The end need not be that of a series: a process that made the file
	// longer may have been killed, or the disk full, in the middle of it.
	if size := info.Size(); size < headerSize || size > maxSize {
		if wiped(f, size) {
			return nil, ErrClosed
		}
		return nil, fmt.Errorf("%d bytes is not the size of a ledger", size)
	}
	p := newPage((int(info.Size()) - headerSize) / slotSize)
	if _, err := io.ReadFull(f, p); err != nil {
		return nil, unreadable(err)
	}
	return p, nil
}

// wiped says whether a file that is not mapped was overwritten by a process that
// was killed before it removed the name.
func wiped(f *os.File, size int64) bool {
	b := make([]byte, min(size, headerSize))
	_, err := f.ReadAt(b, 0)
	return err == nil && size >= int64(stateHeaderSize) && size <= headerSize && bytes.Count(b, []byte{0}) == len(b)
}

// gone tells that a file is not there from not being able to look.
func gone(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
