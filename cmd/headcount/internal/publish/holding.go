package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/figures"
)

// ErrPruned is in the error of Publish where not one figure can be compared
// with the page before.
var ErrPruned = errors.New("no figure can be renewed")

// A holding says from which day on the archive has reports.
type holding struct {
	kept   day.Day // day of its oldest report
	oldest day.Day // the same on the page before; kept where nothing was pruned
}

// holdings asks the tables whether there were reports before the oldest one.
// An erasure takes a report out of the tables as well: it is not pruning.
func holdings(ctx context.Context, src Source, oldest day.Day, before record) (holding, error) {
	tables, err := src.Tables(ctx)
	if err != nil {
		return holding{}, err
	}
	h := holding{kept: oldest, oldest: oldest}
	pruned := slices.ContainsFunc(tables.Daily, func(d figures.Daily) bool { return d.Reports > 0 && d.Day < oldest })
	// What was removed stays removed: later pages must not take the days
	// without reports for days without installations.
	if pruned && !before.empty() && before.Oldest != day.None {
		h.oldest = min(oldest, before.Oldest)
	}
	return h, nil
}

// lack is whether reports of the windows of a day were removed since a page.
// Changes would be counted that were none.
func (h holding) lack(since, asOf day.Day) bool {
	since = max(since, asOf-lookBack)
	return h.kept > h.oldest && h.kept > since-2*Window+1
}

// refusal is the error of a page that would show the one before again.
func (h holding) refusal(last day.Day) error {
	return fmt.Errorf("%w, so nothing was published: the archive has no reports of before %s any more, and the page of %s needs them to be compared with. Restore them from a backup, or publish as of %s or later",
		ErrPruned, h.kept, last, h.kept+lookBack+2*Window-1)
}

// allStale is whether no figure could be renewed, whatever changed.
func (r *release) allStale(list []Figure) bool {
	for _, f := range list {
		if _, published := r.old[f.ID]; !published || !r.stale(f.AsOf) {
			return false
		}
	}
	return true
}
