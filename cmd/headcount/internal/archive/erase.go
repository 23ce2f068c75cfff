package archive

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// EraseOptions say what Erase works on beside the archive.
type EraseOptions struct {
	Files    []string                // raw files of the Collector, or directories with them
	Closed   bool                    // no Collector writes them, whatever their names
	Now      time.Time               // for the receipt
	Progress func(done, total int64) // bytes of the raw files; may be nil
}

// A Receipt says what Erase did. It holds no identifier, and nothing that is
// made from one.
type Receipt struct {
	Version    int          `json:"version"`
	Number     int64        `json:"number"` // 1, 2, 3, …
	Time       time.Time    `json:"time"`
	Requests   int          `json:"requests"`      // carried out now
	Ever       int          `json:"requests_ever"` // carried out since the archive was made, these included
	Reports    int64        `json:"reports"`       // removed from the archive
	Rejected   int64        `json:"rejected"`      // lines removed from rejected.jsonl
	Files      []ErasedFile `json:"files"`         // raw files, in the order given
	Left       int64        `json:"left"`          // pieces of erased installations that are still in raw files
	Until      string       `json:"until,omitempty"`
	Unsearched int          `json:"not_searched"`               // files that Compact has read and no erasure has searched for all that is erased
	Sums       int          `json:"sums_only_months,omitempty"` // months that prune left as sums: nothing can be taken out of them
}

// An ErasedFile is what Erase did with a raw file.
type ErasedFile struct {
	Name    string `json:"name"`
	Action  string `json:"action"` // "rewritten", "clean" (nothing to remove), "live" (a Collector writes it; not touched) or "left"
	Removed int64  `json:"removed"`
	Left    int64  `json:"left,omitempty"`
	Why     string `json:"why,omitempty"`
}

// Actions of an ErasedFile.
const (
	rewritten = "rewritten"
	clean     = "clean"
	left      = "left"
	live      = "live"
)

// What has to happen before the rest can be erased.
const (
	untilRotated = "the Collector's live file is rotated and headcount erase runs again (docs/operators.md#rotate-now has the commands)"
	untilNamed   = "headcount erase runs again as is said of each file"
)

// Erase carries out every request to erase that Compact met: it removes the
// installation from every file of the archive, and from the raw files that
// no Collector writes, leaves a keyed hash by which late reports are kept
// out, and writes a receipt. It can be repeated; raw files are searched for
// every installation that was ever erased.
func Erase(ctx context.Context, dir string, o EraseOptions) (*Receipt, error) {
	if _, err := load(dir); err != nil {
		return nil, err
	}
	files, err := rawFiles(o.Files)
	if err != nil {
		return nil, err
	}
	if err := owned(dir); err != nil {
		return nil, err
	}
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	old, err := load(dir)
	if err != nil {
		return nil, err
	}
	if err := old.tidy(dir); err != nil {
		return nil, err
	}
	e := &erasure{ctx: ctx, dir: dir, o: o, m: old.clone(), given: map[string]bool{}, opened: map[*input]bool{}}
	if err := e.run(files); err != nil {
		undo(dir, old)
		return nil, err
	}
	return e.m.Receipt, nil
}

// An erasure is one run of Erase.
type erasure struct {
	ctx    context.Context
	dir    string
	o      EraseOptions
	m      *manifest
	erased *erased
	given  map[string]bool // raw files of this run, from the root
	opened map[*input]bool // what they are known as
}

// run erases from the archive, then from the raw files, and then writes the
// receipt. After each step the manifest is put in place, so that a run that
// is ended is taken up again where it was.
func (e *erasure) run(files []rawFile) (err error) {
	if e.erased, err = e.m.erased(); err != nil {
		return err
	}
	if err := e.archive(); err != nil {
		return err
	}
	if err := e.raw(files); err != nil {
		return fmt.Errorf("the archive is done, and the Collector's files are not (run headcount erase again): %w", err)
	}
	r := e.m.Open
	r.Number = 1
	if last := e.m.Receipt; last != nil {
		r.Number = last.Number + 1
	}
	r.Time, r.Ever = e.o.Now.UTC().Truncate(time.Second), len(e.m.Tombstones)
	r.Unsearched = e.unsearched()
	e.m.Receipt, e.m.Open = r, nil
	err = e.m.save(e.dir)
	if err == nil {
		err = e.m.keepReceipt(e.dir)
	}
	if err != nil {
		return fmt.Errorf("all is erased, and the receipt is not written (run headcount erase again): %w", err)
	}
	return nil
}

// archive removes the erased installations from the archive. From here on
// their identifiers are known by their hashes alone.
func (e *erasure) archive() (err error) {
	r := &Receipt{Version: 1}
	if e.m.Open != nil {
		*r = *e.m.Open // of a run that was ended
	}
	r.Requests += len(e.m.Pending)
	r.Reports += e.m.Removed
	e.m.Generation++
	if len(e.m.Pending) > 0 {
		n, err := e.months()
		if err != nil {
			return err
		}
		r.Reports += n
	}
	n, err := e.m.filterRejected(e.dir, false, func(line []byte, x *rejection) bool {
		return e.erased.in(line) || e.erased.in([]byte(x.Text)) || e.erased.in(x.Bytes)
	})
	if err != nil {
		return err
	}
	r.Rejected += n
	r.Sums = 0
	for _, month := range e.m.Months {
		if month.Sums && r.Requests > 0 {
			r.Sums++
		}
	}
	for id := range e.erased.pending {
		e.m.Tombstones = append(e.m.Tombstones, e.erased.hash(id))
	}
	slices.Sort(e.m.Tombstones)
	e.m.Pending, e.m.Removed, e.m.Open = nil, 0, r
	if err := e.m.save(e.dir); err != nil {
		return err
	}
	return swept(e.dir, e.m.sweep(e.dir))
}

// months writes every month anew without the erased installations.
func (e *erasure) months() (removed int64, err error) {
	d := &deriver{ctx: e.ctx, dir: e.dir, m: e.m, erased: e.erased, rewrite: true}
	for _, month := range e.m.Months {
		if month.Sums {
			if err := e.m.filterInstallations(e.dir, month, func(s *state) bool { return e.erased.has(s.id) }); err != nil {
				return 0, err
			}
			continue
		}
		if err := d.month(month.First, nil); err != nil {
			return 0, err
		}
	}
	e.m.forget()
	return d.removed, nil
}

// raw rewrites the raw files that no Collector writes.
func (e *erasure) raw(files []rawFile) error {
	r := e.m.Open
	before := r.Files // of a run that was ended
	r.Files, r.Left, r.Until = []ErasedFile{}, 0, ""
	known := newIndex(e.m.Inputs)
	var total, done int64
	for _, f := range files {
		total += f.size
	}
	for _, f := range files {
		x, err := e.rawFile(f, known)
		if err != nil {
			return err
		}
		if x.Action != rewritten { // rewrite has noted it
			i := slices.IndexFunc(before, func(b ErasedFile) bool { return b.Name == x.Name })
			if i >= 0 && x.Action == clean {
				x = before[i]
			}
			r.Files = append(r.Files, x)
		}
		r.Left += x.Left
		switch {
		case x.Left > 0 && x.Action == live:
			r.Until = untilRotated
		case x.Left > 0 && r.Until == "":
			r.Until = untilNamed
		}
		if done += f.size; e.o.Progress != nil {
			e.o.Progress(done, total)
		}
	}
	return nil
}

// name is that of the receipt's file.
func (r *Receipt) name() string {
	return fmt.Sprintf("erase-%s-%d.json", r.Time.Format("20060102T150405Z"), r.Number)
}
