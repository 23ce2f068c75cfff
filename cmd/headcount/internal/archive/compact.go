package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// CompactOptions say what Compact reads.
type CompactOptions struct {
	Files    []string                // files and directories of the Collector
	Catalog  string                  // name or file; "": as the archive has it, or none
	Progress func(done, total int64) // bytes of the files; may be nil
}

// Compacted says what Compact did.
type Compacted struct {
	Files      int              `json:"files"`       // that were given
	Unchanged  int              `json:"unchanged"`   // of them, with nothing new
	Renamed    int              `json:"renamed"`     // that were known under another name
	Bytes      int64            `json:"bytes"`       // that were read, uncompressed
	Reports    int64            `json:"reports"`     // accepted
	Erasures   int64            `json:"erasures"`    // new requests to erase
	LateErased int64            `json:"late_erased"` // reports of erased installations that were kept out
	Kinds      map[string]int64 `json:"kinds"`       // rejected, by kind
	Months     []string         `json:"months"`      // that were written
	Warnings   []string         `json:"warnings"`
}

// Compact reads what is new in the Collector's files into the archive in a
// directory, and makes the archive if there is none. It never changes the
// files. The archive is as it was until the new one is complete.
func Compact(ctx context.Context, dir string, o CompactOptions) (done *Compacted, err error) {
	paths, err := inputs(dir, o.Files)
	if err != nil {
		return nil, err
	}
	view, err := schema.Load(o.Catalog)
	if err != nil {
		return nil, err
	}
	if err := owned(dir); err != nil {
		return nil, err
	}
	old, err := load(dir)
	if err == nil {
		defer func() { err = asItWas(dir, old, err) }()
	} else if errors.Is(err, fs.ErrNotExist) {
		old, err = create(dir)
	}
	if err != nil {
		return nil, err
	}
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if now, err := load(dir); err == nil {
		old = now // another run may have ended in between
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := old.tidy(dir); err != nil {
		return nil, err
	}
	c := &compaction{ctx: ctx, dir: dir, o: o, old: old, m: old.clone(), rejected: &rejections{}, done: &Compacted{Files: len(paths), Kinds: map[string]int64{}}}
	if err := c.adopt(view, o.Catalog != ""); err != nil {
		return nil, fmt.Errorf("archive %s: %w", dir, err)
	}
	if o.Catalog == "" && old.Generation == 0 {
		c.warn("no catalog: names come from the data; give --catalog to check them")
	}
	defer os.RemoveAll(filepath.Join(dir, workName))
	if err := c.run(paths); err != nil {
		c.rejected.abandon()
		undo(dir, old)
		return nil, err
	}
	return c.done, nil
}

// A compaction is one run of Compact.
type compaction struct {
	ctx      context.Context
	dir      string
	o        CompactOptions
	old, m   *manifest
	erased   *erased
	fresh    map[[16]byte]bool // identifiers with a new request
	sorter   *sorter
	rejected *rejections
	closed   day.Day // first day that is not kept as sums only
	changed  bool
	seen     map[fileID]bool // files that were read in this run
	total    int64
	read     int64 // bytes of the files gone through
	done     *Compacted
}

// adopt puts the catalog of this run together with that of the archive.
func (c *compaction) adopt(view *schema.Schema, given bool) error {
	if !given {
		return nil
	}
	if was := c.m.Catalog; was != nil {
		switch {
		case was.Product != view.Product && len(c.m.Months) == 0: // the first catalog was a wrong one
			c.warn("the archive has no report of %q: it begins again with the catalog of %q", was.Product, view.Product)
			c.m.Schema, c.m.Catalog, c.m.Inputs, c.m.Kinds, c.m.Rejected = schema.New(), nil, nil, map[string]int64{}, 0
			was = view
		case was.Product != view.Product:
			return fmt.Errorf("it is of %q, and the catalog is of %q: give each product an archive of its own; if this archive was made with a wrong --catalog, remove it and compact the raw files again", was.Product, view.Product)
		}
		if was.Notice > view.Notice {
			c.warn("the catalog has notice %d, and the archive was compacted with notice %d: the archive's newer list is used", view.Notice, was.Notice)
			view = was // an older list adds nothing
		}
	}
	if err := c.m.Schema.Extend(view); err != nil {
		return fmt.Errorf("%w: give the new metric another name, or the new catalog an archive of its own", err)
	}
	c.changed = c.old.Catalog == nil || !c.old.Catalog.Equal(view)
	c.m.Catalog = view
	c.m.Schema.Product, c.m.Schema.Notice, c.m.Schema.Max, c.m.Schema.Open = view.Product, view.Notice, view.Max, false
	return nil
}

func (c *compaction) run(paths []string) (err error) {
	if c.erased, err = c.m.erased(); err != nil {
		return err
	}
	c.fresh, c.seen = map[[16]byte]bool{}, map[fileID]bool{}
	c.m.Generation++
	c.sorter = newSorter(filepath.Join(c.dir, workName), sorterLimit)
	c.rejected = openRejections(c.dir, c.m.Rejected, maxRejected)
	c.closed = c.firstOpen()
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			c.total += info.Size()
		}
	}
	known := newIndex(c.m.Inputs)
	for _, path := range paths {
		if err := c.file(path, known); err != nil {
			return err
		}
	}
	c.fits()
	if c.m.Rejected, err = c.rejected.close(); err != nil {
		return err
	}
	if err := c.derive(); err != nil {
		return err
	}
	if !c.changed {
		return nil
	}
	if err := c.m.save(c.dir); err != nil {
		return err
	}
	return swept(c.dir, c.m.sweep(c.dir))
}

// firstOpen is the first day whose reports are still kept.
func (c *compaction) firstOpen() day.Day {
	first := day.First
	for _, m := range c.m.Months {
		if m.Sums {
			first = m.First.NextMonth()
		}
	}
	return first
}

// derive makes the months anew that have new reports, or reports of an
// installation that is newly erased, and all after them.
func (c *compaction) derive() error {
	sources, err := c.sorter.sources()
	defer closeAll(sources)
	if err != nil {
		return err
	}
	fresh, err := newMerger(c.ctx, sources, false)
	if err != nil {
		return err
	}
	from := day.None
	if r := fresh.peek(); r != nil {
		from = r.Day.Month()
	}
	if first, err := c.firstOfErased(); err != nil {
		return err
	} else if first != day.None && (from == day.None || first < from) {
		from = first
	}
	if from == day.None {
		return nil
	}
	from = c.m.begin(from)
	d := &deriver{ctx: c.ctx, dir: c.dir, m: c.m, erased: c.erased, fresh: c.fresh}
	for at, more := from, true; more; at, more = c.following(at, fresh) {
		var new source
		part := &of{m: fresh, first: at, d: d}
		if r := fresh.peek(); r != nil && r.Day.Month() == at {
			new = part
		}
		if err := d.month(at, new); err != nil {
			return err
		}
	}
	c.done.Months = d.made
	c.m.forget()
	c.done.Reports -= d.late
	c.done.LateErased += d.late
	c.m.Late += c.done.LateErased
	c.m.Removed += d.removed
	return nil
}

// following is the month after one that is in the archive or has new reports.
func (c *compaction) following(at day.Day, fresh *merger) (day.Day, bool) {
	next, found := day.None, false
	if r := fresh.peek(); r != nil {
		next, found = r.Day.Month(), true
	}
	for _, m := range c.m.Months {
		if m.First > at && (!found || m.First < next) {
			next, found = m.First, true
		}
	}
	return next, found
}

// firstOfErased is the first month with a report of an installation whose
// request is new; none if there is no such report.
func (c *compaction) firstOfErased() (day.Day, error) {
	first := day.None
	if len(c.fresh) == 0 || len(c.m.Months) == 0 {
		return first, nil
	}
	last := c.m.Months[len(c.m.Months)-1]
	all, err := c.m.openStates(c.dir, last.Installations)
	if err != nil {
		return first, err
	}
	defer all.close()
	for s := all.peek(); s != nil; s = all.peek() {
		if c.fresh[s.id] && (first == day.None || s.First < first) {
			first = s.First
		}
		if err := all.next(); err != nil {
			return first, err
		}
	}
	for _, m := range c.m.Months {
		if first != day.None && m.First >= max(first, c.closed).Month() && !m.Sums {
			return m.First, nil
		}
	}
	return day.None, nil
}
