package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"headcount.example/cmd/headcount/internal/atomicfile"
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
	Version  int          `json:"version"`
	Time     time.Time    `json:"time"`
	Requests int          `json:"requests"`      // carried out now
	Ever     int          `json:"requests_ever"` // carried out since the archive was made, these included
	Reports  int64        `json:"reports"`       // removed from the archive
	Rejected int64        `json:"rejected"`      // lines removed from rejected.jsonl
	Files    []ErasedFile `json:"files"`         // raw files, in the order given
	Left     int64        `json:"left"`          // pieces of erased installations that are still in raw files
	Until    string       `json:"until,omitempty"`
}

// An ErasedFile is what Erase did with a raw file.
type ErasedFile struct {
	Name    string `json:"name"`
	Action  string `json:"action"` // "rewritten", "clean" (nothing to remove) or "left"
	Removed int64  `json:"removed"`
	Left    int64  `json:"left,omitempty"`
	Why     string `json:"why,omitempty"`
}

const untilRotated = "the Collector rotates the file (rotation: max_megabytes in its configuration, or a restart after renaming it); run headcount erase with the rotated file then"

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
	unlock, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	old, err := load(dir)
	if err != nil {
		return nil, err
	}
	if err := old.sweep(dir); err != nil {
		return nil, err
	}
	e := &erasure{ctx: ctx, dir: dir, o: o, m: old.clone(), r: &Receipt{Version: 1, Time: o.Now.UTC().Truncate(time.Second), Files: []ErasedFile{}}}
	if err := e.run(files); err != nil {
		old.sweep(dir)
		return nil, err
	}
	return e.r, nil
}

// An erasure is one run of Erase.
type erasure struct {
	ctx    context.Context
	dir    string
	o      EraseOptions
	m      *manifest
	erased *erased
	r      *Receipt
}

func (e *erasure) run(files []rawFile) (err error) {
	if e.erased, err = e.m.erased(); err != nil {
		return err
	}
	e.m.Generation++
	e.r.Requests, e.r.Reports = len(e.m.Pending), e.m.Removed
	if len(e.m.Pending) > 0 {
		if err := e.months(); err != nil {
			return err
		}
	}
	if e.r.Rejected, err = e.m.filterRejected(e.dir, func(line []byte, x *rejection) bool {
		return e.erased.in(line) || e.erased.in(x.Bytes)
	}); err != nil {
		return err
	}
	if err := e.raw(files); err != nil {
		return err
	}
	// From here on the identifiers are known by their hashes alone.
	for id := range e.erased.pending {
		e.m.Tombstones = append(e.m.Tombstones, e.erased.hash(id))
	}
	slices.Sort(e.m.Tombstones)
	e.m.Pending, e.m.Removed = nil, 0
	e.r.Ever = len(e.m.Tombstones)
	if err := e.m.save(e.dir); err != nil {
		return err
	}
	return errors.Join(e.m.sweep(e.dir), e.receipt())
}

// months writes every month anew without the erased installations.
func (e *erasure) months() error {
	d := &deriver{ctx: e.ctx, dir: e.dir, m: e.m, erased: e.erased, rewrite: true}
	for _, month := range e.m.Months {
		if month.Sums {
			if err := e.m.filterInstallations(e.dir, month, func(s *state) bool { return e.erased.has(s.id) }); err != nil {
				return err
			}
			continue
		}
		if err := d.month(month.First, nil); err != nil {
			return err
		}
	}
	e.r.Reports += d.removed
	e.m.forget()
	return nil
}

// raw rewrites the raw files that no Collector writes.
func (e *erasure) raw(files []rawFile) error {
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
		if e.r.Left += x.Left; x.Left > 0 {
			e.r.Until = untilRotated
		}
		e.r.Files = append(e.r.Files, x)
		if done += f.size; e.o.Progress != nil {
			e.o.Progress(done, total)
		}
	}
	return nil
}

// receipt keeps the receipt in the archive.
func (e *erasure) receipt() error {
	dir := filepath.Join(e.dir, receiptsName)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	data, err := json.MarshalIndent(e.r, "", "  ")
	if err != nil {
		return err
	}
	name := fmt.Sprintf("erase-%s-%d.json", e.r.Time.Format("20060102T150405Z"), e.m.Generation)
	return atomicfile.Write(filepath.Join(dir, name), append(data, '\n'), fileMode)
}
