package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// LockName is the file in the archive's directory on which a publication
// holds a kernel lock. It is empty and stays.
const LockName = "publish.lock"

// Options say what to publish.
type Options struct {
	Archive string         // directory that holds the record
	Out     string         // directory of the page; it is made where it does not exist
	View    *schema.Schema // in whose order and names; one that is open has no names to publish
	AsOf    day.Day        // day.None: the last complete day
	Today   day.Day        // in UTC
	Period  int            // days from the last as-of; 0: DefaultPeriod
	Preview bool           // do not record it, and mark it
}

// A Result says what was written.
type Result struct {
	Stats Stats
	Again bool // the page was published before, and was written once more
}

// ErrNotDue is in the error of Publish before the period has passed.
var ErrNotDue = errors.New("the next page is not due")

// Publish writes the page. It writes every file beside its place first, then
// the record, and then puts the files in their places: an interruption leaves
// the page before, or a page that the next call with the same day completes.
func Publish(ctx context.Context, src Source, o Options) (Result, error) {
	if o.Period == 0 {
		o.Period = DefaultPeriod
	}
	if o.Period < LeastPeriod {
		return Result{}, fmt.Errorf("a period of %d days is too short: %d or more", o.Period, LeastPeriod)
	}
	unlock, err := lock(o.Archive)
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	return publish(ctx, src, o)
}

// publish is Publish once the record is locked.
func publish(ctx context.Context, src Source, o Options) (Result, error) {
	before, err := readRecord(o.Archive)
	if err != nil {
		return Result{}, err
	}
	if err := checkOut(o, before); err != nil {
		return Result{}, err
	}
	again, err := o.choose(before)
	if err != nil {
		return Result{}, err
	}
	next := before
	if !again {
		if next, err = o.next(ctx, src, before); err != nil {
			return Result{}, err
		}
	}
	page := next.Stats
	page.Preview = o.Preview
	files, err := render(page)
	if err != nil {
		return Result{}, err
	}
	staged, err := stage(o.Out, files)
	if err != nil {
		return Result{}, err
	}
	defer staged.discard()
	if !again && !o.Preview {
		if err := next.write(o.Archive); err != nil {
			return Result{}, err
		}
	}
	if err := staged.place(); err != nil {
		return Result{}, fmt.Errorf("%w; run it again with --as-of %s", err, page.AsOf)
	}
	return Result{Stats: page, Again: again}, nil
}

// next computes the next page. There is none of an archive without a report,
// and no first one of a day on which there was none yet.
func (o *Options) next(ctx context.Context, src Source, before record) (record, error) {
	r, err := compute(ctx, src, o.View, before, o.AsOf, o.Period)
	switch {
	case err != nil:
		return record{}, err
	case r.Oldest == day.None:
		return record{}, fmt.Errorf("%s has no report, so nothing was published", o.Archive)
	case before.empty() && r.Oldest > o.AsOf:
		return record{}, fmt.Errorf("no report is of %s or earlier; the first is of %s: nothing was published", o.AsOf, r.Oldest)
	}
	return r, nil
}

func lock(archive string) (unlock func(), err error) {
	if _, err := os.Stat(archive); err != nil {
		return nil, fmt.Errorf("the archive cannot be read: %w", err)
	}
	l := flock.New(filepath.Join(archive, LockName), flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("the record of what was published cannot be locked: %w", err)
	}
	if !got {
		return nil, fmt.Errorf("another publication of %s is running: wait for its end", archive)
	}
	return func() { _ = l.Unlock() }, nil
}

// choose decides the day, and whether its page was published before.
func (o *Options) choose(before record) (again bool, err error) {
	last := before.Stats.AsOf
	given := o.AsOf != day.None
	if !given {
		o.AsOf = o.Today - 1
	}
	switch {
	case o.AsOf >= o.Today:
		return false, fmt.Errorf("%s is not over (it is %s in UTC): a page is as of a complete day, the newest is %s", o.AsOf, o.Today, o.Today-1)
	case before.empty():
		return false, nil
	case o.AsOf < last:
		return false, fmt.Errorf("%s is before %s, the day of the page published last: pages go forward only", o.AsOf, last)
	case o.AsOf == last && (given || o.Preview):
		return true, nil
	case o.AsOf < last+day.Day(o.Period) && !o.Preview:
		due := last + day.Day(o.Period)
		return false, fmt.Errorf("%w: the page published last is as of %s, and the period is %d days. The next one can be as of %s, from %s on; --as-of %s writes the last one again",
			ErrNotDue, last, o.Period, due, due+1, last)
	}
	return false, nil
}

// checkOut refuses a directory whose page the record does not know: after
// that page, figures would be published that no rule has compared with it.
func checkOut(o Options, before record) error {
	path := filepath.Join(o.Out, statsName)
	there, err := readStats(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && there.Preview {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case o.Preview:
		return fmt.Errorf("%s is a published page: write the preview to another directory", path)
	case before.empty():
		return fmt.Errorf("%s was published, and %s has no record of it: restore %s from a backup, or publish to another directory if that page is not of this archive",
			path, o.Archive, RecordName)
	case there.Product != before.Stats.Product:
		return fmt.Errorf("%s is of %q, and this archive of %q: publish to another directory", path, there.Product, before.Stats.Product)
	case there.AsOf > before.Stats.AsOf:
		return fmt.Errorf("%s is as of %s, and the record of %s ends with %s: restore %s from a newer backup",
			path, there.AsOf, o.Archive, before.Stats.AsOf, RecordName)
	}
	return nil
}

// String says in a line what was written.
func (r Result) String() string {
	s := fmt.Sprintf("%s active installations (opted in) as of %s", headline(r.Stats.Active), r.Stats.Active.AsOf)
	kept, all := r.kept()
	s += fmt.Sprintf("; %d of %d figures keep an earlier day", kept, all)
	switch {
	case r.Stats.Preview:
		s += "; preview: not for publication"
	case r.Again:
		s += "; written again from the record"
	}
	return s
}

// kept counts the figures of the tables that keep an earlier day.
func (r Result) kept() (kept, all int) {
	for _, t := range r.Stats.Tables {
		for _, f := range t.Figures {
			if all++; f.AsOf < r.Stats.AsOf {
				kept++
			}
		}
	}
	return kept, all
}

// Warning says that a new page shows nothing new; empty where it does.
func (r Result) Warning() string {
	kept, all := r.kept()
	if r.Again || kept < all || r.Stats.Active.AsOf == r.Stats.AsOf {
		return ""
	}
	s := fmt.Sprintf("no figure was renewed: in each, fewer than %d installations changed", Threshold)
	if !r.Stats.Preview {
		s += fmt.Sprintf("; the period begins again, and the next page can be as of %s", r.Stats.AsOf+day.Day(r.Stats.PeriodDays))
	}
	return s
}
