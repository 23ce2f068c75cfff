package export

import (
	"context"
	"io"
	"strings"

	"headcount.example/cmd/headcount/internal/schema"
)

// actionNames are the names that the face service's saved statistics have.
var actionNames = map[string]string{
	"compreface.user.created":        "USER_CREATE",
	"compreface.application.created": "APP_CREATE",
}

// ActionName is the name of the action that a counter's series counts. The
// face service's own names are kept: USER_CREATE, APP_CREATE, and its type of
// service before _CREATE. Any other is the metric's name without its first
// part, then the values of its labels, in upper case, with _ for everything
// else than letters and digits: affiliate.error with PAYOUT_FAILED is
// ERROR_PAYOUT_FAILED.
func ActionName(metric string, values []string) string {
	if name, ok := actionNames[metric]; ok && len(values) == 0 {
		return name
	}
	if metric == "compreface.service.created" && len(values) == 1 {
		return upper(values[0]) + "_CREATE"
	}
	name := metric
	if _, rest, ok := strings.Cut(metric, "."); ok && rest != "" {
		name = rest
	}
	return upper(strings.Join(append([]string{name}, values...), "_"))
}

func upper(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z':
			return r - 'a' + 'A'
		case 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		}
		return '_'
	}, s)
}

// Actions writes a row for each action, from the growth of the totals. The
// order is that of the reports: by installation, then by day. Memory does
// not depend on the number of reports or rows.
func Actions(ctx context.Context, w io.Writer, from Source, o Options) (Result, error) {
	held := from.Schema()
	a := &actions{rows: newRows(w, o), in: o.series(held, schema.Counter)}
	for i, s := range held.Series {
		a.names = append(a.names, ActionName(held.Metrics[s.Metric].Name, held.Series[i].Values))
	}
	err := from.Reports(ctx, a.report)
	if err == nil {
		err = a.w.Flush()
	}
	return a.result, err
}

type actions struct {
	*rows
	in     []bool
	names  []string
	guid   [16]byte
	begun  bool
	totals []int64 // of the installation: the largest so far, by series
	growth []int64 // of the report
}

func (a *actions) report(r *schema.Report) error {
	if r.Erasure {
		return nil
	}
	a.result.Reports++
	if !a.begun || r.GUID != a.guid {
		a.guid, a.begun = r.GUID, true
		a.totals, a.growth = make([]int64, len(a.in)), make([]int64, len(a.in))
		if a.o.Earlier != nil {
			before, err := a.o.Earlier(r.GUID)
			if err != nil {
				return err
			}
			copy(a.totals, before)
		}
	}
	var all int64
	for s, in := range a.in {
		a.growth[s] = 0
		if v := r.Value(s); in && v > a.totals[s] {
			a.growth[s], a.totals[s] = v-a.totals[s], v
			all = addUp(all, a.growth[s])
		}
	}
	if !a.o.holds(r.Day) || all == 0 || !a.fits(all) {
		return nil
	}
	for s, n := range a.growth {
		for range n {
			if err := a.write(r.Day, r.GUID, a.names[s]); err != nil {
				return err
			}
		}
	}
	return nil
}
