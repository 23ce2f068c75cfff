package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// Retention where neither the command nor the archive's catalog has one.
const (
	DefaultRawDays = 30 // of the Collector's files
	DefaultMonths  = 25 // of figures of single installations; then sums only
)

// PruneOptions say what Prune removes.
type PruneOptions struct {
	Files   []string // raw files of the Collector, or directories with them
	RawDays int      // raw files and rejected lines are kept that many days; 0: what the catalog promises
	Months  int      // months of which reports and installations are kept, the current one not counted; 0: what the catalog promises
	DryRun  bool     // only say what would be removed
	Now     time.Time
}

// Pruned says what Prune removed.
type Pruned struct {
	Months        []string `json:"months"`        // now sums only
	Installations int64    `json:"installations"` // no longer known, because their last report is older
	Rejected      int64    `json:"rejected"`      // lines of rejected.jsonl
	RawFiles      []string `json:"raw_files"`
	Kept          []string `json:"kept"`              // raw files that stay, and why
	Overdue       []string `json:"overdue,omitempty"` // of them, those with a report that should be gone
}

// Prune removes what is older than its retention. Of a month whose reports
// are removed the sums stay, and answers about it are the same as before.
func Prune(ctx context.Context, dir string, o PruneOptions) (*Pruned, error) {
	if o.RawDays < 0 || o.Months < 0 {
		return nil, fmt.Errorf("retention of %d days and %d months: neither can be negative", o.RawDays, o.Months)
	}
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
	days, months := old.retention()
	o.RawDays, o.Months = cmp.Or(o.RawDays, days), cmp.Or(o.Months, months)
	p := &pruning{ctx: ctx, dir: dir, o: o, old: old, m: old.clone(),
		promised: o.RawDays, done: &Pruned{Months: []string{}, RawFiles: []string{}, Kept: []string{}}}
	if old.Catalog != nil && old.Catalog.About.ReportDays > 0 {
		p.promised = min(p.promised, old.Catalog.About.ReportDays)
	}
	if err := p.run(files); err != nil {
		if !o.DryRun {
			undo(dir, old)
		}
		return nil, err
	}
	return p.done, nil
}

// retention is what the catalog of the archive promises.
func (m *manifest) retention() (rawDays, months int) {
	if m.Catalog == nil {
		return DefaultRawDays, DefaultMonths
	}
	return Retention(m.Catalog.About)
}

// Retention is what a notice promises. A month is kept only if its first day
// and a whole month after it are within the promise.
func Retention(about schema.About) (rawDays, months int) {
	rawDays, months = DefaultRawDays, DefaultMonths
	if n := about.ReportDays; n > 0 {
		rawDays = n
	}
	if n := about.FigureDays; n > 0 {
		months = max(n/31-1, 1)
	}
	return rawDays, months
}

type pruning struct {
	ctx    context.Context
	dir    string
	o      PruneOptions
	old, m *manifest
	done   *Pruned

	promised int // days; less than RawDays where that is more than the catalog promises
}

func (p *pruning) run(files []rawFile) error {
	if !p.o.DryRun {
		if err := p.m.tidy(p.dir); err != nil {
			return err
		}
	}
	p.m.Generation++
	if err := p.months(); err != nil {
		return err
	}
	if err := p.rejected(); err != nil {
		return err
	}
	if !p.o.DryRun {
		if err := p.m.save(p.dir); err != nil {
			return err
		}
		if err := swept(p.dir, p.m.sweep(p.dir)); err != nil {
			return err
		}
	}
	return p.raw(files)
}

// mostMonths go further back than any report.
const mostMonths = 12 * 100

// FirstKept is the first month that is kept, if months are, beside the current
// one.
func FirstKept(now time.Time, months int) day.Day {
	first := day.Of(now).Month()
	for range min(months, mostMonths) {
		first = (first - 1).Month()
	}
	return first
}

// months leaves the sums of old months, and forgets installations whose last
// report is older.
func (p *pruning) months() error {
	first := FirstKept(p.o.Now, p.o.Months)
	var base *month
	for _, m := range p.m.Months {
		if m.First >= first {
			continue
		}
		base = m
		if !m.Sums {
			p.done.Months = append(p.done.Months, m.First.String()[:7])
		}
	}
	if len(p.m.Months) == 0 || base == nil {
		return nil
	}
	dormant := map[[16]byte]bool{}
	newest := p.m.Months[len(p.m.Months)-1]
	if err := p.m.eachInstallation(p.dir, newest, func(s *state) error {
		if s.Last < first {
			dormant[s.id] = true
		}
		return p.ctx.Err()
	}); err != nil {
		return err
	}
	p.done.Installations = int64(len(dormant))
	if p.o.DryRun || len(p.done.Months) == 0 && len(dormant) == 0 {
		return nil
	}
	if err := p.states(base.First); err != nil {
		return err
	}
	base = p.m.month(base.First)
	for _, m := range slices.Clone(p.m.Months) {
		if m.First < first {
			sums := *m
			sums.Sums, sums.Reports, sums.Rows = true, "", 0
			if m != base { // the months that are kept begin with the state after base
				sums.Installations = ""
			}
			p.m.put(&sums)
			m = &sums
		}
		if err := p.m.filterInstallations(p.dir, m, func(s *state) bool { return dormant[s.id] }); err != nil {
			return err
		}
	}
	return nil
}

// states makes the installations as of the end of a month where they are not
// kept.
func (p *pruning) states(of day.Day) error {
	if p.m.month(of).Installations != "" {
		return nil
	}
	gone, err := p.m.erased()
	if err != nil {
		return err
	}
	d := &deriver{ctx: p.ctx, dir: p.dir, m: p.m, erased: gone}
	from := p.m.begin(of)
	for _, m := range slices.Clone(p.m.Months) {
		if m.First >= from && m.First <= of {
			if err := d.month(m.First, nil); err != nil {
				return err
			}
		}
	}
	p.m.Generation++ // these files are read while the next ones are written
	return nil
}

// rejected removes old lines of rejected.jsonl. A line may have arrived the
// day before it was read.
func (p *pruning) rejected() (err error) {
	last := day.Of(p.o.Now) - day.Day(max(p.o.RawDays-1, 1))
	old := func(_ []byte, x *rejection) bool {
		read, err := day.Parse(x.Read)
		return err != nil || read <= last
	}
	p.done.Rejected, err = p.m.filterRejected(p.dir, p.o.DryRun, old)
	return err
}

// raw removes old rotated files that were read to the end.
func (p *pruning) raw(files []rawFile) error {
	known := newIndex(p.m.Inputs)
	for _, f := range files {
		why, err := p.rawFile(f, known)
		if err != nil {
			return err
		}
		if why != "" {
			p.done.Kept = append(p.done.Kept, f.path+": "+why)
			continue
		}
		p.done.RawFiles = append(p.done.RawFiles, f.path)
		if p.o.DryRun {
			continue
		}
		step("remove")
		if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// rawFile is why a raw file stays; empty where it may go.
func (p *pruning) rawFile(f rawFile, known *index) (string, error) {
	why := p.inUse(f)
	o, err := known.open(f.path)
	if err != nil {
		return "", err
	}
	defer o.file.Close()
	age, err := o.age(p.o.Now)
	if err == nil && why == "" {
		why, err = p.keep(o, age)
	}
	if err == nil && why != "" && age >= p.promised && o.info.Size() > 0 {
		p.done.Overdue = append(p.done.Overdue, f.path)
	}
	return why, err
}

// inUse is why a raw file must not be removed, whatever its age.
func (p *pruning) inUse(f rawFile) string {
	if !rotatedFile.MatchString(f.path) {
		return "its name is not that of a rotated file, so a Collector may write it"
	}
	if len(p.m.Months) == 0 {
		return "the archive has no report: perhaps it was compacted with a wrong catalog"
	}
	if open, _ := openElsewhere(f.path); open {
		return "another program has it open"
	}
	if info, err := os.Lstat(f.path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "it is a symbolic link: name the file itself"
	}
	return ""
}

// keep is why a raw file of that age in days stays; empty where it may go.
func (p *pruning) keep(o *opened, age int) (string, error) {
	if age < p.o.RawDays {
		return fmt.Sprintf("it is %d days old, and kept for %d", age, p.o.RawDays), nil
	}
	if o.older {
		return "", nil
	}
	if o.in == nil || o.cut {
		return "headcount compact has not read it", nil
	}
	rest, err := o.from(o.in.Offset)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "", nil // a copy with less
	}
	if err != nil {
		return "", err
	}
	n, err := io.Copy(io.Discard, rest)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", o.fault(err)
	}
	if n > o.in.Pending {
		return "headcount compact has not read it to the end", nil
	}
	return "", nil
}

// eachInstallation calls do for the installations as of the end of a month.
func (m *manifest) eachInstallation(dir string, of *month, do func(*state) error) error {
	if of.Installations == "" {
		return nil
	}
	all, err := m.openStates(dir, of.Installations)
	if err != nil {
		return err
	}
	defer all.close()
	for s := all.peek(); s != nil; s = all.peek() {
		if err := do(s); err != nil {
			return err
		}
		if err := all.next(); err != nil {
			return err
		}
	}
	return nil
}

// filterInstallations writes a month's installations anew without those that
// drop names. The manifest's month is replaced.
func (m *manifest) filterInstallations(dir string, of *month, drop func(*state) bool) (err error) {
	if of.Installations == "" {
		return nil
	}
	next := *of
	next.Installations = fmt.Sprintf("installations/%s.%d.parquet", of.First.String()[:7], m.Generation)
	out, err := createTable(filepath.Join(dir, next.Installations), installationColumns(m.Schema), true)
	if err != nil {
		return err
	}
	if err := m.eachInstallation(dir, of, func(s *state) error {
		if drop(s) {
			return nil
		}
		return writeState(out, m.Schema, s)
	}); err != nil {
		out.abandon()
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	m.Checks[next.Installations] = out.check()
	m.put(&next)
	return nil
}
