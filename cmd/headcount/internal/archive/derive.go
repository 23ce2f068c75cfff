package archive

import (
	"context"
	"fmt"
	"path/filepath"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
	"headcount.example/cmd/headcount/internal/schema"
)

// A deriver makes the files of months, one after the other, from the reports
// that the archive has and new ones.
type deriver struct {
	ctx     context.Context
	dir     string
	m       *manifest // the new one; its months are replaced one by one
	erased  *erased
	rewrite bool              // reports are written anew also where none are new: to erase
	fresh   map[[16]byte]bool // of the erased, those whose request is as new as the reports
	removed int64             // reports of erased installations that are in the archive no more
	late    int64             // new reports of installations that were erased before
	made    []string
}

// month makes the files of one month. fresh gives the new reports of this
// month; it may be nil. Reports of erased installations are left out.
func (d *deriver) month(first day.Day, fresh source) (err error) {
	old := d.m.month(first)
	var sources []source
	defer func() { closeAll(sources) }()
	if old != nil && old.Reports != "" {
		r, err := d.m.openReports(d.dir, old.Reports)
		if err != nil {
			return err
		}
		sources = append(sources, r)
	}
	if fresh != nil {
		sources = append(sources, fresh)
	}
	before, err := d.before(first)
	if err != nil {
		return err
	}
	defer before.close()
	merged, err := newMerger(d.ctx, sources, false)
	if err != nil {
		return err
	}
	out, err := d.create(first, fresh != nil || d.rewrite)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			out.abandon()
		}
	}()
	if err := d.installations(merged, before, out); err != nil {
		return err
	}
	next := &month{First: first}
	if old != nil {
		next.Reports, next.Rows = old.Reports, old.Rows
	}
	if err := out.close(next, d.dir, d.m.Checks); err != nil {
		return err
	}
	step("month")
	d.made = append(d.made, first.String()[:7])
	d.m.put(next)
	return nil
}

// before opens the installations as of the end of the month before.
func (d *deriver) before(first day.Day) (*states, error) {
	var last *month
	for _, m := range d.m.Months {
		if m.First < first && m.Installations != "" {
			last = m
		}
	}
	if last == nil {
		return nil, nil
	}
	return d.m.openStates(d.dir, last.Installations)
}

// monthFiles are the files of a month while they are written.
type monthFiles struct {
	first         day.Day
	schema        *schema.Schema
	names         month
	reports       *tableWriter // nil: those that are there stay
	installations *tableWriter
	builder       *figures.Builder
}

func (d *deriver) create(first day.Day, reports bool) (*monthFiles, error) {
	name := fmt.Sprintf("%s.%d", first.String()[:7], d.m.Generation)
	out := &monthFiles{first: first, schema: d.m.Schema, builder: figures.NewBuilder(d.m.Schema, first),
		names: month{Reports: "reports/" + name + ".parquet", Installations: "installations/" + name + ".parquet", Tables: "tables/" + name + ".json"}}
	about := []string{"headcount.version", fmt.Sprint(version), "headcount.product", d.m.Schema.Product}
	var err error
	if reports {
		if out.reports, err = createTable(filepath.Join(d.dir, out.names.Reports), reportColumns(d.m.Schema), false, about...); err != nil {
			return nil, err
		}
	}
	if out.installations, err = createTable(filepath.Join(d.dir, out.names.Installations), installationColumns(d.m.Schema), true, about...); err != nil {
		out.abandon()
		return nil, err
	}
	return out, nil
}

func (o *monthFiles) abandon() {
	if o.reports != nil {
		o.reports.abandon()
	}
	if o.installations != nil {
		o.installations.abandon()
	}
}

func (o *monthFiles) close(next *month, dir string, checks map[string]string) (err error) {
	if o.reports != nil {
		if err := o.reports.close(); err != nil {
			return err
		}
		next.Reports, next.Rows = o.names.Reports, o.reports.rows
		checks[next.Reports] = o.reports.check()
	}
	if err := o.installations.close(); err != nil {
		return err
	}
	next.Installations, next.Tables = o.names.Installations, o.names.Tables
	checks[next.Installations] = o.installations.check()
	checks[next.Tables], err = writeTables(filepath.Join(dir, next.Tables), o.builder.Tables())
	return err
}

// installations goes through the reports of a month and the installations
// known before it, side by side, in the order of identifiers.
func (d *deriver) installations(merged *merger, before *states, out *monthFiles) error {
	for {
		r, known := merged.peek(), before.peek()
		if r == nil && known == nil {
			return nil
		}
		var now *state
		switch {
		case r == nil || known != nil && !less(r.GUID, known.id):
			now, known.mask = known, 0
			if err := before.next(); err != nil {
				return err
			}
		default:
			now = &state{id: r.GUID}
		}
		gone := d.erased.has(now.id)
		for r := merged.peek(); r != nil && r.GUID == now.id; r = merged.peek() {
			if gone {
				if out.reports != nil {
					d.removed++
				}
			} else if err := out.add(now, r); err != nil {
				return err
			}
			if err := merged.next(); err != nil {
				return err
			}
		}
		if !gone {
			out.builder.Grow(&now.Installation)
			if err := writeState(out.installations, out.schema, now); err != nil {
				return err
			}
		}
	}
}

func (o *monthFiles) add(now *state, r *schema.Report) error {
	o.builder.Add(&now.Installation, r)
	now.mask |= 1 << (r.Day - o.first)
	if o.reports == nil {
		return nil
	}
	return writeReport(o.reports, o.schema, r)
}

// of is the part of a merger that belongs to one month, without the reports of
// erased installations: a source that leaves the others where they are.
type of struct {
	m     *merger
	first day.Day
	d     *deriver
	began bool
	last  [16]byte
	gone  bool
}

func (o *of) next() (*schema.Report, error) {
	for {
		if o.began {
			if err := o.m.next(); err != nil {
				return nil, err
			}
		}
		r := o.m.peek()
		if o.began = r != nil && r.Day.Month() == o.first; !o.began {
			return nil, nil
		}
		if r.GUID != o.last {
			o.last, o.gone = r.GUID, o.d.erased.has(r.GUID)
		}
		if !o.gone {
			return r, nil
		}
		if o.d.fresh[r.GUID] { // it came before the request
			o.d.removed++
		} else {
			o.d.late++
		}
	}
}

func (o *of) close() {}
