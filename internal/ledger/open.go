package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"headcount.example/internal/durable"
)

// A Place is where a ledger is kept: in State or, if State is nil, in files of Dir.
type Place struct {
	Dir   string
	State State
}

// Open opens the ledger in a place for the named series, or makes a new one with
// a new identity. It makes the directory if need be. A damaged ledger is quarantined,
// one of an earlier yes is destroyed, and a new one is made; in a State both are replaced.
// Open waits for other processes until ctx ends at most.
//
// Call it only when consent holds: it makes the identifier. Open calls allowed before
// that, so that a slow process does not make again what a no has just destroyed. In a
// directory it does so under the lock that [Destroy] takes, in a State once before and
// once after. Allowed must return soon: other processes wait.
func Open(ctx context.Context, place Place, owner Owner, series []string, now time.Time, allowed func() error) (*Ledger, error) {
	if place.State != nil {
		return openState(ctx, place.State, owner, series, now, allowed)
	}
	dir := place.Dir
	if dir == "" {
		return nil, errors.New("ledger: no directory: totals and identifier must survive a restart")
	}
	if err := durable.MakeTrusted(dir); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	release, err := lock(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer release()
	o := opening{dir: dir, path: filepath.Join(dir, fileName), owner: owner, series: series, now: now, allowed: allowed}
	if !present(filepath.Join(dir, stateName)) {
		o.mapped = mappable(dir)
		p, err := o.load()
		if err != nil {
			return nil, err
		}
		if o.mapped {
			return o.open(p)
		}
	}
	l, err := openState(ctx, locked{dirState{dir}}, owner, series, now, allowed)
	if err == nil {
		l.state.State, l.quarantined = dirState{dir}, cmp.Or(l.quarantined, o.quarantined)
	}
	return l, err
}

// opening is one call of Open, under the lock.
type opening struct {
	dir, path   string
	owner       Owner
	series      []string
	now         time.Time
	allowed     func() error
	mapped      bool // else the installation is in a dirState
	quarantined string
}

// open maps the file, which has the bytes of p.
func (o *opening) open(p page) (*Ledger, error) {
	f, err := durable.Open(o.path, os.O_RDWR)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	defer f.Close() // the mapping stays
	m := &file{path: o.path}
	for _, name := range o.series {
		m.keys = append(m.keys, keyOf(name))
	}
	if m.places, err = findOrAdd(f, p, m.keys); err == nil {
		m.info, err = f.Stat()
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	h := p.header()
	l := &Ledger{id: h.identity(), yes: h.Yes, quarantined: o.quarantined, mapped: m}
	if m.page, err = mapFile(f, l); err != nil {
		return nil, fmt.Errorf("ledger: %q cannot be mapped: %w", o.path, err)
	}
	for _, at := range m.places {
		l.slots = append(l.slots, m.page.slot(at))
	}
	l.closed = m.page.word(atClosed)
	plan := p.plan()
	l.seen.Store(&plan)
	return l, nil
}

// load returns the bytes of a sound ledger file of this yes:
//   - A missing file is made.
//   - A closed file is destroyed first: the process that closed it was killed.
//   - A file of an earlier yes is destroyed first.
//   - A damaged file is quarantined first.
//   - A file that cannot be read stays, with an error: it may be sound.
//
// If nothing can be mapped, no file is made, and a sound file of this yes is an error.
func (o *opening) load() (page, error) {
	for range 3 {
		p, err := examine(o.path)
		current := false
		if err == nil {
			current, err = p.header().under(o.owner)
		}
		switch {
		case current && !o.mapped:
			return nil, fmt.Errorf("ledger: %q was mapped into memory and cannot be here: stop every process that uses it, then remove it", o.path)
		case current:
			return p, nil
		case err == nil:
			if err = o.allowed(); err == nil {
				err = destroy(o.dir, false)
			}
		case errors.Is(err, errNothing) && !o.mapped:
			return nil, nil
		case errors.Is(err, errNothing):
			if err = o.allowed(); err == nil {
				err = o.create()
			}
		case errors.Is(err, errClosed):
			err = destroy(o.dir, false)
		case errors.Is(err, errDamaged):
			o.quarantined = err.Error()
			err = quarantine(o.path)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("ledger: %q is damaged again as soon as it is written: %s", o.path, o.quarantined)
}

func (o *opening) create() error {
	durable.Sweep(o.path) // their identifiers were never used
	h, err := newHeader(o.owner, o.now)
	if err != nil {
		return err
	}
	p := newPage()
	p.begin(h)
	if err := durable.Replace(o.path, p); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return nil
}

// findOrAdd returns the place of each series in the file, and makes one for a series
// that has none. A new series counts only after its name is on the disk.
func findOrAdd(f *os.File, p page, keys [][32]byte) ([]int, error) {
	n, _ := p.check() // it was sound
	at := make(map[[32]byte]int, n)
	for i := range n {
		at[p.key(i)] = i
	}
	places, total := make([]int, len(keys)), n
	for i, key := range keys {
		place, ok := at[key]
		if !ok {
			if place = total; place == maxSeries {
				return nil, fmt.Errorf("%q has no room for more series", f.Name())
			}
			p.setSeries(place, key)
			total++
		}
		places[i] = place
	}
	if total == n {
		return places, nil
	}
	if err := put(f, p[slotAt(n):slotAt(total)], slotAt(n)); err != nil {
		return nil, err
	}
	p.word(atCount).Store(counted(total))
	return places, put(f, p[atCount:atCount+8], atCount)
}

// quarantine renames a damaged file, in place of an earlier one: the newest is kept for
// inspection. Processes that count in it notice when they check the name.
func quarantine(path string) error {
	durable.Step("rename to " + filepath.Base(damagedName(path)))
	if err := os.Rename(path, damagedName(path)); err != nil {
		return fmt.Errorf("ledger: %q is not a sound ledger and cannot be quarantined: remove it (%w)", path, err)
	}
	_ = durable.SyncDir(filepath.Dir(path))
	return nil
}
