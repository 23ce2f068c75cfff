package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/otlpfile"
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
// files. Until it returns without an error the archive is as it was.
func Compact(ctx context.Context, dir string, o CompactOptions) (*Compacted, error) {
	paths, err := expand(o.Files)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("no file to compact: name the Collector's files or their directory")
	}
	view, err := schema.Load(o.Catalog)
	if err != nil {
		return nil, err
	}
	old, err := load(dir)
	if errors.Is(err, fs.ErrNotExist) {
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
	if err := old.sweep(dir); err != nil {
		return nil, err
	}
	c := &compaction{ctx: ctx, dir: dir, o: o, old: old, m: old.clone(), done: &Compacted{Files: len(paths), Kinds: map[string]int64{}}}
	if err := c.adopt(view, o.Catalog != ""); err != nil {
		return nil, fmt.Errorf("archive %s: %w", dir, err)
	}
	defer os.RemoveAll(filepath.Join(dir, workName))
	if err := c.run(paths); err != nil {
		c.undo()
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
		if was.Product != view.Product {
			return fmt.Errorf("it is of %q, and the catalog is of %q: give each product an archive of its own", was.Product, view.Product)
		}
		if was.Notice > view.Notice {
			view = was // an older list adds nothing
		}
	}
	if err := c.m.Schema.Extend(view); err != nil {
		return err
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
	c.fresh = map[[16]byte]bool{}
	c.m.Generation++
	c.sorter = newSorter(filepath.Join(c.dir, workName), sorterBytes)
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
	return c.m.sweep(c.dir)
}

// undo removes what a failed run made.
func (c *compaction) undo() {
	if c.rejected != nil && c.rejected.file != nil {
		c.rejected.file.Close()
	}
	c.old.sweep(c.dir)
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

// file reads what is new in a file.
func (c *compaction) file(path string, known *index) error {
	f, err := known.open(path)
	if errors.Is(err, fs.ErrNotExist) {
		c.warn("%s vanished before it was read; if it was renamed, the next run reads it under its new name", path)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { f.r.Close() }()
	if f.warning != "" {
		c.warn("%s", f.warning)
	}
	r, h, err := f.rest()
	if err != nil {
		return err
	}
	if r == nil {
		c.warn("%s is shorter (%d bytes) than what was read of it before (%d): it was cut, or is an older copy; nothing in it is new", path, f.info.Size(), f.in.Offset)
		c.done.Unchanged++
		return nil
	}
	in := f.in
	if in == nil {
		in = &input{}
	}
	count := &counter{r: r, h: h, c: c, base: c.read}
	result, err := otlpfile.Read(c.ctx, count, c.m.Schema, c.handler(path, in.Offset))
	if f.id.Compressed && errors.Is(err, io.ErrUnexpectedEOF) {
		c.warn("%s is cut short: what is whole in it was read; if it is still being compressed, the next run reads the rest", path)
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	c.read += f.info.Size()
	return c.note(f, in, count, result, known)
}

// note records how far a file was read.
func (c *compaction) note(f *opened, in *input, count *counter, result otlpfile.Result, known *index) error {
	if f.in == nil {
		c.m.Inputs = append(c.m.Inputs, in)
	}
	moved := in.saw(f.path, f.id)
	if result.Consumed == 0 && in.Pending == result.Pending && !moved {
		c.done.Unchanged++
		return nil
	}
	c.changed = true
	c.done.Bytes += result.Consumed
	h := count.h
	if count.n != result.Consumed { // the hash has gone beyond
		var err error
		if h, err = in.digest(); err != nil {
			return err
		}
		if err := f.summed(h, in.Offset, in.Offset+result.Consumed); err != nil {
			return err
		}
	}
	in.Offset += result.Consumed
	in.Pending, in.Sum = result.Pending, stateOf(h)
	in.Heads = headsOf(f.head, in.Offset)
	known.add(in)
	return nil
}

func (c *compaction) handler(path string, from int64) otlpfile.Handler {
	return otlpfile.Handler{
		Report: func(r *schema.Report) error {
			switch {
			case r.Erasure:
				c.request(r.GUID)
				return nil
			case r.Day < c.closed:
				return c.reject(path, from, otlpfile.Rejected{Kind: answer.TooOld, GUID: r.GUID, HasGUID: true})
			}
			c.done.Reports++
			return c.sorter.add(r)
		},
		Rejected: func(x otlpfile.Rejected) error { return c.reject(path, from, x) },
	}
}

func (c *compaction) reject(path string, from int64, x otlpfile.Rejected) error {
	c.m.Kinds[x.Kind]++
	c.done.Kinds[x.Kind]++
	return c.rejected.add(path, from, x)
}

// request notes a request to erase.
func (c *compaction) request(id [16]byte) {
	if c.erased.has(id) {
		return
	}
	c.erased.pending[id], c.fresh[id] = true, true
	c.m.Pending = append(c.m.Pending, uuid.UUID(id).String())
	c.done.Erasures++
}

// derive makes the months anew that have new reports, or reports of an
// installation that is newly erased, and all after them.
func (c *compaction) derive() error {
	sources, err := c.sorter.sources()
	defer closeAll(sources)
	if err != nil {
		return err
	}
	fresh, err := newMerger(c.ctx, sources)
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
	d := &deriver{ctx: c.ctx, dir: c.dir, m: c.m, erased: c.erased}
	for at, more := from, true; more; at, more = c.following(at, fresh) {
		var new source
		part := &of{m: fresh, first: at, erased: c.erased}
		if r := fresh.peek(); r != nil && r.Day.Month() == at {
			new = part
		}
		if err := d.month(at, new); err != nil {
			return err
		}
		c.done.LateErased += part.dropped
	}
	c.done.Months = d.made
	c.m.forget()
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
	all, err := openStates(filepath.Join(c.dir, last.Installations), c.m.Schema)
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

func (c *compaction) warn(format string, args ...any) {
	c.done.Warnings = append(c.done.Warnings, fmt.Sprintf(format, args...))
}

// A counter hashes and counts what is read, and reports progress.
type counter struct {
	r    io.Reader
	h    *xxhash.Digest
	n    int64
	base int64
	c    *compaction
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.h.Write(b[:n])
	c.n += int64(n)
	if c.c.o.Progress != nil {
		c.c.o.Progress(min(c.base+c.n, c.c.total), c.c.total)
	}
	return n, err
}
